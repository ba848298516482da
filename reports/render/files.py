"""Every report that a run leaves in its folder, written when it ends and again by `python -m
reports`.
"""

from collections.abc import Mapping

from reports.model import history
from reports.model.history import History
from reports.model.run import Run
from reports.model.verdict_store import keep
from reports.render import html, junit, markdown
from reports.render.languages import ENGLISH, Words
from reports.render.writing import replace

JUNIT, MARKDOWN, HTML = "junit.xml", "report.md", "report.html"


def write(run: Run, words: Words = ENGLISH, *, strict: bool = False) -> Mapping[str, History]:
    """Write them all, each whole or not at all; the histories of the promises are returned for the
    terminal.

    Raises OSError.
    """
    keep(run)
    past = history.strips(run, words)
    junit.write(run, run.folder / JUNIT, strict=strict)
    replace(run.folder / MARKDOWN, markdown.text(run, words, past, strict=strict))
    replace(run.folder / HTML, html.page(run, words, past, strict=strict))
    return past
