"""What later runs need to know of a run, small enough to be kept where its folder does not last.

In each run's folder, and for many runs in the state store: names once, and a letter and a number
for each verdict.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from probes.finding import Verdict
from reports.model.run import NoRun, Run, load
from reports.render.writing import replace

NAME = "verdicts.json"  # in a run's folder: its own
BROUGHT = "history.json"  # in a run's folder: those of earlier runs, as the state store had them
MAX_CHARS = 200_000  # characters for all runs in the state store; a Secret holds a megabyte

RECENT = 5  # runs that are looked at for how long things take

_UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, zlib.error)
_VERDICT_OF = {str(verdict): verdict for verdict in Verdict}
_LETTERS = dict(zip(Verdict, "hdbuns", strict=True))
_VERDICTS = {letter: verdict for verdict, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Past:
    """What later runs need to know of one: {scenario id: (verdict, seconds)}. `began_at` is
    Unix time.
    """

    run: str
    environment: str
    began_at: float
    promises: dict[str, tuple[Verdict, float]]


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in one line. `is_quiet`: every promise held at once, or was skipped."""

    run: str
    environment: str
    began: float
    is_quiet: bool


def summary_of(past: Past) -> Summary:
    quiet = (Verdict.HELD, Verdict.SKIPPED)
    is_quiet = all(verdict in quiet for verdict, _ in past.promises.values())
    return Summary(past.run, past.environment, past.began_at, is_quiet)


def past_of(run: Run) -> Past:
    outcomes = {result.id: result.outcome for result in run.scenarios}
    promises = {name: (each.verdict, round(each.duration_s, 3)) for name, each in outcomes.items()}
    return Past(run.id, run.environment, run.began_at, promises)


def keep(run: Run) -> None:
    """Write what later runs need to know of this one, so that they need not read its journal."""
    past = past_of(run)
    promises = {name: [str(verdict), took] for name, (verdict, took) in past.promises.items()}
    # The summary has the first line, so that nobody needs to read the rest for it.
    summary = json.dumps(asdict(summary_of(past)), ensure_ascii=False).removesuffix("}")
    rest = json.dumps(promises, ensure_ascii=False)
    replace(run.folder / NAME, f'{summary},\n"promises": {rest}}}\n')


def recall(folder: Path) -> Past | None:
    """What became of the promises in the run that left `folder`; None where no run can be read
    there.
    """
    if past := _read(folder / NAME):
        return past
    try:
        return past_of(load(folder))  # a killed run keeps only its journal
    except NoRun:
        return None


def recall_summary(folder: Path) -> Summary | None:
    """As `recall`, without reading more than need be."""
    try:
        with (folder / NAME).open(encoding="utf-8") as file:
            head = json.loads(file.readline().rstrip().removesuffix(",") + "}")
        began, is_quiet = float(head["began"]), bool(head["is_quiet"])
        return Summary(str(head["run"]), str(head["environment"]), began, is_quiet)
    except _UNREADABLE:
        pass  # 0.1 had all in one line
    past = recall(folder)
    return summary_of(past) if past else None


def usual_durations(runs: Path, environment: str) -> dict[str, float]:
    """{scenario id: seconds} of the newest run of the environment in the folder of runs, if one of
    the last few left word.
    """
    for file in sorted(runs.glob(f"*/{NAME}"), reverse=True)[:RECENT]:
        past = _read(file)
        if past and past.environment == environment:
            return {name: seconds for name, (_, seconds) in past.promises.items()}
    return {}


def _read(file: Path) -> Past | None:
    try:
        return _past(json.loads(file.read_text("utf-8")))
    except _UNREADABLE:
        return None


def _past(whole: Any) -> Past:
    # 0.1 had a third value.
    promises = {
        str(name): (_VERDICT_OF[verdict], float(took))
        for name, (verdict, took, *_) in whole["promises"].items()
    }
    return Past(str(whole["run"]), str(whole["environment"]), float(whole["began"]), promises)


def write_history(folder: Path, earlier: Iterable[Past]) -> None:
    """Leave in a run's folder what the state store has of earlier runs. Raises OSError."""
    replace(folder / BROUGHT, pack(earlier))


def read_history(folder: Path) -> list[Past]:
    try:
        return unpack((folder / BROUGHT).read_text("utf-8"))
    except OSError:
        return []


def pack(pasts: Iterable[Past]) -> str:
    """As printable ASCII; the oldest runs are left out where it would be too large."""
    kept = list(pasts)
    while len(text := _pack(kept)) > MAX_CHARS:
        kept = kept[1:]
    return text


def _pack(pasts: Sequence[Past]) -> str:
    names = sorted({name for past in pasts for name in past.promises})
    runs = [[past.run, past.environment, past.began_at, *_row(past, names)] for past in pasts]
    return base64.b64encode(
        zlib.compress(json.dumps([names, runs], separators=(",", ":")).encode(), 9)
    ).decode()


def _row(past: Past, names: Sequence[str]) -> tuple[str, list[float]]:
    """A letter for each name, a dot where it was not expected; seconds of the others."""
    letters, durations = "", []
    for name in names:
        verdict, took = past.promises.get(name, (None, 0.0))
        letters += _LETTERS[verdict] if verdict else "."
        durations += [round(took, 2)] if verdict else []
    return letters, durations


def unpack(text: str) -> list[Past]:
    """What `pack` made; nothing where it cannot be read, as if nothing had been kept."""
    try:
        names, runs = (
            json.loads(zlib.decompress(base64.b64decode(text, validate=True))) if text else ([], [])
        )
        return [
            Past(run, where, began, _promises(names, letters, took))
            for run, where, began, letters, took in runs
        ]
    except _UNREADABLE:
        return []


def _promises(
    names: Sequence[str], letters: str, took: Sequence[float]
) -> dict[str, tuple[Verdict, float]]:
    durations = iter(took)
    pairs = [(name, letter) for name, letter in zip(names, letters, strict=True) if letter != "."]
    # 0.1 wrote some letters as capitals.
    return {name: (_VERDICTS[letter.lower()], next(durations)) for name, letter in pairs}
