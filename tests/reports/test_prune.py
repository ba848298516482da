"""Old runs are thrown away, and nothing else is."""

import json
from pathlib import Path

import pytest

from probes.recording.ledger import Ledger
from reports.model import verdict_store
from reports.model.run import load
from reports.model.verdict_store import Summary
from reports.prune import prune
from tests.reports.conftest import Written


def pruned(runs: Path, keep: int) -> list[Path]:
    return list(prune(runs, keep))


def run_of(runs: Path, number: int, verdict: str = "held", environment: str = "prod") -> Path:
    written = Written(runs / f"run-{number}", 1_790_000_000.0 + number)
    written.started("edge/a", environment=environment)
    (
        written.broken("edge/a") if verdict == "broken" else written.became("edge/a", verdict)
    ).ended().close()
    return written.folder


def left(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir())


def test_the_newest_of_each_environment_stay(tmp_path: Path) -> None:
    """One that runs every minute does not crowd out one that runs once a day."""
    folders = [run_of(tmp_path, number, environment="dev") for number in range(2)]
    folders += [run_of(tmp_path, number, environment="prod") for number in range(2, 6)]
    assert sorted(pruned(tmp_path, 2)) == folders[2:4]
    assert left(tmp_path) == ["run-0", "run-1", "run-4", "run-5"]


@pytest.mark.parametrize("verdict", ["broken", "unknown", "degraded"])
def test_those_that_found_something_stay_longer(tmp_path: Path, verdict: str) -> None:
    """The newest that were not all held stay besides, and in the end they go too."""
    for number in range(3):
        run_of(tmp_path, number, verdict)
    for number in range(3, 7):
        run_of(tmp_path, number, "held")
    pruned(tmp_path, 2)
    assert left(tmp_path) == ["run-1", "run-2", "run-5", "run-6"]


def test_a_promise_that_does_not_apply_is_no_finding(tmp_path: Path) -> None:
    """Skipped promises keep no run."""
    for number in range(3):
        run_of(tmp_path, number, "skipped")
    pruned(tmp_path, 1)
    assert left(tmp_path) == ["run-2"]


def test_a_run_that_is_alive_or_owes_stays(tmp_path: Path) -> None:
    """The next run has to know what is still to be swept; a ledger that is settled keeps
    nothing.
    """
    for number in range(5):
        run_of(tmp_path, number)
    alive, owing, settled = (Ledger(tmp_path / f"run-{number}") for number in range(3))
    owing.enter("file", "a.txt")
    owing.close()
    settled.mark_removed(settled.enter("file", "a.txt"))
    settled.close()
    pruned(tmp_path, 1)
    alive.close()
    assert left(tmp_path) == ["run-0", "run-1", "run-4"]


def test_what_is_no_run_stays(tmp_path: Path) -> None:
    """A folder of somebody else, a file, and a link to a run elsewhere."""
    elsewhere = run_of(tmp_path / "elsewhere", 0)
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "notes").mkdir()
    (runs / "notes.txt").touch()
    (runs / "link").symlink_to(elsewhere)
    run_of(runs, 8)
    run_of(runs, 9)
    pruned(runs, 1)
    assert left(runs) == ["link", "notes", "notes.txt", "run-9"]
    assert elsewhere.is_dir()


def test_a_summary_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither journals nor every promise are read of runs that have kept a summary: of thousands,
    that would take minutes.
    """
    folders = [run_of(tmp_path, 0, "broken")]
    folders += [run_of(tmp_path, number) for number in range(1, 5)]
    for folder in folders:
        verdict_store.keep(load(folder))

    def read_all(_: Path) -> None:
        pytest.fail("more than the summary was read")

    monkeypatch.setattr(verdict_store, "recall", read_all)
    assert pruned(tmp_path, 1) == folders[3:0:-1]


def test_what_an_older_version_has_kept_is_known(tmp_path: Path) -> None:
    """It had no summary, and everything in one line."""
    folder = run_of(tmp_path, 1)
    promises = {"edge/a": ["broken", 0.1, False]}
    kept = {"run": "run-1", "environment": "old", "began": 1.0, "promises": promises}
    (folder / verdict_store.NAME).write_text(json.dumps(kept))
    assert verdict_store.recall_summary(folder) == Summary("run-1", "old", 1.0, is_quiet=False)
