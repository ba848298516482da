"""The table of all promises."""

from datetime import UTC, datetime, timedelta

from probes.finding import Verdict
from reports.model.history import History, Seen
from reports.model.run import Run
from reports.render.html_promises import STEP, STRIP, Promise, longest_strip, promises, strip
from tests.reports.conftest import Written, red
from tests.reports.render.test_html_findings import cards_of

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def seen(*verdicts: str, duration: float = 1.0) -> tuple[Seen, ...]:
    return tuple(
        Seen(f"run-{n}", BEGAN + timedelta(hours=n), Verdict(verdict), duration)
        for n, verdict in enumerate(verdicts)
    )


def past(*verdicts: str, usual: tuple[float, float] | None = None) -> History:
    return History(seen(*verdicts), usual, BEGAN, 1, "said")


def table(run: Run, history: dict[str, History] | None = None) -> list[Promise]:
    return promises(run, history or {}, cards_of(run))


def test_every_scenario_is_in_the_table_once(sample: tuple[str, Run]) -> None:
    """Nothing is left out, whatever became of it, and anchors differ."""
    _, run = sample
    cases = [case for promise in table(run) for case in promise.cases]
    assert sorted(case.scenario.id for case in cases) == sorted(s.id for s in run.scenarios)
    assert len({case.anchor for case in cases}) == len(cases)


def test_a_row_leads_to_its_finding(written: Written) -> None:
    """Who finds the promise in the table gets to what is known of it; what held leads nowhere."""
    run = red(written).load()
    anchors = {each.anchor for each in cards_of(run)}
    leads = {case.scenario.id: case.leads for promise in table(run) for case in promise.cases}
    assert leads["storage/folder-contents-are-json[apex]"] in anchors
    assert leads["edge/health"] == ""


def test_many_quiet_cases_fold(written: Written) -> None:
    """Four cases that held are folded away, three are not; what broke is never quiet."""
    four = [f"edge/four[{n}]" for n in range(4)]
    three = [f"edge/three[{n}]" for n in range(3)]
    written.started(*four, *three, "edge/bad").held(*four, *three).broken("edge/bad")
    made = {promise.family: promise for promise in table(written.ended().load())}
    assert [made[f"edge/{name}"].folds for name in ("four", "three")] == [True, False]
    assert not made["edge/bad"].cases[0].quiet


def test_what_is_accepted_is_counted_apart(written: Written) -> None:
    """A breach that is known and accepted is neither held nor broken."""
    marks = {promise.family: promise.marks for promise in table(red(written).load())}
    assert marks["presign/board"] == [("accepted", 1)]
    assert marks["storage/a-file-comes-back"] == [("broken", 1)]


def test_one_run_is_no_history(written: Written) -> None:
    """Where no earlier run is known no strip is drawn: it would say what the row says."""
    run = red(written).load()
    only = {s.id: past("held") for s in run.scenarios}
    assert longest_strip(only) == 0
    assert all(case.strip is None for promise in table(run, only) for case in promise.cases)


def test_a_strip_ends_with_this_run() -> None:
    """The newest run is on the right, whatever a promise lacks at the beginning."""
    marks = dict(strip(past("held", "broken"), runs=5).marks)
    assert marks[Verdict.BROKEN].startswith(f"M{4 * STEP} 0")
    assert marks[Verdict.HELD].startswith(f"M{3 * STEP} ")


def test_verdicts_differ_without_their_colours() -> None:
    """No two verdicts have a mark of the same place and height."""
    marks = {verdict: strip(past(verdict), runs=1).marks[0][1] for verdict in Verdict}
    assert len(set(marks.values())) == len(Verdict)


def test_the_usual_durations_are_a_band() -> None:
    """It lies within the drawing, and a duration within it is drawn within it."""
    drawn = strip(past(*["held"] * 4, usual=(0.5, 2.0)), runs=4)
    assert drawn.band is not None
    assert drawn.now is not None
    top, height = drawn.band
    assert 0 <= top <= drawn.now[1] <= top + height <= STRIP


def test_a_run_that_asked_nothing_leaves_a_gap() -> None:
    """The line of durations is not drawn through a run that was skipped."""
    gap = Seen("run-9", BEGAN, Verdict.SKIPPED, 0.0)
    history = History((*seen("held", "held"), gap, *seen("held", "held")), None, BEGAN, 1, "said")
    assert strip(history, runs=5).line.count("M") == 2
