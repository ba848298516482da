"""Names, colours and the text of others leave a report's columns and words as they are."""

import io
import re
from collections.abc import Callable

import pytest
from rich.cells import cell_len

from reports.model.run import Run
from reports.render import languages, terminal
from tests.reports.conftest import Written, expected, finding, green, intermittent, killed, red
from tests.support.terminals import Terminal, shown, uncoloured


def test_colours_say_nothing_that_words_do_not(
    sample: tuple[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal gets the same words; with NO_COLOR no colour at all."""
    monkeypatch.setenv("COLUMNS", str(terminal.PLAIN_WIDTH))
    _, run = sample
    plain, coloured = shown(run), shown(run, Terminal())
    assert "\x1b[" in coloured
    assert [line.rstrip() for line in uncoloured(coloured).splitlines()] == plain.splitlines()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not [
        code for code in _codes(shown(run, Terminal())) if code not in {"0", "1", "2"}
    ]  # bold and dim are none


def _codes(text: str) -> set[str]:
    return {code for part in text.split("\x1b[")[1:] for code in part.partition("m")[0].split(";")}


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


@pytest.mark.parametrize("make", [green, red, intermittent, killed])
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
