"""The journal of a run: one JSON line an event, flushed as it happens, so that a kill loses
nothing.

`journal.schema.json` beside this file says what each event carries; reports read the journal and
nothing else.
"""

import errno
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME = "run.jsonl"

Event = dict[str, Any]


class Journal:
    """Append-only; `write` is one system call, so lines of a killed run are whole or absent.

    A disk that is full ends no run: from then on events are kept in memory, as `unwritten`, and
    `trouble` says what the disk said.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / NAME).open("a+b", buffering=0)
        self.unwritten: list[Event] = []
        self.trouble = ""

    def write(self, event: str, **fields: Any) -> None:
        entry = {"event": event, "at": round(time.time(), 6), **fields}
        if self.trouble:
            self.unwritten.append(entry)
            return
        try:
            self._append(line(entry))
        except (OSError, ValueError) as error:  # ValueError: closed
            self.trouble = f"could not be written ({getattr(error, 'strerror', '') or error})"
            self.unwritten.append(entry)

    def _append(self, text: bytes) -> None:
        if self._file.write(text) != len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def events(self) -> Iterator[Event]:
        """All that was written, also where the folder has vanished since, and what could not be."""
        with os.fdopen(os.dup(self._file.fileno()), "rb") as file:
            file.seek(0)
            yield from _events(file.read())
        yield from self.unwritten

    def close(self) -> None:
        self._file.close()


def line(entry: Event) -> bytes:
    """An event as the journal has it."""
    # A lone surrogate in a body that we were sent must not cost us the line.
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def read(folder: Path) -> Iterator[Event]:
    """The events of the run that left `folder`; a torn last line is passed over."""
    return _events((folder / NAME).read_bytes())


def _events(content: bytes) -> Iterator[Event]:
    for text in content.decode("utf-8", "replace").split("\n"):
        try:
            yield json.loads(text)
        except ValueError:
            continue
