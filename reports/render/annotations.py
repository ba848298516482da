"""What GitHub Actions shows beside a change: one annotation a finding, and a summary of the run on
its page.

Workflow commands as in GitHub's documentation, "Workflow commands for GitHub Actions". A log line
of a hostile target may look like one, so none is obeyed while a report is told.
"""

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from probes.finding import Verdict
from reports.model.run import Result, Run
from reports.render import wording
from reports.render.languages import ENGLISH, Words

MOST = 10  # of each level that GitHub keeps for one step

_LEVELS = {
    Verdict.BROKEN: "error",
    Verdict.UNKNOWN: "warning",
    Verdict.NOT_RUN: "warning",
    Verdict.DEGRADED: "warning",
    Verdict.HELD: "notice",
}


def wanted(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


@contextlib.contextmanager
def deaf(stream: TextIO) -> Iterator[None]:
    """GitHub obeys nothing that is written meanwhile."""
    token = secrets.token_hex(16)
    stream.write(f"::stop-commands::{token}\n")
    try:
        yield
    finally:
        stream.write(f"::{token}::\n")
        stream.flush()


def show(run: Run, stream: TextIO, words: Words = ENGLISH) -> None:
    stream.writelines(f"{line}\n" for line in lines(run, words))
    stream.flush()


def lines(run: Run, words: Words = ENGLISH) -> Iterable[str]:
    """One workflow command a finding, worst first, no more of a level than GitHub keeps."""
    used = dict.fromkeys(_LEVELS.values(), 0)
    for group in wording.groups(run):
        level = _LEVELS[group[0].outcome.counts_as]
        used[level] += 1
        if used[level] <= MOST:
            yield _annotation(level, group, words)


def _annotation(level: str, group: Sequence[Result], words: Words) -> str:
    first = group[0]
    place = {"file": first.file, "line": str(first.line)} if first.file else {}
    properties = {**place, "title": wording.heading(group, words)}
    said = "\n".join(
        f"{words.text(f'label.{key}')}: {text}"
        for key, text in wording.rows(group, None, words)
        if key
    )
    named = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {named}::{_data(said)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(wording.one_line(text)).replace(":", "%3A").replace(",", "%2C")


def summarize(report: Path, environ: Mapping[str, str]) -> None:
    """Append the run's Markdown to the page of the workflow's run. Raises OSError."""
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{report.read_text('utf-8')}\n")
