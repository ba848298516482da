"""What a person reads at the end: the same facts on a terminal, in a log, and where only ASCII is
spoken.
"""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from probes.finding import Verdict
from reports.model.history import History, Seen
from reports.model.run import Run
from reports.render import languages, terminal, wording
from tests.reports.conftest import Written, expected, finding, flaky, green, killed, red


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def shown(run: Run, stream: io.StringIO | None = None, *, strict: bool = False) -> str:
    stream = stream or io.StringIO()
    terminal.show(run, stream, strict=strict)
    return stream.getvalue()


def test_a_run_reads_like_its_golden_file(
    sample: tuple[str, Run], golden: Callable[[str, str], None]
) -> None:
    """PROBES_GOLDEN=write writes them anew; the difference is for a person to judge."""
    name, run = sample
    golden(f"{name}.txt", shown(run))


def test_the_verdict_stands_first_and_last(sample: tuple[str, Run]) -> None:
    """Whoever sees only the head or only the tail of a log knows how it went."""
    _, run = sample
    text, headline = " ".join(shown(run).split()), wording.headline(run)
    assert text.startswith(headline)
    assert text.endswith(headline)


def test_colours_say_nothing_that_words_do_not(
    sample: tuple[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal gets the same words; with NO_COLOR no colour at all."""
    monkeypatch.setenv("COLUMNS", "80")
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


def test_seventy_promises_fit_eighty_columns(written: Written) -> None:
    """One row each, none wider than the terminal, the columns in line."""
    names = [f"storage/{'a-file-comes-back-' * (n % 3)}{n}[apex]" for n in range(75)]
    text = shown(written.started(*names).held(*names).ended().load())
    rows = [line for line in text.splitlines() if line.startswith("storage/")]
    assert len(rows) == 75
    assert max(map(len, text.splitlines())) <= 80
    assert len({line.index("HELD") for line in rows}) == 1


def test_a_name_that_is_too_long_stays_whole(written: Written) -> None:
    """It gets a line of its own: names are for copying into `-k`."""
    name = "edge/" + "long-" * 30
    text = shown(written.started(name).held(name).ended().load())
    assert name in text.splitlines()


def test_wide_characters_keep_the_columns(written: Written) -> None:
    """A Korean name takes two cells a character, and the verdicts still stand in one column."""
    names = ("edge/위리스트", "edge/wealist")
    text = shown(written.started(*names).held(*names).ended().load())
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
    terminal.show(run, stream)
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
    """The reason is said once, with the names below it."""
    written.started("edge/a", "edge/b")
    for name in ("edge/a", "edge/b"):
        written.became(name, "skipped", reason="no https here", attempts=0)
    assert "\nskipped: no https here\n  edge/a\n  edge/b\n" in shown(written.ended().load())


@pytest.mark.parametrize("make", [green, red, flaky, killed])
def test_every_promise_has_its_row(written: Written, make: Callable[[Written], Written]) -> None:
    """Nothing that was expected is missing from the table."""
    run = make(written).load()
    table = shown(run).partition("\nscenario ")[2]
    assert [s.id for s in run.scenarios if f"\n{s.id} " not in table] == []


def test_a_korean_report_keeps_its_columns(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Korean letters are twice as wide, and no line is wider than the terminal for it, save what is
    to be copied.
    """
    stream = io.StringIO()
    terminal.show(red(written).load(), stream, languages.words("ko"))
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
    terminal.show(run, stream, history=past)
    assert "\n  since     broken since Tuesday\n" in stream.getvalue()
    assert re.search(r"\nedge/b +HELD +0\.4 s  usually 0\.1 s to 0\.2 s\n", stream.getvalue())


def past_of(sentence: str, usual: tuple[float, float] | None = None) -> History:
    now = Seen("run-1", datetime.now(UTC), Verdict.HELD, 0.4, flaky=False)
    return History((now,), usual, 0.0, None, 1, sentence)


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
        "::error file=scenarios/test_edge.py,line=7,title=BROKEN upload-lost::promise: "
    )


def test_a_number_keeps_its_unit(written: Written) -> None:
    """However wide the terminal is, no line ends between "8.2" and "s"."""
    run = red(written).load()
    for width in range(60, 90):
        told = [line.plain for line in terminal.lines(run, width)]
        assert [line for line in told if "8.2 s)" in line]
        assert not [line for line in told if line.endswith("8.2")]
