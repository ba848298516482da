"""A report is there whole or not at all, and its reader may be gone."""

import io
import os
import sys
from pathlib import Path

import pytest

from reports.render.writing import ForgivingStream, any_reader, replace


def test_when_writing_breaks_the_old_file_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs the new report, not the old one, and leaves no half one beside it."""
    path = tmp_path / "report.md"
    replace(path, "old")
    wrote = Path.write_text

    def breaks(self: Path, text: str, encoding: str) -> int:
        wrote(self, text[:1], encoding)
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", breaks)
    with pytest.raises(OSError, match="disk full"):
        replace(path, "new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_who_has_gone_is_no_error() -> None:
    """Neither what is written after it nor what was still buffered fails."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        out = ForgivingStream(file)
        os.close(reading)
        assert out.write("lost\n") == 5
        out.flush()
        assert out.is_gone
        out.writelines(["lost, too\n"])
        out.flush()


def test_letters_that_a_terminal_does_not_know_are_escaped() -> None:
    """And those that it knows are not."""
    raw = io.BytesIO()
    out = ForgivingStream(io.TextIOWrapper(raw, encoding="ascii"))
    out.write("a \uc57d\uc18d b\n")
    out.flush()
    assert raw.getvalue() == b"a \\uc57d\\uc18d b\n"


@pytest.mark.parametrize("place", ["", "/dev/full"])
def test_nobody_need_be_there_to_read(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was started without a stdout (`>&-`), or with a full disk for one."""
    with Path(place or os.devnull).open("w", encoding="utf-8") as file:
        stdout = file if place else None
        monkeypatch.setattr(sys, "stdout", stdout)
        with any_reader():
            print("lost" * 9999)
        assert sys.stdout is stdout
