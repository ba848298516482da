"""The steps at the end of a run."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from probes.finding import EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN
from probes.recording.journal import Journal, read
from probes.results import finding_entry
from probes.runner.end_of_run import EndedRun, keep_journal, perform
from probes.runner.options import RunOptions
from probes.runner.problems import Problems
from reports.model.run import assemble
from tests.support.fake_run import FOUND, TARGET, scenario


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path)) as opened:
        yield opened


def ended_run(journal: Journal, folder: Path, verdict: str = "held") -> EndedRun:
    """A run of one scenario that has ended as `verdict`."""
    journal.write("run-started", run="r", expected=[scenario("edge/a").journal_entry])
    finding = None if verdict == "held" else finding_entry(FOUND)
    journal.write("scenario-finished", scenario="edge/a", verdict=verdict, finding=finding)
    report = assemble(folder, list(journal.events()))
    options = RunOptions(folder, concurrency=1, confirm=False)
    return EndedRun(TARGET, options, journal, report, Problems())


@pytest.mark.parametrize(("verdict", "code"), [("held", EXIT_HELD), ("broken", EXIT_BROKEN)])
def test_a_step_that_fails_stops_no_other(
    journal: Journal, tmp_path: Path, verdict: str, code: int
) -> None:
    """Its problem is told, and the exit code is no verdict any more."""
    run = ended_run(journal, tmp_path, verdict)
    done: list[EndedRun] = []

    def fails(_: EndedRun) -> None:
        raise PermissionError(13, "Permission denied", "x")

    assert run.exit_code == code
    perform(run, (("one", fails), ("two", done.append)))
    assert done == [run]
    assert run.problems.messages == [
        "one failed with PermissionError: [Errno 13] Permission denied: 'x'"
    ]
    assert run.exit_code == EXIT_UNKNOWN


def test_a_journal_that_is_there_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    """Nothing is written, nothing is complained of."""
    run = ended_run(journal, tmp_path)
    before = (tmp_path / "run.jsonl").read_bytes()
    keep_journal(run)
    assert (tmp_path / "run.jsonl").read_bytes() == before
    assert not run.problems.messages


def test_a_journal_that_could_not_be_written_is_written_at_the_end(
    journal: Journal, tmp_path: Path
) -> None:
    """Space may have come back; the events are all there, in order."""
    run = ended_run(journal, tmp_path)
    run.journal.trouble = "could not be written (No space left on device)"
    run.add_fact("build", "b1")
    keep_journal(run)
    assert [event["event"] for event in read(tmp_path)][-1] == "fact"
    assert "could not be written (No space left on device)" in run.problems.messages[0]


def test_few_problems_are_shown_and_all_are_counted() -> None:
    """A hundred fixtures may fail for one reason."""
    problems = Problems([f"{number} failed" for number in range(100)])
    assert problems.summary[0] == "The suite itself: 0 failed."
    assert problems.summary[-1] == "The suite itself: 95 more problems."
    assert len(problems.summary) == 6
