"""What people are told: changes only, once, in words that nothing a target wrote can break out
of.
"""

from typing import Any

import pytest

from reports.model.run import Run
from reports.publish.notices import MAX_CHARS, Links, changes, message
from tests.reports.conftest import HTML, Written, finding
from tests.reports.model.test_previous_run import FAILURE, LOST, SILENT

NO_LINKS = Links()


def after(written: Written, told: dict[str, str], failures: dict[str, Any] | None = None) -> Run:
    written.write(
        "previous-run", gate=False, ran=1.0, failures=failures or {}, notified=told, problem=""
    )
    return written.ended().load()


def text(run: Run, links: Links = NO_LINKS) -> str:
    return "\n".join(message(run, changes(run), links))


def test_a_break_is_told_with_all_that_one_needs(written: Written) -> None:
    """Environment, code, promise, what was observed, cause, runbook and trace."""
    run = after(written.started("a/x", "a/y").broken("a/x", LOST).held("a/y"), {})
    links = Links("https://grafana.example.org/trace/{trace}", "https://git.example.org/{code}.md")
    title, body = message(run, changes(run), links)
    assert title == "replica: BROKEN (1 promise broken)"
    assert body.splitlines() == [
        "**upload-lost** (1): `a/x`",
        "PUT answered 200, then GET answered 404",
        "likely cause: confirm",
        "new, owner: platform, runbook: https://git.example.org/upload-lost.md",
        "",
        f"Trace: https://grafana.example.org/trace/{'ab' * 16}",
        "Run run-1 of 2026-09-21 14:13 UTC",
    ]
    assert changes(run).codes == {"a/x": "upload-lost"}


def test_nothing_is_repeated_while_nothing_changes(written: Written) -> None:
    """What the channel knows is no news: not a break that lasts, not one whose code is another
    today.
    """
    written.started("a/x", "a/y", "a/z").broken("a/x", LOST).held("a/y").tried(
        "a/z", "unknown", SILENT
    )
    run = after(
        written.became("a/z", "unknown", SILENT),
        {"a/x": "chat-altered", "a/z": "unknown", "a/elsewhere": "upload-lost"},
    )
    assert not changes(run)


def test_one_cause_is_told_once_with_what_proves_it(written: Written) -> None:
    """Two codes by one cause are one paragraph, with the rung that broke."""
    masked = HTML | {"code": "edge-masks-errors"}
    written.started("a/x", "a/y", "a/z").broken("a/x").broken("a/y").broken("a/z", masked)
    _, body = message(run := after(written, {}), changes(run), NO_LINKS)
    assert body.splitlines()[0] == (
        "**edge-html-fallback** (2), **edge-masks-errors** (1): `a/x`, `a/y`, `a/z`"
    )
    assert body.count("likely cause: storage base path") == 1
    assert "proof: service: 404 on api, 200 JSON with /api in front" in body


@pytest.mark.parametrize("knew", ["upload-lost", "unknown"])
def test_a_promise_that_holds_again_is_told(written: Written, knew: str) -> None:
    """With since when it did not, and forgotten afterwards."""
    run = after(written.started("a/x").held("a/x"), {"a/x": knew}, {"a/x": FAILURE})
    assert message(run, changes(run), NO_LINKS)[0] == "replica: HELD again (1 promise held again)"
    assert "**Held again**: `a/x`, the first broken at 2026-09-21 11:26 UTC" in text(run)
    assert changes(run).codes == {"a/x": ""}


def test_a_suite_that_cannot_run_is_told_once_as_its_own_fault(written: Written) -> None:
    """However many promises got no answer."""
    names = [f"a/{number}" for number in range(9)]
    written.started(*names)
    for name in names:
        written.tried(name, "unknown", SILENT).became(name, "unknown", SILENT)
    told = text(after(written, {}))
    assert told.startswith("replica: UNKNOWN: the suite cannot run (9 promises not asked)")
    assert told.count("no password for bob") == 1
    assert "`a/4` and 4 more got no answer" in told


def test_what_was_broken_and_now_gets_no_answer_is_no_news(written: Written) -> None:
    """Nobody knows whether it holds, and the channel goes on believing that it does not."""
    run = after(
        written.started("a/x").tried("a/x", "unknown", SILENT).became("a/x", "unknown", SILENT),
        {"a/x": "upload-lost"},
    )
    assert not changes(run)


def test_what_was_unknown_and_breaks_is_news(written: Written) -> None:
    """The channel was told of the suite, and is now told of the target."""
    run = after(written.started("a/x").broken("a/x", LOST), {"a/x": "unknown"})
    assert changes(run).codes == {"a/x": "upload-lost"}


def test_what_is_accepted_is_no_news(written: Written) -> None:
    """Neither as a break; and a break that somebody accepts is told as over."""
    accepted = {"why": "fixed in the next release", "until": "2026-12-01"}
    written.started("a/x", "a/y").broken("a/x", LOST, accepted=accepted).broken(
        "a/y", LOST, accepted=accepted
    )
    assert changes(after(written, {"a/y": "upload-lost"})).codes == {"a/y": ""}


def test_many_promises_with_one_cause_are_one_finding(written: Written) -> None:
    """The largest comes first, and the message fits into what Discord takes, whatever broke."""
    names = [f"area/a-promise-with-a-long-name-{number}" for number in range(200)]
    written.started(*names)
    for number, name in enumerate(names):
        long = finding(
            "upload-lost", "x" * 5000, f"cause {number % 20 if number < 100 else 'the usual'}"
        )
        written.broken(name, long)
    told = text(after(written, {}))
    assert len(told) < MAX_CHARS + 200
    assert "likely cause: cause the usual" in told.split("**upload-lost**")[1]


def test_a_target_cannot_ring_everybody_or_write_in_our_name(written: Written) -> None:
    """A mention in what it answered rings nobody; its Markdown and its escapes are shown, not
    obeyed.
    """
    rude = finding(
        "upload-lost",
        "@everyone **HELD** `x` [all is well](https://evil)\x1b[2J\nRunbook: none",
        "<@1234> `",
    )
    told = text(after(written.started("a/x").broken("a/x", rude), {}))
    assert "@everyone" not in told
    assert "<@1234>" not in told
    assert "**HELD**" not in told
    assert "](https" not in told
    assert "\x1b" not in told
    assert not any(line.startswith("Runbook: none") for line in told.splitlines())


def test_without_a_store_every_break_is_news(written: Written) -> None:
    """A run that knows of no run before tells what it sees; the command line does not let it come
    to that.
    """
    assert changes(written.started("a/x").broken("a/x", LOST).ended().load()).codes == {
        "a/x": "upload-lost"
    }
