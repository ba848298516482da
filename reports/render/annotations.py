"""What GitHub Actions shows beside a change: one annotation a cause, and a summary of the run on
its page.

Workflow commands as in GitHub's documentation, "Workflow commands for GitHub Actions". A log line
of a hostile target may look like one, so none is obeyed while a report is written.
"""

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from probes.finding import Verdict
from reports.model import causes
from reports.model.causes import Block
from reports.model.history import History
from reports.model.run import Run
from reports.render import cause_rows, wording
from reports.render.languages import ENGLISH, Words

MOST = 10  # of each level that GitHub keeps for one step

_LEVELS = {
    Verdict.BROKEN: "error",
    Verdict.UNKNOWN: "warning",
    Verdict.NOT_RUN: "warning",
    Verdict.DEGRADED: "warning",
    Verdict.HELD: "notice",
}


def is_wanted(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


@contextlib.contextmanager
def commands_stopped(stream: TextIO) -> Iterator[None]:
    """GitHub obeys nothing that is written meanwhile."""
    token = secrets.token_hex(16)
    stream.write(f"::stop-commands::{token}\n")
    try:
        yield
    finally:
        stream.write(f"::{token}::\n")
        stream.flush()


def show(
    run: Run,
    stream: TextIO,
    words: Words = ENGLISH,
    history: Mapping[str, History] = wording.NO_HISTORY,
) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for line in lines(run, words, history):
        text = line.encode(encoding, "backslashreplace").decode(encoding)
        stream.write(f"{text}\n")
    stream.flush()


def lines(
    run: Run, words: Words = ENGLISH, history: Mapping[str, History] = wording.NO_HISTORY
) -> Iterable[str]:
    """One workflow command a cause, worst first, no more of a level than GitHub keeps."""
    used = dict.fromkeys(_LEVELS.values(), 0)
    for block in causes.blocks(run, history):
        level = _LEVELS[block.lead.outcome.counts_as]
        used[level] += 1
        if used[level] <= MOST:
            yield _annotation(level, block, words, history)


def _annotation(level: str, block: Block, words: Words, history: Mapping[str, History]) -> str:
    lead = block.lead
    properties = {"title": cause_rows.heading(block, words)}
    if lead.file:
        properties = {"file": lead.file, "line": str(lead.line), **properties}
    named = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    rows = cause_rows.block_rows(block, words, history)
    texts = [f"{words.text(f'label.{key}')}: {text}" if key else text for key, text in rows]
    message = _data("\n".join(texts))
    return f"::{level} {named}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(wording.one_line(text)).replace(":", "%3A").replace(",", "%2C")


def summarize(report: Path, environ: Mapping[str, str]) -> None:
    """Append the run's Markdown to the page of the workflow's run. Raises OSError."""
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{report.read_text('utf-8')}\n")
