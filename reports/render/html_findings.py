"""What the page says of one finding: its promises, what was exchanged when it was told, pictures
and files of it.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import quote, urlsplit

from probes.finding import Finding, Rung, Verdict
from probes.results import Attempt
from reports.model.events import Artifact, Exchange
from reports.model.run import Result, Run
from reports.render import wording
from reports.render.html_runbook import Runbook, runbook
from reports.render.languages import Words

EXCHANGES = 8  # of each broken promise
WITH_EVIDENCE = 40  # promises of one finding; the journal has the others' exchanges
BODY = 900  # characters of a body
PICTURES, LARGEST = (
    8,
    500_000,
)  # screenshots inside the page, and the bytes of one; others are linked
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Shown:
    """An exchange; `tells`: the finding speaks of it, or it went wrong."""

    exchange: Exchange
    tells: bool


@dataclass(frozen=True, slots=True)
class Left:
    """A file that the attempt left. `href` leads there from the run's folder; `picture` is it as a
    data URI.
    """

    name: str
    path: str
    href: str
    picture: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the attempt left whose finding is told."""

    scenario: Result
    finding: Finding | None
    attempt: Attempt | None
    exchanges: tuple[Shown, ...]
    omitted: int
    files: tuple[Left, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One finding with all its promises, the first of them in front."""

    anchor: str
    group: tuple[Result, ...]
    finding: Finding | None
    runbook: Runbook
    evidence: tuple[Evidence, ...]

    @property
    def first(self) -> Result:
        return self.group[0]

    @property
    def blames(self) -> bool:
        """It says something of the target, not of the suite."""
        return self.first.verdict not in (Verdict.UNKNOWN, Verdict.NOT_RUN)

    @property
    def broken_rung(self) -> Rung | None:
        return (
            next((rung for rung in self.finding.rungs if not rung.held), None)
            if self.finding
            else None
        )


def findings(run: Run, words: Words) -> list[Told]:
    """In the order of all reports: worst first."""
    groups = wording.groups(run)
    anchors = unique([f"finding-{_code(group[0])}" for group in groups])
    leads = {
        _code(group[0]): anchor
        for group, anchor in reversed(list(zip(groups, anchors, strict=True)))
    }
    pictures = dict(islice(_pictures(run, groups), PICTURES))
    return [
        Told(
            anchor,
            tuple(group),
            wording.shown(group[0]),
            runbook(words.runbook(_code(group[0])), leads),
            tuple(_evidence(run, scenario, pictures) for scenario in group[:WITH_EVIDENCE]),
        )
        for group, anchor in zip(groups, anchors, strict=True)
    ]


def _code(scenario: Result) -> str:
    finding = wording.shown(scenario)
    return finding.code if finding else "unknown"


def unique(names: Iterable[str]) -> list[str]:
    """As they may stand in an id and a link, no two the same."""
    seen: Counter[str] = Counter()
    made = []
    for name in names:
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        seen[slug] += 1
        made.append(slug if seen[slug] == 1 else f"{slug}--{seen[slug]}")
    return made


def _told_by(scenario: Result) -> Attempt | None:
    """The last attempt that found something, else the last."""
    found = [attempt for attempt in scenario.outcome.attempts if attempt.finding]
    return next(reversed(found or scenario.outcome.attempts), None)


def _evidence(run: Run, scenario: Result, pictures: dict[str, str]) -> Evidence:
    attempt, finding = _told_by(scenario), wording.shown(scenario)
    number = attempt.number if attempt else 0
    shown = [Shown(e, _tells(e, finding)) for e in scenario.exchanges if e.attempt == number]
    kept = _most_telling(shown)
    left = tuple(_left(run, a, pictures) for a in scenario.artifacts if a.attempt == number)
    return Evidence(scenario, finding, attempt, tuple(kept), len(shown) - len(kept), left)


def _tells(exchange: Exchange, finding: Finding | None) -> bool:
    if exchange.error or (exchange.status or 0) >= 400:
        return True
    try:
        url = urlsplit(exchange.url)
        asked = f"{url.hostname or ''}{url.path}"
    except ValueError:  # a target may send any text as a location
        return False
    return bool(finding and len(url.path) > 1 and asked in finding.observed)


def _most_telling(shown: Sequence[Shown]) -> list[Shown]:
    """In the order of time; where there are too many, those that tell, then the last."""
    ranked = sorted(range(len(shown)), key=lambda n: (shown[n].tells, n), reverse=True)
    return [shown[n] for n in sorted(ranked[:EXCHANGES])]


def _pictures(run: Run, groups: Iterable[Sequence[Result]]) -> Iterator[tuple[str, str]]:
    for scenario in (scenario for group in groups for scenario in group):
        attempt = _told_by(scenario)
        for artifact in scenario.artifacts:
            if (
                attempt
                and artifact.attempt == attempt.number
                and (picture := _picture(run, artifact))
            ):
                yield artifact.path, picture


def _left(run: Run, artifact: Artifact, pictures: dict[str, str]) -> Left:
    path = inside(run.folder, artifact.path)
    href = f"./{quote(path.as_posix())}" if path else ""
    return Left(artifact.name, artifact.path, href, pictures.get(artifact.path, ""))


def _picture(run: Run, artifact: Artifact) -> str:
    path = inside(run.folder, artifact.path)
    try:
        whole = run.folder / path if path else None
        data = whole.read_bytes() if whole and whole.stat().st_size <= LARGEST else b""
    except OSError:
        return ""
    return (
        f"data:image/png;base64,{base64.b64encode(data).decode()}" if data.startswith(_PNG) else ""
    )


def inside(folder: Path, path: str) -> Path | None:
    """`path` relative to the run's folder; None where a journal that somebody else wrote points out
    of it.
    """
    try:
        own = folder.resolve()
        return (own / path).resolve().relative_to(own)
    except (OSError, ValueError):
        return None
