"""One cause in labelled rows: each fact once, and nothing made up."""

from reports.model import causes
from reports.model.causes import Block
from reports.model.run import Run
from reports.render import cause_rows, wording
from tests.reports.conftest import BEGAN, HTML, Written, finding


def blocks(run: Run) -> list[Block]:
    return list(causes.blocks(run, {}))


def rows(block: Block) -> list[tuple[str, str]]:
    return cause_rows.block_rows(block)


def test_one_cause_is_one_block(written: Written) -> None:
    """Forty promises that one cause broke by two codes make one block, with the ladder once and an
    example for each code.
    """
    names = [f"edge/{number:02}" for number in range(40)]
    masked = HTML | {"code": "edge-masks-errors", "observed": "200 where 404 was promised"}
    written.started(*names)
    for name in names[:3]:
        written.broken(name, masked)
    for name in names[3:]:
        written.broken(name, HTML)
    [block] = blocks(written.ended().load())
    assert cause_rows.heading(block) == "BROKEN  edge-html-fallback and 1 other code, 40 promises"
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
    assert cause_rows.heading(block) == "BROKEN  edge-html-fallback"
    assert (shown["scenario"], shown["observed"]) == ("edge/a", HTML["observed"])
    assert shown["cause"] == f"{HTML['cause']} (likely)"
    assert shown["owner"] == "platform"


def test_a_proven_cause_is_called_proven(written: Written) -> None:
    """And the suite's own trouble is neither likely nor proven."""
    proven = HTML | {"certainty": "proven"}
    by_fact = proven | {"cause": "base path; proven: ConfigMap x has no SERVER_BASE_PATH"}
    silent = finding("unknown", "no password for bob", "the suite itself")
    written.started("edge/a", "edge/b", "edge/c").broken("edge/a", proven)
    written.broken("edge/c", by_fact)
    written.tried("edge/b", "unknown", silent).became("edge/b", "unknown", silent)
    shown = {dict(rows(block))["cause"] for block in blocks(written.ended().load())}
    expected = {f"{HTML['cause']} (proven)", by_fact["cause"], "the suite itself"}
    assert shown == expected


def test_many_codes_do_not_fill_the_page(written: Written) -> None:
    """Four are shown, the others counted."""
    codes = ("upload-lost", "upload-blocked", "file-altered", "stream-cut", "route-broken")
    names = [f"edge/{number}" for number in range(7)]
    written.started(*names)
    for name, code in zip(names, (*codes, "chat-altered", "service-stalled"), strict=True):
        written.broken(name, finding(code, "gone", "Redis"))
    [block] = blocks(written.ended().load())
    assert cause_rows.heading(block) == "BROKEN  upload-lost and 6 other codes, 7 promises"
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
    assert cause_rows.heading(new) == "BROKEN  edge-html-fallback (new)"
    assert ("since", "new") in rows(new)
    assert cause_rows.heading(known) == "BROKEN  upload-lost, 2 promises"
    assert ("since", "since 2026-09-21 14:13 UTC") in rows(known)
    assert wording.headline(run).endswith(
        f"Look first at {HTML['cause']} (edge-html-fallback, new)."
    )


def test_what_differs_is_told_apart(written: Written) -> None:
    """Another cause, or an acceptance, is another block."""
    other = HTML | {"cause": "something else"}
    written.started("edge/a", "edge/b", "edge/c").broken("edge/a").broken("edge/b", other)
    written.broken("edge/c", accepted={"why": "known", "until": "2027-01-01"})
    found = [block.results for block in blocks(written.ended().load())]
    assert list(map(len, found)) == [1, 1, 1]
    assert [results[0].id for results in found] == ["edge/a", "edge/b", "edge/c"]


def test_a_verdict_without_words_says_so(written: Written) -> None:
    """A finding that nobody recorded is not made up."""
    [block] = blocks(written.started("edge/a").became("edge/a", "broken").ended().load())
    assert cause_rows.heading(block) == "BROKEN  no finding"
    assert ("observed", "no finding was recorded") in rows(block)


def test_one_promise_can_be_worded_alone(written: Written) -> None:
    """For JUnit, where every case is read by itself: the whole ladder, the command to copy."""
    [result] = written.started("edge/a").broken("edge/a").ended().load().scenarios
    shown = cause_rows.result_rows(result, result.finding)
    assert [label for label, _ in shown if label] == [
        "promise",
        "observed",
        "cause",
        "ladder",
        "owner",
        "runbook",
        "reproduce_command",
    ]
    assert ("observed", "no finding was recorded") in cause_rows.result_rows(result, None)
