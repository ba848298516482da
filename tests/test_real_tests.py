"""How `make test-real` counts: a test that fails twice fails, and what had no time is told."""

from pathlib import Path

import pytest

from tests.support.real_tests import run

OK, FAILED, NONE = 0, 1, 5
HELD = "def test_holds():\n    pass\n"
BROKEN = "def test_is_broken():\n    assert False\n"
ONCE = """
from pathlib import Path

def test_fails_once():
    seen = Path(__file__).with_suffix(".seen")
    if not seen.exists():
        seen.touch()
        assert False
"""
ENDLESS = """
import threading

def test_never_ends():
    threading.Event().wait()
"""


def run_those(folder: Path, within_s: float, *tests: str) -> int:
    (folder / "test_it.py").write_text("".join(tests))
    settings = folder / "pytest.ini"
    settings.write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return run(["-q", "-c", str(settings), "--rootdir", str(folder)], within_s, folder)


@pytest.mark.parametrize(
    ("tests", "code"),
    [([HELD], OK), ([ONCE, HELD], OK), ([BROKEN, HELD], FAILED), ([], NONE)],
    ids=["held", "failed once", "failed twice", "none"],
)
def test_a_test_counts_if_it_fails_twice(tmp_path: Path, tests: list[str], code: int) -> None:
    """And one that holds at the second time does not hide one that never does."""
    assert run_those(tmp_path, 300, *tests) == code


@pytest.mark.parametrize(
    ("tests", "within_s", "code"),
    [([HELD, ENDLESS], 10, OK), ([BROKEN, ENDLESS], 20, FAILED), ([ENDLESS], -1, OK)],
    ids=["nothing failed", "one failed", "no time at all"],
)
def test_what_has_no_time_is_told(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    tests: list[str],
    within_s: float,
    code: int,
) -> None:
    """It is no failure, and hides none."""
    assert run_those(tmp_path, within_s, *tests) == code
    said = capfd.readouterr().out
    assert ("was not run" in said) == (code == OK)
    assert ("failed once, and run again" in said) == (code == FAILED)
