"""The words that all reports share."""

import pytest

from reports.render import wording
from tests.reports.conftest import HTML, Written, finding


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\r\n  b\tc", "a b c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202e\ud800\x00", "\\u202e\\ud800\\x00"),
        ("위리스트 \U0001f600", "위리스트 \U0001f600"),
        ("", ""),
    ],
)
def test_one_line_is_one_line_and_prints(text: str, said: str) -> None:
    """White space becomes a space, what does not print is shown, letters of any script stay."""
    assert wording.one_line(text) == said


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("completed", ""),
        ("SIGTERM", " The run ended early: SIGTERM."),
        ("deadline", " The run ended early: deadline."),
        ("stopped-early", " The run ended early: pytest was told to stop (-x, --maxfail)."),
    ],
)
def test_the_headline_says_how_the_run_ended(written: Written, how: str, said: str) -> None:
    """Only a run that ended of itself needs no word about it."""
    run = written.started("edge/a").held("edge/a").ended(how).load()
    assert wording.headline(run) == f"HELD: every promise was kept (1 held, in 8.2 s).{said}"


def test_the_headline_of_a_killed_run_says_so(written: Written) -> None:
    """A journal without an end is a run that was killed."""
    assert wording.headline(written.started("edge/a").load()).endswith("The run was killed.")


def test_the_headline_of_a_run_without_a_beginning_says_so(written: Written) -> None:
    """Nobody may take what is there for all that there was."""
    headline = wording.headline(written.held("edge/a").ended().load())
    assert headline.startswith("UNKNOWN: ")
    assert headline.endswith("The journal lacks its beginning: what was expected is not known.")


def test_the_headline_of_an_empty_run_promises_nothing(written: Written) -> None:
    """Nothing asked, nothing held."""
    assert (
        wording.headline(written.started().ended().load())
        == "UNKNOWN: no promise was asked for (in 8.2 s)."
    )


def test_one_broken_promise_is_singular(written: Written) -> None:
    """The sentence is read aloud in incident calls."""
    run = written.started("edge/a").broken("edge/a").ended().load()
    assert wording.headline(run).startswith(
        "BROKEN: 1 of 1 promises is broken (1 broken, in 8.2 s)."
    )


def test_the_headline_says_where_to_look_first(written: Written) -> None:
    """What most of the broken promises cause, by the incident that taught it."""
    rare = finding("service-stalled", "no answer", "noti-service")
    written.started("edge/a", "edge/b", "edge/c").broken("edge/a", rare).broken("edge/b").broken(
        "edge/c"
    )
    assert wording.headline(written.ended().load()).endswith(
        f" Look first at {HTML['cause']} (edge-html-fallback)."
    )


@pytest.mark.parametrize("nobody", ["unknown", ""])
def test_a_scenario_is_where_to_look_when_no_cause_is_named(nobody: str, written: Written) -> None:
    """A plain assert names none; "look first at unknown" helps nobody."""
    written.started("edge/a").broken("edge/a", found=finding("unexplained", "1 != 2", nobody))
    assert wording.headline(written.ended().load()).endswith(" Look first at edge/a (unexplained).")


@pytest.mark.parametrize(
    ("numbers", "reason", "said"),
    [
        ((9, 0, 0), "", "spans: 9 kept, no export was asked for"),
        ((9, 9, 0), "", "spans: 9 kept, 9 exported, 0 lost"),
        ((9, 4, 5), "answered\n503", "spans: 9 kept, 4 exported, 5 lost (answered 503)"),
    ],
)
def test_spans_are_one_line(
    written: Written, numbers: tuple[int, int, int], reason: str, said: str
) -> None:
    """Kept, exported, lost, and why."""
    kept, exported, lost = numbers
    run = (
        written.started()
        .write("spans", kept=kept, exported=exported, lost=lost, reason=reason)
        .load()
    )
    assert wording.spans_line(run) == said
