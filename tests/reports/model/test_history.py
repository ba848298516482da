"""What the runs before say about a promise, read as a person would say it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes.finding import Verdict
from reports.model import history
from reports.model.history import History, strips
from reports.model.run import Run
from reports.model.verdict_store import keep, past_of, write_history
from reports.render.languages import words
from tests.reports.conftest import HTML, Written

EDGE = "edge/a"
TUESDAY = datetime(2026, 1, 6, 14, 2, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86_400.0
HELD, BROKEN, SILENT, SKIPPED = "held", "broken", "unknown", "skipped"


def run_of(
    runs: Path,
    number: int,
    at: float,
    verdict: str,
    *,
    environment: str = "prod",
    duration: float = 0.4,
) -> Run:
    """A run of one promise that began at `at`."""
    written = Written(runs / f"run-{number:02}", at)
    written.started(EDGE, run=f"run-{number:02}", environment=environment)
    if verdict != "not-run":
        found = HTML if verdict == BROKEN else None
        written.became(EDGE, verdict, found, duration=duration)
    written.ended().close()
    return written.load()


def told(runs: Path, verdicts: Sequence[str], every: float = HOUR, language: str = "en") -> History:
    """The history of the promise after these runs, the newest of which began on that Tuesday."""
    for number, verdict in enumerate(verdicts):
        run = run_of(runs, number, TUESDAY - every * (len(verdicts) - 1 - number), verdict)
        keep(run)
    return strips(run, words(language))[EDGE]


@pytest.mark.parametrize(
    ("verdicts", "every", "sentence"),
    [
        ([HELD], HOUR, "held in this run, the only one known"),
        ([BROKEN], HOUR, "broken in this run, the only one known"),
        ([HELD, HELD, BROKEN], HOUR, "broken for the first time in 3 runs"),
        ([HELD, BROKEN, BROKEN, BROKEN], HOUR, "broken since Tuesday 12:02 UTC, 3 runs"),
        ([HELD, BROKEN, BROKEN, BROKEN], 9 * DAY, "broken since 2025-12-19 14:02 UTC, 3 runs"),
        ([BROKEN, BROKEN], HOUR, "broken since Tuesday 13:02 UTC or earlier, in all 2 runs known"),
        ([BROKEN, *[HELD] * 13], DAY, "held for 12 days, 13 runs"),
        ([HELD] * 4, HOUR, "held for at least 3 hours, in all 4 runs known"),
        ([HELD, BROKEN, HELD], HOUR, "held again, broken in the run before"),
        ([HELD, SILENT, BROKEN, SKIPPED, BROKEN], HOUR, "broken since Tuesday 12:02 UTC, 2 runs"),
        ([HELD, SILENT], HOUR, "could not be asked in this run"),
        ([HELD, "not-run"], HOUR, "was not run this time"),
        ([SKIPPED], HOUR, "does not apply here"),
    ],
)
def test_since_when_is_said_in_one_sentence(
    tmp_path: Path, verdicts: list[str], every: float, sentence: str
) -> None:
    """A streak ends where another answer stands; a run that did not ask ends none; no more is said
    than is known.
    """
    assert told(tmp_path, verdicts, every).sentence == sentence


def test_the_sentence_is_korean_where_it_is_asked_for(tmp_path: Path) -> None:
    """Day and verdict too."""
    said = told(tmp_path, [HELD, BROKEN, BROKEN], language="ko").sentence
    assert said == "화요일 13:02 UTC부터 깨짐, 실행 2회"


def test_the_strip_is_oldest_first_with_gaps(tmp_path: Path) -> None:
    """Every run of the window has its place, one that could not ask too, and the newest is the run
    that is told.
    """
    past = told(tmp_path, [HELD, SILENT, "not-run", HELD, BROKEN])
    assert past.verdicts == (
        Verdict.HELD,
        Verdict.UNKNOWN,
        Verdict.NOT_RUN,
        Verdict.HELD,
        Verdict.BROKEN,
    )
    assert [each.run for each in past.entries] == [f"run-{number:02}" for number in range(5)]
    assert (past.since, past.runs) == (datetime.fromtimestamp(TUESDAY, UTC), 1)


def test_the_window_ends(tmp_path: Path) -> None:
    """So many runs and no more, the newest of them."""
    for number in range(6):
        run = run_of(tmp_path, number, TUESDAY + number, HELD)
    assert [each.run for each in strips(run, last=3)[EDGE].entries] == [
        "run-03",
        "run-04",
        "run-05",
    ]


def test_other_environments_and_later_runs_are_not_its_past(tmp_path: Path) -> None:
    """A run that is told again has the past that it had when it ended."""
    run_of(tmp_path, 1, TUESDAY - 2, BROKEN, environment="dev")
    run_of(tmp_path, 2, TUESDAY - 1, HELD)
    run = run_of(tmp_path, 3, TUESDAY, HELD)
    run_of(tmp_path, 4, TUESDAY + 1, BROKEN)
    assert strips(run)[EDGE].verdicts == (Verdict.HELD, Verdict.HELD)


def test_what_is_usual_needs_enough_runs_that_held(tmp_path: Path) -> None:
    """Four are too few; the run that is told, broken and degraded ones do not shift what is
    usual.
    """
    for number in range(4):
        run_of(tmp_path, number, TUESDAY + number, HELD, duration=1.0 + number / 10)
    run_of(tmp_path, 4, TUESDAY + 4, BROKEN, duration=30.0)
    run_of(tmp_path, 5, TUESDAY + 5, "degraded", duration=30.0)
    sixth = run_of(tmp_path, 6, TUESDAY + 6, HELD, duration=1.1)
    assert strips(sixth)[EDGE].usual is None
    assert not strips(sixth)[EDGE].unusual
    slow = strips(run_of(tmp_path, 7, TUESDAY + 7, HELD, duration=9.0))[EDGE]
    assert slow.usual
    assert 1.0 <= slow.usual[0] < slow.usual[1] <= 1.3
    assert slow.unusual


def test_what_is_no_run_has_no_past(tmp_path: Path) -> None:
    """An empty journal, and a folder without one, are passed over."""
    run = run_of(tmp_path, 2, TUESDAY, HELD)
    (tmp_path / "run-00").mkdir()
    (tmp_path / "run-01").mkdir()
    (tmp_path / "run-01" / "run.jsonl").touch()
    assert history.before(run, 9) == []


def test_what_the_state_store_had_is_a_past_too(tmp_path: Path) -> None:
    """Where folders do not last; a run that is known from both is counted once."""
    first, second = (run_of(tmp_path / "elsewhere", n, TUESDAY + n, BROKEN) for n in (1, 2))
    again = run_of(tmp_path, 2, TUESDAY + 2, BROKEN)
    run = run_of(tmp_path, 3, TUESDAY + 3, HELD)
    write_history(run.folder, [past_of(first), past_of(second)])
    past = strips(run)[EDGE]
    assert [each.run for each in past.entries] == ["run-01", again.id, "run-03"]
    assert past.sentence == "held for the first time in 3 runs"
