"""Writing for readers who come too early, leave too early, or know few letters."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO, cast


def replace(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all: who reads meanwhile gets the one before. Raises
    OSError.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, "utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


class ForgivingStream:
    """A text stream whose reader may be gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_gone = False

    def write(self, text: str) -> int:
        if not self.is_gone:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(self._escape(text))
            except OSError:  # of which BrokenPipeError is one
                self._give_up()
        return len(text)

    def _escape(self, text: str) -> str:
        encoding = self._stream.encoding or "ascii"
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if not self.is_gone:
            try:
                self._stream.flush()
            except OSError:
                self._give_up()

    def _give_up(self) -> None:
        """What is buffered goes nowhere; else Python would complain about it when it ends."""
        self.is_gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def any_reader() -> Iterator[None]:
    """What the block writes to stdout is no error of ours, wherever it goes: to `head`, which
    leaves early, to a full disk, to nobody (`>&-`); what the encoding does not have is its escape.
    """
    original = getattr(sys, "stdout", None)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        sys.stdout = cast("TextIO", ForgivingStream(original or nowhere))
        try:
            yield
            sys.stdout.flush()
        finally:
            sys.stdout = cast("TextIO", original)
