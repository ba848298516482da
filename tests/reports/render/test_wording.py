"""The words that all reports share."""

import pytest

from reports.model import causes
from reports.model.causes import Block
from reports.model.run import Run
from reports.render import wording
from tests.reports.conftest import BEGAN, HTML, Written, finding


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


def blocks(run: Run) -> list[Block]:
    return list(causes.blocks(run, {}))


def rows(block: Block) -> list[tuple[str, str]]:
    return wording.block_rows(block)


def test_one_cause_is_one_block(written: Written) -> None:
    """Forty promises that one cause broke by two codes make one block, with the ladder once and an
    example for each code.
    """
    names = [f"edge/{number:02}" for number in range(40)]
    masked = HTML | {"code": "edge-masks-errors", "observed": "200 where 404 was promised"}
    written.started(*names)
    for number, name in enumerate(names):
        written.broken(name, masked if number < 3 else HTML)
    [block] = blocks(written.ended().load())
    assert wording.heading(block) == "BROKEN  edge-html-fallback and 1 other code, 40 promises"
    shown = rows(block)
    assert [text for label, text in shown if label == "ladder"] == ["dns      held   127.0.0.1"]
    start = next(index for index, (label, _) in enumerate(shown) if label == "symptoms")
    assert shown[start : start + 4] == [
        ("symptoms", "edge-html-fallback (37): edge/03"),
        ("", HTML["observed"]),
        ("", "edge-masks-errors (3): edge/00"),
        ("", "200 where 404 was promised"),
    ]


def test_one_promise_is_named_with_what_was_observed(written: Written) -> None:
    """Nothing is counted where there is one."""
    [block] = blocks(written.started("edge/a").broken("edge/a").ended().load())
    shown = dict(rows(block))
    assert wording.heading(block) == "BROKEN  edge-html-fallback"
    assert (shown["scenario"], shown["observed"]) == ("edge/a", HTML["observed"])
    assert shown["cause"] == f"{HTML['cause']} (likely)"
    assert shown["owner"] == "platform"


def test_a_proven_cause_is_called_proven(written: Written) -> None:
    """And the suite's own trouble is neither likely nor proven."""
    proven = HTML | {"certainty": "proven"}
    silent = finding("unknown", "no password for bob", "the suite itself")
    written.started("edge/a", "edge/b").broken("edge/a", proven)
    written.tried("edge/b", "unknown", silent).became("edge/b", "unknown", silent)
    shown = [dict(rows(block))["cause"] for block in blocks(written.ended().load())]
    assert shown == [f"{HTML['cause']} (proven)", "the suite itself"]


def test_many_codes_do_not_fill_the_page(written: Written) -> None:
    """Four are shown, the others counted."""
    codes = ("upload-lost", "upload-blocked", "file-altered", "stream-cut", "route-broken")
    names = [f"edge/{number}" for number in range(7)]
    written.started(*names)
    for name, code in zip(names, (*codes, "chat-altered", "service-stalled"), strict=True):
        written.broken(name, finding(code, "gone", "Redis"))
    [block] = blocks(written.ended().load())
    assert wording.heading(block) == "BROKEN  upload-lost and 6 other codes, 7 promises"
    assert ("", "and 3 more, see report.html") in rows(block)


def test_a_new_break_is_called_new(written: Written) -> None:
    """In its heading, in its rows and in the headline; an old one is dated."""
    old = {"code": "upload-lost", "since": BEGAN, "runs": 3, "held": 0.0}
    lost = finding("upload-lost", "gone", "confirm")
    written.started("a/old", "a/older", "a/new").broken("a/old", lost).broken("a/older", lost)
    written.broken("a/new").write(
        "previous-run",
        gate=False,
        ran=BEGAN,
        failures={"a/old": old, "a/older": old},
        notified={},
        problem="",
    )
    run = written.ended().load()
    new, known = blocks(run)
    assert wording.heading(new) == "BROKEN  edge-html-fallback (new)"
    assert ("since", "new") in rows(new)
    assert wording.heading(known) == "BROKEN  upload-lost, 2 promises"
    assert ("since", "since 2026-09-21 14:13 UTC") in rows(known)
    assert wording.headline(run).endswith(
        f"Look first at {HTML['cause']} (edge-html-fallback, new)."
    )


def test_what_differs_is_told_apart(written: Written) -> None:
    """Another cause, or an acceptance, is another block."""
    other = HTML | {"cause": "something else"}
    written.started("edge/a", "edge/b", "edge/c").broken("edge/a").broken("edge/b", other)
    written.broken("edge/c", accepted={"why": "known", "until": "2027-01-01"})
    found = [[s.id for s in block.results] for block in blocks(written.ended().load())]
    assert found == [["edge/a"], ["edge/b"], ["edge/c"]]


def test_a_flaky_promise_is_shown_by_the_attempt_that_failed(written: Written) -> None:
    """It held in the end, and what went wrong first is still said."""
    written.started("edge/a").tried("edge/a", "broken", HTML).tried("edge/a", "held", attempt=2)
    [block] = blocks(written.became("edge/a", "held", flaky=True, attempts=2).ended().load())
    assert wording.heading(block) == "FLAKY  edge-html-fallback"
    assert ("cause", f"{HTML['cause']} (likely)") in rows(block)


def test_a_degraded_promise_that_was_flaky_is_shown_once(written: Written) -> None:
    """It is among the findings, and not again among the flakes."""
    expiring = finding("tls-expiring", "10 days", "certificate")
    written.started("edge/a").became("edge/a", "degraded", expiring, flaky=True)
    assert len(blocks(written.ended().load())) == 1


def test_a_verdict_without_words_says_so(written: Written) -> None:
    """A finding that nobody recorded is not made up."""
    [block] = blocks(written.started("edge/a").became("edge/a", "broken").ended().load())
    assert wording.heading(block) == "BROKEN  no finding"
    assert ("observed", "no finding was recorded") in rows(block)


def test_one_promise_can_be_worded_alone(written: Written) -> None:
    """For JUnit, where every case is read by itself: the whole ladder, the command to copy."""
    [result] = written.started("edge/a").broken("edge/a").ended().load().scenarios
    shown = wording.result_rows(result, result.finding)
    assert [label for label, _ in shown if label] == [
        "promise",
        "observed",
        "cause",
        "ladder",
        "owner",
        "runbook",
        "reproduce_command",
    ]
    assert ("observed", "no finding was recorded") in wording.result_rows(result, None)


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
