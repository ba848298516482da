"""What a person reads at the end: the same facts on a terminal, in a log, and where only ASCII is
spoken.
"""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.cells import cell_len

from probes.finding import Verdict
from reports.model.history import History, Seen
from reports.model.run import Run
from reports.render import languages, terminal, wording
from tests.reports.conftest import BEGAN, Written, expected, finding, flaky, green, killed, red


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def shown(
    run: Run, stream: io.StringIO | None = None, *, strict: bool = False, detail: int = 0
) -> str:
    stream = stream or io.StringIO()
    terminal.show(run, stream, strict=strict, detail=detail)
    return stream.getvalue()


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
    """A flaky or accepted finding is mentioned and does not take the room of a broken one."""
    lines = shown(flaky(written).load()).splitlines()
    assert lines[2] == "FLAKY  service-stalled: user service: edge/the-app-shell-loads"


def test_colours_say_nothing_that_words_do_not(
    sample: tuple[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal gets the same words; with NO_COLOR no colour at all."""
    monkeypatch.setenv("COLUMNS", str(terminal.PLAIN_WIDTH))
    _, run = sample
    plain, coloured = shown(run), shown(run, Terminal())
    assert "\x1b[" in coloured
    assert [line.rstrip() for line in _uncoloured(coloured).splitlines()] == plain.splitlines()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not [
        code for code in _codes(shown(run, Terminal())) if code not in {"0", "1", "2"}
    ]  # bold and dim are none


def _codes(text: str) -> set[str]:
    return {code for part in text.split("\x1b[")[1:] for code in part.partition("m")[0].split(";")}


def _uncoloured(text: str) -> str:
    head, *parts = text.split("\x1b[")
    return head + "".join(part.partition("m")[2] for part in parts)


def test_the_table_of_promises_fits(written: Written) -> None:
    """One row each, none wider than the terminal, the columns in line."""
    names = [f"storage/{'a-file-comes-back-' * (n % 3)}{n}[apex]" for n in range(75)]
    text = shown(written.started(*names).held(*names).ended().load(), detail=1)
    rows = [line for line in text.splitlines() if line.startswith("storage/")]
    assert len(rows) == 75
    assert max(map(len, text.splitlines())) <= terminal.PLAIN_WIDTH
    assert len({line.index("HELD") for line in rows}) == 1


def test_a_name_that_is_too_long_stays_whole(written: Written) -> None:
    """It gets a line of its own: names are for copying into `-k`."""
    name = "edge/" + "long-" * 30
    text = shown(written.started(name).held(name).ended().load(), detail=1)
    assert name in text.splitlines()


def test_wide_characters_keep_the_columns(written: Written) -> None:
    """A Korean name takes two cells a character, and the verdicts still stand in one column."""
    names = ("edge/위리스트", "edge/wealist")
    text = shown(written.started(*names).held(*names).ended().load(), detail=1)
    rows = [line for line in text.splitlines() if line.startswith("edge/")]
    assert len({cell_len(line[: line.index("HELD")]) for line in rows}) == 1


def test_the_reproducing_line_is_never_wrapped(written: Written) -> None:
    """It is there to be copied."""
    line = "curl -sS  'https://wealist.co.kr/" + "x " * 60 + "'"
    lost = finding("upload-lost", "gone", "confirm", reproduce_command=line)
    text = shown(written.started("edge/a").broken("edge/a", lost).ended().load())
    assert f"  reproduce {line}\n" in text


def test_text_of_others_cannot_steer_the_terminal(written: Written) -> None:
    """Escape sequences, line breaks and bidi marks from a hostile target are shown, not obeyed."""
    nasty = "\x1b[2J\x1b]0;pwned\x07\r\n[bold]x[/bold] :smile: \u202e \x9b1m"
    bad = finding(
        "upload-lost",
        nasty,
        nasty,
        reproduce_command=nasty,
        rungs=[{"name": nasty, "held": False, "detail": nasty}],
    )
    written.started(expected(nasty, title=nasty, owner=nasty, incident=nasty))
    written.broken(nasty, bad, accepted={"why": nasty, "until": nasty})
    written.write("fact", name=nasty, value=nasty).write(
        "spans", kept=1, exported=0, lost=1, reason=nasty
    )
    text = shown(written.load())
    assert not {c for c in text if not c.isprintable()} - {"\n"}
    assert "\\x1b[2J" in text
    assert "[bold]x[/bold] :smile:" in text


def test_a_stream_that_speaks_only_ascii_gets_ascii(written: Written) -> None:
    """What it cannot say is escaped, and nothing raises."""
    run = written.started("edge/위리스트").held("edge/위리스트").ended().load()
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, "ascii")
    terminal.show(run, stream, detail=1)
    stream.flush()
    assert b"edge/\\uc704" in buffer.getvalue()


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


@pytest.mark.parametrize("make", [green, red, flaky, killed])
def test_every_promise_has_its_row(written: Written, make: Callable[[Written], Written]) -> None:
    """Nothing that was expected is missing from the table."""
    run = make(written).load()
    table = shown(run, detail=1).partition("\nscenario ")[2]
    assert [s.id for s in run.scenarios if f"\n{s.id} " not in table] == []


def test_a_korean_report_keeps_its_columns(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Korean letters are twice as wide, and no line is wider than the terminal for it, save what is
    to be copied.
    """
    stream = io.StringIO()
    terminal.show(red(written).load(), stream, languages.words("ko"), detail=1)
    table = [line for line in stream.getvalue().splitlines() if "curl" not in line]
    assert max(map(cell_len, table)) <= terminal.PLAIN_WIDTH
    rows = [line for line in table if line.startswith(("edge/", "storage/", "presign/"))]
    ends = [re.search(r"\s+(\S+ s|-)(\s|$)", line) for line in rows]
    widths = {cell_len(row[: end.end(1)]) for row, end in zip(rows, ends, strict=True) if end}
    assert (None in ends, len(widths)) == (False, 1)


def test_history_stands_under_the_finding_and_beside_a_slow_promise(written: Written) -> None:
    """Since when it is broken, and what a promise that took long usually takes."""
    run = written.started("edge/a", "edge/b").broken("edge/a").held("edge/b").ended().load()
    stream = io.StringIO()
    past = {"edge/a": past_of("broken since Tuesday"), "edge/b": past_of("held", usual=(0.1, 0.2))}
    terminal.show(run, stream, history=past, detail=1)
    assert "\n  since     broken since Tuesday\n" in stream.getvalue()
    assert re.search(r"\nedge/b +HELD +0\.4 s  usually 0\.1 s to 0\.2 s\n", stream.getvalue())


def past_of(sentence: str, usual: tuple[float, float] | None = None) -> History:
    now = Seen("run-1", datetime.now(UTC), Verdict.HELD, 0.4, flaky=False)
    return History((now, now), usual, 0.0, None, 1, sentence)


def test_in_actions_nothing_that_a_target_says_is_obeyed(written: Written) -> None:
    """The report stands between stop-commands and its token, annotations after it."""
    nasty = finding("upload-lost", "::set-output name=x::y", "::error::z")
    stream, run = io.StringIO(), written.started("edge/a").broken("edge/a", nasty).ended().load()
    terminal.show(run, stream, environ={"GITHUB_ACTIONS": "true"})
    first, *report, last = stream.getvalue().splitlines()
    token = first.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert f"::{token}::" in report
    assert last.startswith(
        "::error file=scenarios/test_edge.py,line=7,title=BROKEN upload-lost::cause: "
    )


def test_a_number_keeps_its_unit(written: Written) -> None:
    """However wide the terminal is, no line ends between "8.2" and "s"."""
    run = red(written).load()
    for width in range(60, 90):
        told = [line.plain for line in terminal.lines(run, width)]
        assert [line for line in told if line.endswith("8.2 s")]
        assert not [line for line in told if line.endswith("8.2")]
