"""report.html: one file that says what broke, since when and where to look; it loads nothing and
works from disk.

Every value is escaped by Jinja2, and what does not print is shown as its escape. The page's own
policy lets nothing in but its own style and script, named by their hashes (CSP level 3, section
2.3.1), and pictures inside the page.
"""

import base64
import functools
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from probes.finding import EXIT_BROKEN, EXIT_HELD, Verdict
from reports.model import causes, timeline
from reports.model.history import History
from reports.model.run import COMPLETED, Run
from reports.render import html_findings, html_promises, wording
from reports.render.html_promises import mark_of
from reports.render.languages import ENGLISH, Words

_FOLDER = Path(__file__).parent / "page"
NOTES = 20  # of the run itself


def page(
    run: Run,
    words: Words = ENGLISH,
    past: Mapping[str, History] = wording.NO_HISTORY,
    *,
    strict: bool = False,
) -> str:
    """The whole file. `past`: {scenario id: history}; without it the page knows of this run
    alone.
    """
    cards = html_findings.cards(run, causes.blocks(run, past), words)
    style, script = _source("style.css"), _source("page.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            run=run,
            words=words,
            t=words.text,
            past=past,
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704
            policy=_policy(style, script),
            verdict=_verdict(run, strict=strict),
            claim=wording.claim(run, words, strict=strict),
            counts=_counts(run, words),
            cards=cards,
            timeline=timeline.timeline(run),
            promises=html_promises.promises(run, past, cards),
            trace_link=_trace_link(run),
            areas=sorted({scenario.area for scenario in run.scenarios if scenario.area}),
            notes=run.notes[-NOTES:],
            drawn={
                "runs": html_promises.longest_strip(past),
                "step": html_promises.STEP,
                "height": html_promises.STRIP,
            },
            completed=run.ended == COMPLETED,
        )
    )


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=printable,
    )
    filters: dict[str, Callable[..., Any]] = {
        "seconds": wording.seconds,
        "milliseconds": lambda duration: f"{duration * 1000:,.0f} ms",
        "moment": _moment,
        "excerpt": _excerpt,
        "breaks": _breaks,
    }
    environment.filters |= filters
    return environment


def _source(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    allowed = {"style-src": style, "script-src": script}
    named = "; ".join(f"{directive} '{_hash(text)}'" for directive, text in allowed.items())
    return f"default-src 'none'; {named}; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _verdict(run: Run, *, strict: bool) -> Verdict:
    code = run.exit_code(strict=strict)
    if code == EXIT_HELD:
        return Verdict.DEGRADED if run.counts[Verdict.DEGRADED] else Verdict.HELD
    return Verdict.BROKEN if code == EXIT_BROKEN else Verdict.UNKNOWN


def _counts(run: Run, words: Words) -> list[tuple[str, int, str]]:
    """(verdict or "accepted", how many, as a sentence says it); what is accepted is neither held
    nor broken here.
    """
    ended = Counter(mark_of(scenario) for scenario in run.scenarios)
    states = {str(verdict): words.state(verdict) for verdict in Verdict} | {
        "accepted": words.text("headline.accepted")
    }
    return [(mark, ended[mark], state) for mark, state in states.items() if ended[mark]]


_ODD = re.compile(
    r"[^\S \n\t]|[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-"
    r"\udfff\ufeff]"
)


def printable(value: Any) -> Any:
    """Text as it may stand in a page: what would not be seen, or would turn the words around it, is
    spelled out.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return value if value.isprintable() else _ODD.sub(_spell_out, value)


def _spell_out(odd: re.Match[str]) -> str:
    return odd[0].encode("unicode_escape").decode()


def _excerpt(body: str) -> str:
    most = html_findings.BODY_CHARS
    return body if len(body) <= most else f"{body[:most]}…"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _breaks(text: str) -> Markup:
    """Where a long path may go on in the next line."""
    return Markup("/<wbr>").join(Markup(escape(printable(part))) for part in text.split("/"))  # noqa: S704 - escaped


def _trace_link(run: Run) -> str:
    """What the run says of where its spans are seen; nothing but the web's own schemes."""
    link = dict(run.facts).get("trace", "")
    return link if link.startswith(("https://", "http://")) else ""
