"""What the page says of one cause: its symptoms, what was exchanged when it was found, pictures and
files of it.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import quote, urlsplit

from probes.finding import Finding
from probes.results import Attempt
from reports.model.causes import Block
from reports.model.events import Artifact, Exchange
from reports.model.run import Result, Run
from reports.render.html_runbook import Runbook, runbook
from reports.render.languages import Words

EXCHANGES = 8  # of each broken promise
WITH_EVIDENCE = 40  # promises of one cause; the journal has the others' exchanges
BODY_CHARS = 900  # characters of a body
PICTURES = 8  # screenshots inside the page; others are linked
LARGEST_BYTES = 500_000  # bytes of a screenshot inside the page
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """`is_relevant`: the finding speaks of it, or it went wrong."""

    exchange: Exchange
    is_relevant: bool


@dataclass(frozen=True, slots=True)
class AttemptFile:
    """A file that the attempt left. `href` leads there from the run's folder; `picture` is it as a
    data URI.
    """

    name: str
    path: str
    href: str
    picture: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the attempt left that found what is shown."""

    scenario: Result
    finding: Finding | None
    attempt: Attempt | None
    exchanges: tuple[ShownExchange, ...]
    omitted_count: int
    files: tuple[AttemptFile, ...]


@dataclass(frozen=True, slots=True)
class CauseCard:
    """One cause on the page, with the runbook of its leading code."""

    anchor: str
    block: Block
    runbook: Runbook
    evidence: tuple[Evidence, ...]


def cards(run: Run, blocks: Sequence[Block], words: Words) -> list[CauseCard]:
    """In the order of all reports: worst first."""
    codes = [block.code or "unknown" for block in blocks]
    anchors = unique([f"finding-{code}" for code in codes])
    first_of_code = dict(reversed(list(zip(codes, anchors, strict=True))))
    pictures = dict(islice(_pictures(run, blocks), PICTURES))
    made = []
    for block, code, anchor in zip(blocks, codes, anchors, strict=True):
        meaning = runbook(words.runbook(code), first_of_code)
        shown = block.results[:WITH_EVIDENCE]
        evidence = tuple(_evidence(run, result, pictures) for result in shown)
        made.append(CauseCard(anchor, block, meaning, evidence))
    return made


def unique(names: Iterable[str]) -> list[str]:
    """As they may stand in an id and a link, no two the same."""
    seen: Counter[str] = Counter()
    made = []
    for name in names:
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        seen[slug] += 1
        if seen[slug] > 1:
            slug = f"{slug}--{seen[slug]}"
        made.append(slug)
    return made


def _shown_attempt(result: Result) -> Attempt | None:
    """The last attempt that found something, else the last."""
    attempts = result.outcome.attempts
    found = [attempt for attempt in attempts if attempt.finding]
    return next(reversed(found or attempts), None)


def _evidence(run: Run, result: Result, pictures: dict[str, str]) -> Evidence:
    attempt, finding = _shown_attempt(result), result.outcome.reported_finding
    number = attempt.number if attempt else 0
    exchanges = [each for each in result.exchanges if each.attempt == number]
    shown = [ShownExchange(each, _is_relevant(each, finding)) for each in exchanges]
    kept = _most_relevant(shown)
    artifacts = [each for each in result.artifacts if each.attempt == number]
    files = tuple(_file(run, artifact, pictures) for artifact in artifacts)
    return Evidence(result, finding, attempt, tuple(kept), len(shown) - len(kept), files)


def _is_relevant(exchange: Exchange, finding: Finding | None) -> bool:
    if exchange.error or (exchange.status or 0) >= 400:
        return True
    try:
        url = urlsplit(exchange.url)
        asked = f"{url.hostname or ''}{url.path}"
    except ValueError:  # a target may send any text as a location
        return False
    return bool(finding and len(url.path) > 1 and asked in finding.observed)


def _most_relevant(shown: Sequence[ShownExchange]) -> list[ShownExchange]:
    """In the order of time; where there are too many, the relevant ones, then the last."""
    ranked = sorted(range(len(shown)), key=lambda n: (shown[n].is_relevant, n), reverse=True)
    return [shown[n] for n in sorted(ranked[:EXCHANGES])]


def _pictures(run: Run, blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        for result in block.results:
            yield from _pictures_of(run, result)


def _pictures_of(run: Run, result: Result) -> Iterator[tuple[str, str]]:
    attempt = _shown_attempt(result)
    for artifact in result.artifacts:
        if attempt is None or artifact.attempt != attempt.number:
            continue
        if picture := _picture(run, artifact):
            yield artifact.path, picture


def _file(run: Run, artifact: Artifact, pictures: dict[str, str]) -> AttemptFile:
    path = path_inside(run.folder, artifact.path)
    href = f"./{quote(path.as_posix())}" if path else ""
    return AttemptFile(artifact.name, artifact.path, href, pictures.get(artifact.path, ""))


def _picture(run: Run, artifact: Artifact) -> str:
    path = path_inside(run.folder, artifact.path)
    if path is None:
        return ""
    whole = run.folder / path
    try:
        data = whole.read_bytes() if whole.stat().st_size <= LARGEST_BYTES else b""
    except OSError:
        return ""
    if not data.startswith(_PNG):
        return ""
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def path_inside(folder: Path, path: str) -> Path | None:
    """`path` relative to the run's folder; None where a journal that somebody else wrote points out
    of it.
    """
    try:
        own = folder.resolve()
        return (own / path).resolve().relative_to(own)
    except (OSError, ValueError):
        return None
