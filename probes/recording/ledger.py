"""What a run creates is tagged with the run's id, entered here before it exists, and removed at the
end.

After a kill a later run sweeps: first what the ledgers of dead runs on this machine name, then
whatever the target lists under an old run's tag.
"""

import contextlib
import fcntl
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from probes.recording import journal

NAME = "ledger.jsonl"
TAG = re.compile(r"^probe-(?P<run>(?P<at>\d{8}T\d{6})Z-[0-9a-f]{6})-")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was, or was about to be, created. `id` is empty while the target has not said
    it.
    """

    kind: str
    name: str
    id: str = ""


class Ledger:
    """Entries of one run; the lock on its file says that the run is alive."""

    def __init__(self, folder: Path) -> None:
        self._run, self._runs = folder.name, folder.parent
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / NAME).open("a", buffering=1, encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._entries: dict[str, Entry] = {}
        self._serial = 0
        self._kinds: set[str] = set()

    def enter(self, kind: str, label: str) -> str:
        """The name to create something under; call before it exists."""
        self._serial += 1
        self._kinds.add(kind)
        name = f"probe-{self._run}-{self._serial}-{label}"
        self._keep(Entry(kind, name))
        return name

    def identify(self, name: str, identity: str) -> None:
        """The target has said the id of what was entered as `name`."""
        self._keep(Entry(self._entries[name].kind, name, identity))

    def mark_removed(self, name: str) -> None:
        """It is gone; nothing is left to clean up."""
        self._entries.pop(name, None)
        self._file.write(json.dumps({"removed": name}) + "\n")

    def is_own(self, name: str) -> bool:
        """Whether `name` is one that this run has given."""
        return name.startswith(f"probe-{self._run}-")

    @property
    def kinds(self) -> set[str]:
        """What this run has created some of."""
        return set(self._kinds)

    @property
    def open_entries(self) -> list[Entry]:
        return list(self._entries.values())

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.name] = entry
        self._file.write(
            json.dumps({"kind": entry.kind, "name": entry.name, "id": entry.id}) + "\n"
        )

    def close(self) -> None:
        self._file.close()

    def leftovers(self, apex: str) -> Iterator[tuple[Path, list[Entry]]]:
        """What runs that are dead now have left at `apex`, by the ledger file that says so."""
        for path in sorted(self._runs.glob(f"*/{NAME}")):
            if path.parent.name == self._run:
                continue
            entries = _left_in(path)
            if entries and _place(path.parent) == apex:
                yield path, entries


def is_still_needed(folder: Path) -> bool:
    """Whether the run that left `folder` is alive, or has left something behind that is still to be
    swept.
    """
    path = folder / NAME
    return path.is_file() and (not _is_dead(path) or bool(_left_in(path)))


def _is_dead(path: Path) -> bool:
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def mark_cleaned_up(path: Path, entry: Entry) -> None:
    """Say in the ledger of a dead run that `entry` has been swept."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"removed": entry.name}) + "\n")


def is_left_over(name: str, older_than: timedelta, now: datetime) -> bool:
    """Whether `name` carries the tag of a run that began so long ago that it cannot be alive."""
    tag = TAG.match(name)
    try:
        return (
            tag is not None
            and datetime.strptime(tag["at"] + "+0000", "%Y%m%dT%H%M%S%z") < now - older_than
        )
    except ValueError:  # no date: somebody else's name
        return False


def _place(folder: Path) -> str:
    """The apex that the run which left `folder` asked; what one environment does not know may still
    lie in another.
    """
    try:
        return str(next((event["apex"] for event in journal.read(folder) if "apex" in event), ""))
    except OSError:
        return ""


def _left_in(path: Path) -> list[Entry]:
    """What a dead run entered and did not remove; nothing while the run is alive."""
    if not _is_dead(path):
        return []
    left: dict[str, Entry] = {}
    for line in path.read_text("utf-8").splitlines():
        with contextlib.suppress(ValueError):
            _apply(left, json.loads(line))
    return list(left.values())


def _apply(left: dict[str, Entry], line: dict[str, Any]) -> None:
    if "removed" in line:
        left.pop(line["removed"], None)
    else:
        left[line["name"]] = Entry(line["kind"], line["name"], line["id"])
