"""A run on one time axis."""

from typing import Any

import pytest

from probes.finding import Verdict
from reports.model import timeline as timelines
from reports.model.timeline import LABELS, MOST_TICKS, RIGHT, WIDTH, Row, timeline
from tests.reports.conftest import BEGAN, Written, killed, red


def test_what_ended_last_stands_on_top(written: Written) -> None:
    """The first row is what the run waited for, the last what was over soonest."""
    rows = timeline(red(written).load()).rows
    ends = list(map(end_of, rows))
    assert ends == sorted(ends, reverse=True)


def end_of(row: Row) -> float:
    return max(bar.attempt.began_at + bar.attempt.duration_s for bar in row.bars)


def test_every_attempt_is_a_bar_on_the_axis(written: Written) -> None:
    """What broke twice has two bars in one row; none leaves the drawing."""
    drawn = timeline(red(written).load())
    row = next(row for row in drawn.rows if row.family == "storage/folder-contents-are-json")
    assert [(bar.attempt.number, bar.attempt.verdict) for bar in row.bars] == [
        (1, "broken"),
        (2, "broken"),
    ]
    assert all(
        LABELS <= bar.x <= bar.x + bar.width <= WIDTH - RIGHT + 1
        for each in drawn.rows
        for bar in each.bars
    )


def test_cases_of_one_promise_share_a_row(written: Written) -> None:
    """Three hundred cases take the room of one promise, as bars that do not lie on each other."""
    names = [f"edge/a-route[{number}]" for number in range(300)]
    [row] = timeline(written.started(*names).held(*names).ended().load()).rows
    assert (row.family, row.cases) == ("edge/a-route", 300)
    assert all(
        below.y >= above.y + above.height
        for above, below in zip(row.bars, row.bars[1:], strict=False)
    )


def test_waiting_is_told_by_what_was_waited_for(written: Written) -> None:
    """An exchange of a page is the browser's, any other the network's; it is drawn where it was
    under way.
    """
    name = "page/one"
    written.started(name).begun(name)
    for kind, at in (("page", BEGAN + 3), ("s3", BEGAN + 4)):
        written.exchange(name, kind=kind, at=at, duration=1.0)
    done: dict[str, Any] = {"verdict": "held", "duration": 4.0, "finding": None}
    written.write("attempt-finished", scenario=name, attempt=1, at=BEGAN + 5, **done)
    [bar] = timeline(written.became(name, "held").ended().load()).rows[0].bars
    starts = {phase.kind: float(phase.path[1:].split()[0]) for phase in bar.phases}
    assert bar.x < starts["browser"] < starts["network"] < bar.x + bar.width


def test_what_was_cut_short_is_drawn_up_to_the_cut(written: Written) -> None:
    """An attempt of a killed run has no verdict and reaches to where the journal ends."""
    drawn = timeline(killed(written).load())
    row = next(row for row in drawn.rows if row.family == "edge/the-app-shell-loads")
    assert [bar.attempt.verdict for bar in row.bars] == [None]
    assert row.worst is Verdict.UNKNOWN


def test_what_was_skipped_takes_no_time(written: Written) -> None:
    """A skipped promise was begun and not tried: it has no bar that would reach to the end."""
    written.started("edge/a", "edge/b").held("edge/a").begun("edge/b").became(
        "edge/b", "skipped", reason="no https"
    )
    assert [row.family for row in timeline(written.ended().load()).rows] == ["edge/a"]


def test_a_run_that_tried_nothing_has_an_empty_axis(written: Written) -> None:
    """No scenario, no row, and no division by the length of nothing."""
    assert timeline(written.started().ended().load()).rows == ()


@pytest.mark.parametrize("span", [0.05, 1.0, 14.7, 300.0, 7_000.0])
def test_the_axis_has_few_round_ticks(span: float) -> None:
    """However long a run is, its axis begins at 0 and can be read."""
    ticks = list(timelines._ticks(span))
    assert ticks[0] == (LABELS, 0)
    assert len(ticks) <= MOST_TICKS + 1
    assert all(at <= span for _, at in ticks)
