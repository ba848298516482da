"""What a run was asked for is settled, or complained of, before anything begins."""

from pathlib import Path
from typing import Any

import pytest

from probes.finding import CannotAsk
from probes.runner.options import RunOptions, writable_folder


@pytest.mark.parametrize("concurrency", [0, -1])
def test_nobody_can_run_no_scenarios_at_once(concurrency: int, tmp_path: Path) -> None:
    """One sentence, before anything begins."""
    with pytest.raises(
        CannotAsk, match=f"--probe-concurrency must be at least 1, not {concurrency}"
    ):
        RunOptions(tmp_path, concurrency=concurrency, confirm=True)


@pytest.mark.parametrize(
    ("options", "attempt"),
    [
        ({}, 2),
        ({"confirm": False}, 1),
        ({"confirm": False, "stabilization_window_s": 9.0}, 2),
        ({"page_traces": "always"}, 1),
        ({"page_traces": "never"}, 0),
    ],
)
def test_pages_are_traced_where_an_attempt_is_the_last(
    tmp_path: Path, options: dict[str, Any], attempt: int
) -> None:
    """A page that breaks once and is not asked again has a trace all the same."""
    options = {"concurrency": 1, "confirm": True} | options
    assert RunOptions(tmp_path, **options).traced_from == attempt


def test_a_report_has_a_place_or_the_user_is_told(tmp_path: Path) -> None:
    """A folder is made where there is none; a file in its place is complained of."""
    assert writable_folder("--runs", tmp_path / "new" / "runs").is_dir()
    assert list((tmp_path / "new" / "runs").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(
        CannotAsk, match=r"--junitxml names .*/file/x, where nothing can be written: "
    ):
        writable_folder("--junitxml", tmp_path / "file" / "x")
    with pytest.raises(CannotAsk, match="--runs names /proc, where nothing can be written: "):
        writable_folder("--runs", Path("/proc"))
