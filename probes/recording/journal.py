"""The journal of a run: one JSON line an event, flushed as it happens, so that a kill loses
nothing.

`journal.schema.json` beside this file says what each event carries; reports read the journal and
nothing else.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME = "run.jsonl"

Event = dict[str, Any]


class Journal:
    """Append-only; `write` is one system call, so lines of a killed run are whole or absent."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / NAME).open("ab", buffering=0)

    def write(self, event: str, **fields: Any) -> None:
        line = json.dumps(
            {"event": event, "at": round(time.time(), 6), **fields}, ensure_ascii=False
        )
        # A lone surrogate in a body that we were sent must not cost us the line.
        self._file.write(line.encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        self._file.close()


def read(folder: Path) -> Iterator[Event]:
    """The events of the run that left `folder`; a torn last line is passed over."""
    for line in (folder / NAME).read_text("utf-8", "replace").split("\n"):
        try:
            yield json.loads(line)
        except ValueError:
            continue
