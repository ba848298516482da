"""A run in a comment, a hook's message or a chat: short, most important first, and nobody is called
by it.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from probes.finding import Verdict
from reports.model.history import History, Seen
from reports.model.run import Run
from reports.render import markdown
from reports.render.languages import words
from tests.reports.conftest import HTML, Written, expected, finding, killed, red


def test_a_run_reads_like_its_golden_file(
    sample: tuple[str, Run], golden: Callable[[str, str], None]
) -> None:
    """PROBES_GOLDEN=write writes them anew; the difference is for a person to judge."""
    name, run = sample
    golden(f"{name}.md", markdown.text(run))


def test_the_verdict_stands_first(written: Written) -> None:
    """A preview that shows one line shows what matters."""
    assert markdown.text(red(written).load()).startswith("**BROKEN: 2 of 7 promises are broken")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("length", [10, 3000])
def test_however_much_is_broken_discord_takes_it(
    written: Written, length: int, language: str
) -> None:
    """Under 2,000 characters, whole lines, and the number of findings that are left out."""
    names = [f"edge/{number:02}" for number in range(40)]
    written.started(*names, environment="e" * length, run="r" * length)
    written.write("fact", name="n" * length, value="v" * length)
    for name in names:
        lost = finding("upload-lost", "x`_*" * length, f"{name} {'s_' * length}")
        written.broken(name, lost)
    text = markdown.text(written.ended().load(), words(language))
    assert len(text) < markdown.LIMIT_CHARS
    shown = text.count("**") // 2 - 1
    assert 0 < shown < 40
    assert f"{40 - shown} more findings" in text or f"{40 - shown}건" in text
    assert text.endswith("\n")


def test_the_worst_is_told_and_the_rest_counted(written: Written) -> None:
    """Promises of one cause are one line with their number."""
    names = [f"edge/{number:02}" for number in range(9)]
    written.started("edge/tls", *names)
    for name in names:
        written.broken(name)
    expiring = finding("tls-expiring", "10 days", "certificate")
    written.tried("edge/tls", "degraded", expiring).became("edge/tls", "degraded", expiring)
    lines = markdown.text(written.ended().load()).splitlines()
    assert [line.split(": ")[0] for line in lines if line.startswith("- ")] == [
        "- **BROKEN** `edge-html-fallback, 9 promises`",
        "- **DEGRADED** `tls-expiring`",
    ]
    assert f"  - cause: {HTML['cause']} (likely)" in lines
    assert "  - ladder: `service` BROKE: `404 on api, 200 JSON with /api in front`" in lines
    assert "  - runbook: `docs/runbooks/edge-html-fallback.md`" in lines


def test_a_hostile_text_calls_nobody_and_leads_nowhere(written: Written) -> None:
    """No mention, no link, no picture, no heading and no code block comes out of what a target has
    sent.
    """
    nasty = (
        "@everyone <@1> ![x](https://evil.example/x.png) [a](http://evil.example) `b` ```c\n# "
        "d\n|| e <img src=x>"
    )
    bad = finding(
        "upload-lost", nasty, nasty, rungs=[{"name": nasty, "held": False, "detail": nasty}]
    )
    written.started(expected("edge/a", title=nasty, owner=nasty), environment=nasty, run=nasty)
    written.write("fact", name=nasty, value=nasty).broken(
        "edge/a", bad, accepted={"why": nasty, "until": nasty}
    )
    text = markdown.text(written.ended().load())
    outside = "".join(text.split("`")[::2])  # what stands in code spans is shown as it is
    assert text.count("`") % 2 == 0
    live = re.findall(r"@everyone|https?://|```|(?<!\\)(?:<|\]\()", outside)
    assert live == []
    assert not [line for line in text.splitlines() if line.startswith(("#", "|"))]


def test_since_when_is_told(written: Written) -> None:
    """What the runs before say stands under the finding."""
    run = written.started("edge/a").broken("edge/a").ended().load()
    now = Seen("run-1", datetime.now(UTC), Verdict.BROKEN, 0.4)
    past = {"edge/a": History((now, now), None, None, 6, "broken since Tuesday 14:02 UTC, 6 runs")}
    assert "  - since: broken since Tuesday 14:02 UTC, 6 runs\n" in markdown.text(run, history=past)


def test_korean_is_korean(written: Written) -> None:
    """Verdict, labels and what is left out; codes and what was observed stay as they are."""
    text = markdown.text(killed(written).load(), words("ko"))
    assert text.startswith("**확인불가: ")
    assert "  - 원인: 점검 도구 자신\n" in text
    assert "UNKNOWN" not in text


def test_what_has_changed_is_added_where_there_is_room() -> None:
    """A fence of its own, no more than the limit, and nothing of a report is given up for it."""
    assert markdown.with_changes("report\n", ["a", "b ```"]) == "report\n\n```text\na\nb '''\n```\n"
    cut = markdown.with_changes("r" * 1000, ["x" * 99] * 20)
    assert len(cut) < markdown.LIMIT_CHARS
    assert cut.endswith("x\n…\n```\n")
    assert markdown.with_changes("r" * 1990, ["x" * 99]) == "r" * 1990
