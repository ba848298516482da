"""One run out of several: shards of an environment, reported as the one run that they are."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from probes.recording import journal
from reports.model.events import Event, first, last, number, text
from reports.model.run import COMPLETED, Run, load

SPANS = "spans.jsonl"


class CannotMerge(Exception):  # noqa: N818 - it reads as what it says
    """The runs are not shards of one; the message says why and what to do."""


def merge(folders: Sequence[Path], into: Path) -> Run:
    """Write the journal of one run into `into`, with what the others left beside theirs, and load
    it.

    Of a scenario that several asked, the latest answer counts. Raises CannotMerge, NoRun, OSError.
    """
    if not folders:
        raise CannotMerge("no run is named; name the folders of the shards after --merge FOLDER")
    journals = {folder: _events(folder) for folder in folders}
    _check(journals, into)
    into.mkdir(parents=True, exist_ok=True)
    whole = sorted(_move_events(journals, into), key=lambda event: number(event, "at"))
    starts, ends = (
        [first(e, "run-started") for e in journals.values()],
        [last(e, "run-finished") for e in journals.values()],
    )
    written = journal.Journal(into)
    try:
        _write(written, _start(starts, into.name))
        for event in whole:
            _write(written, event)
        for event in _end(starts, ends, list(journals.values())):
            _write(written, event)
    finally:
        written.close()
    return load(into)


def _events(folder: Path) -> list[Event]:
    load(folder)  # says in its own words that there is no run
    return [event for event in journal.read(folder) if isinstance(event, dict)]


def _check(journals: dict[Path, list[Event]], into: Path) -> None:
    if (into / journal.NAME).exists():
        raise CannotMerge(f"{into} holds a run already; name a new folder after --merge")
    for folder, events in journals.items():
        if not first(events, "run-started"):
            raise CannotMerge(
                f"the journal in {folder} lacks its beginning; merge the others without it"
            )
    environments = {
        text(first(events, "run-started"), "environment") for events in journals.values()
    }
    if len(environments) > 1:
        named = ", ".join(sorted(environments))
        raise CannotMerge(
            f"these runs asked different environments ({named}); merge those of one at a time"
        )


def _start(starts: Sequence[Event], run: str) -> Event:
    expected: dict[str, Any] = {}
    for start in starts:
        for entry in start.get("expected") or []:
            expected.setdefault(text(entry, "scenario"), entry)
    at, deadline = min(number(s, "at") for s in starts), max(number(s, "deadline") for s in starts)
    whole = {key: value for key, value in starts[0].items() if key != "shard"}
    return whole | {"at": at, "run": run, "deadline": deadline, "expected": list(expected.values())}


def _move_events(journals: dict[Path, list[Event]], into: Path) -> Iterator[Event]:
    """All that happened, with artifacts where they are now; what is recorded once for a run is left
    out.
    """
    facts = set()
    for index, (folder, events) in enumerate(journals.items()):
        _append(folder / SPANS, into / SPANS)
        for event in events:
            kind = event.get("event")
            if kind == "artifact":
                yield _copy_artifact(event, folder, into, f"shard-{index}")
            elif kind == "fact":
                fact = (text(event, "name"), text(event, "value"))
                if fact not in facts:
                    yield event
                facts.add(fact)
            elif kind not in ("run-started", "run-finished", "spans", "fact"):
                yield event


def _copy_artifact(event: Event, folder: Path, into: Path, shard: str) -> Event:
    """Two shards may call their pictures the same, so each has a folder of its own. Nothing from
    outside is copied.
    """
    source = (folder / text(event, "path").replace("\0", "")).resolve()
    moved = f"{shard}/{text(event, 'path')}"
    if source.is_file() and source.is_relative_to(folder.resolve()):
        (into / moved).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, into / moved)
    return {**event, "path": moved}


def _append(source: Path, aim: Path) -> None:
    if source.is_file():
        with aim.open("ab") as file:
            file.write(source.read_bytes())


def _end(
    starts: Sequence[Event], ends: Sequence[Event], journals: Sequence[Sequence[Event]]
) -> Iterator[Event]:
    """A shard that was killed leaves the whole without an end."""
    counted = [last(events, "spans") for events in journals]
    sums = {name: _sum(counted, name) for name in ("kept", "exported", "lost")}
    over = max(number(events[-1], "at") for events in journals)
    if all(counted):
        reasons = filter(None, (text(spans, "reason") for spans in counted))
        yield {"event": "spans", "at": over, **sums, "reason": next(reasons, "")}
    if all(ends):
        how = next((ended for end in ends if (ended := text(end, "ended")) != COMPLETED), COMPLETED)
        began = min(number(start, "at") for start in starts)
        yield {
            "event": "run-finished",
            "at": over,
            "ended": how,
            "duration": round(over - began, 6),
        }


def _sum(events: Sequence[Event], name: str) -> int:
    return int(sum(number(each, name) for each in events))


def _write(written: journal.Journal, event: Event) -> None:
    fields = {name: value for name, value in event.items() if name != "event"}
    written.write(str(event.get("event")), **fields)
