"""What a person reads at the end: the verdict first, what is new before what is old, then proof."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from probes.finding import Verdict
from reports.model.history import History, Seen
from reports.model.run import Run
from reports.render import terminal, wording
from tests.reports.conftest import BEGAN, Written, finding
from tests.support.terminals import shown


def test_a_run_reads_like_its_golden_file(
    sample: tuple[str, Run], golden: Callable[[str, str], None]
) -> None:
    """PROBES_GOLDEN=write writes them anew; the difference is for a person to judge."""
    name, run = sample
    golden(f"{name}.txt", shown(run))


def test_the_verdict_and_where_to_look_stand_first(sample: tuple[str, Run]) -> None:
    """Nothing else is to be read to know how it went; the folder with the rest is last."""
    _, run = sample
    text = shown(run)
    assert " ".join(text.split()).startswith(wording.verdict_and_cause(run))
    assert text.splitlines()[-1] == "folder: reports/runs/run-1"


def test_a_healthy_run_is_a_few_lines(written: Written) -> None:
    """However many promises there are: what held is counted, what was skipped by its reason."""
    names = [f"edge/{number:03}" for number in range(390)]
    written.started(*names).held(*names[:330])
    for number, name in enumerate(names[330:]):
        reason = f"[livekit] promises no TURN {number % 2}"
        written.became(name, "skipped", reason=reason, attempts=0)
    assert shown(written.ended().load()).splitlines() == [
        "HELD: every promise was kept.",
        "",
        "330 held, 60 skipped, in 8.2 s",
        "skipped 30: [livekit] promises no TURN 0",
        "skipped 30: [livekit] promises no TURN 1",
        "folder: reports/runs/run-1",
    ]


@pytest.mark.parametrize("causes", [1, 4, 30, 200])
@pytest.mark.slow
def test_a_broken_run_fits_a_screen_or_two(written: Written, causes: int) -> None:
    """Sixty lines at most, whatever broke and for however many reasons; what is not shown is
    counted.
    """
    names = [
        f"storage/a-promise-with-a-rather-long-name-{number:03}[apex]" for number in range(400)
    ]
    rungs = [{"name": f"rung{n}", "held": n < 6, "detail": "d" * 150} for n in range(8)]
    codes = ("upload-lost", "route-broken", "edge-html-fallback", "stream-cut", "file-altered")
    written.started(*names)
    for number, name in enumerate(names):
        cause = f"cause {number % causes} {'that is long to tell ' * 6}"
        observed = f"GET https://wealist.co.kr/{'path/' * 30} answered 404"
        written.broken(name, finding(codes[number // 80], observed, cause, rungs=rungs))
    lines = shown(written.ended().load()).splitlines()
    assert len(lines) <= 55
    assert any("and 193 more, see report.html" in line for line in lines) is (causes == 200)


def test_what_is_new_leads(written: Written) -> None:
    """A permanent break of many promises does not hide the one that somebody just made."""
    old = {"code": "edge-masks-errors", "since": BEGAN, "runs": 9, "held": 0.0}
    names = [f"edge/{number}" for number in range(8)]
    masked = finding("edge-masks-errors", "200 for 404", "CloudFront custom error response")
    written.started(*names, "storage/new")
    for name in names:
        written.broken(name, masked)
    known: dict[str, Any] = {"gate": False, "notified": {}, "problem": ""}
    known["failures"] = dict.fromkeys(names, old)
    written.broken("storage/new").write("previous-run", ran=BEGAN, **known)
    text = shown(written.ended().load())
    assert "(edge-html-fallback, new)." in " ".join(text.split())
    assert text.index("BROKEN  edge-html-fallback (new)") < text.index("BROKEN  edge-masks-errors")
    assert "\n  since     since 2026-09-21 14:13 UTC\n" in text


def test_the_ladder_is_told_by_the_rung_that_broke(written: Written) -> None:
    """What held is named in one line; with -vv each rung has its own."""
    run = written.started("edge/a").broken("edge/a").ended().load()
    assert "  ladder    dns held\n            service  BROKE  404 on api" in shown(run)
    assert "  ladder    dns      held   127.0.0.1\n            service  BROKE" in shown(
        run, detail=2
    )


def test_evidence_is_shown_where_it_is_asked_for(written: Written) -> None:
    """-vv adds what was exchanged and noted at the promise that stands for the cause."""
    written.started("edge/a").exchange("edge/a", status=404)
    run = written.write("note", scenario="edge/a", attempt=1, text="build 7").broken("edge/a")
    loaded = run.ended().load()
    exchange = "  exchanges GET https://wealist.co.kr/ -> 404 in 0.020 s\n"
    assert (exchange in shown(loaded, detail=2), exchange in shown(loaded, detail=1)) == (
        True,
        False,
    )
    assert "  notes     build 7\n" in shown(loaded, detail=2)


def test_what_fails_nothing_is_a_line(written: Written) -> None:
    """An accepted finding is mentioned and does not take the room of a broken one."""
    accepted = {"why": "fixed in the next release", "until": "2026-12-01"}
    written.started("edge/a").broken("edge/a", accepted=accepted)
    lines = shown(written.ended().load()).splitlines()
    assert lines[2].startswith("BROKEN  edge-html-fallback (accepted until 2026-12-01): edge/a")
    assert lines[3] == "  fixed in the next release"


def test_a_degraded_promise_fails_only_where_it_is_asked_to(written: Written) -> None:
    """The sentence follows the exit code."""
    expiring = finding("tls-expiring", "10 days", "certificate")
    run = (
        written.started("edge/tls")
        .tried("edge/tls", "degraded", expiring)
        .became("edge/tls", "degraded", expiring)
        .load()
    )
    assert shown(run).startswith("HELD, but not as it should be")
    assert shown(run, strict=True).startswith("BROKEN: 1 of 1 promises degraded")


def test_skipped_promises_share_their_reason(written: Written) -> None:
    """A line a reason with how many; many reasons are cut, and the rest is counted."""
    names = [f"edge/{number:02}" for number in range(24)]
    written.started(*names)
    for number, name in enumerate(names):
        written.became(name, "skipped", reason=f"no https {number // 2}", attempts=0)
    text = shown(written.ended().load())
    assert text.count("skipped 2: no https ") == terminal.REASONS
    assert "\nand 4 more, see report.html\n" in text
    assert "edge/" not in text


def test_history_stands_under_the_finding_and_beside_a_slow_promise(written: Written) -> None:
    """Since when it is broken, and what a promise that took long usually takes."""
    run = written.started("edge/a", "edge/b").broken("edge/a").held("edge/b").ended().load()
    stream = io.StringIO()
    past = {"edge/a": past_of("broken since Tuesday"), "edge/b": past_of("held", usual=(0.1, 0.2))}
    terminal.show(run, stream, history=past, detail=1)
    assert "\n  since     broken since Tuesday\n" in stream.getvalue()
    assert re.search(r"\nedge/b +HELD +0\.4 s  usually 0\.1 s to 0\.2 s\n", stream.getvalue())


def past_of(sentence: str, usual: tuple[float, float] | None = None) -> History:
    now = Seen("run-1", datetime.now(UTC), Verdict.HELD, 0.4)
    return History((now, now), usual, None, 1, sentence)
