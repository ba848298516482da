"""A run in under 2,000 characters of Markdown, most important first: for a pull request, Argo CD or
Discord.

Discord refuses a longer message, and none of the three may learn whom to call, what to load or
where to link from text that a target has sent: whatever a run quotes is code or is escaped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from reports.model import causes
from reports.model.causes import Block
from reports.model.history import History
from reports.model.run import Run
from reports.render import cause_rows, wording
from reports.render.languages import ENGLISH, Words

LIMIT_CHARS = 2_000
SYMPTOMS = 3  # of one cause
_FENCE = "\n```text\n{}```\n"
_LONGEST_CHARS = 160  # characters of one quoted text
_SPECIAL = re.compile(r"([\\*_\[\]|<>~#])")
_CALLS = re.compile(r"(@|https?:/)")  # a mention, and what becomes a link without being asked


def text(
    run: Run,
    words: Words = ENGLISH,
    history: Mapping[str, History] = wording.NO_HISTORY,
    *,
    strict: bool = False,
) -> str:
    """The verdict, the causes worst first as far as there is room, and how to see the rest."""
    headline = wording.headline(run, words, history, strict=strict)
    head = f"**{quote(headline, 420)}**\n\n{_where(run, words)}\n"
    blocks = causes.blocks(run, history)
    body, room = "", LIMIT_CHARS - len(head) - 1
    for number, block in enumerate(blocks):
        part = "".join(f"{line}\n" for line in ("", *_lines(block, words, history)))
        rest = f"\n{words.text('markdown.rest', number=len(blocks) - number)}\n"
        is_last = number == len(blocks) - 1
        reserved = 0 if is_last else len(rest)
        if len(body) + len(part) + reserved > room:
            return f"{head}{body}{rest}"
        body += part
    return head + body


def with_changes(report: str, changes: Iterable[str]) -> str:
    """`report`, and as many of the lines that say what has changed as there is room for."""
    body, room = "", LIMIT_CHARS - len(report) - len(_FENCE) - 3
    for line in changes:
        if len(body) + len(line) + 1 > room:
            return report + _FENCE.format(f"{body}…\n") if body else report
        body += line.replace("`", "'") + "\n"
    return f"{report}{_FENCE.format(body)}"


def _where(run: Run, words: Words) -> str:
    facts = [
        (words.text("markdown.environment"), run.environment),
        (words.text("markdown.run"), run.id),
        *run.facts,
    ]
    facts += [(words.text("markdown.trace"), run.trace)] if run.trace else []
    return " · ".join(f"{quote(name, 24)} {code(value, 40)}" for name, value in facts[:5])


def _lines(block: Block, words: Words, history: Mapping[str, History]) -> Iterator[str]:
    lead, proof = block.lead, block.proof
    heading = cause_rows.heading(block, words).partition("  ")[2]
    title = quote(words.promise(lead.title))
    yield (
        f"- **{quote(cause_rows.badge(block, words))}** {code(heading)}: {title} ({code(lead.id)})"
    )
    if proof is None:
        return
    for label, text in cause_rows.block_rows(block, words, history):
        if label in ("cause", "since"):
            yield f"  - {words.text(f'label.{label}')}: {quote(text)}"
    for symptom in block.symptoms[:SYMPTOMS]:
        number = f" {code(symptom.code)} ({len(symptom.results)})"
        which = number if len(block.symptoms) > 1 else ""
        yield f"  - {words.text('label.observed')}{which}: {code(symptom.observation)}"
    if rung := block.broken_rung:
        broke = f"{code(rung.name)} {words.text('rung.broke')}: {code(rung.detail)}"
        yield f"  - {words.text('label.ladder')}: {broke}"
    if block.owners:
        yield f"  - {words.text('label.owner')}: {quote(', '.join(block.owners))}"
    yield f"  - {words.text('label.runbook')}: {code(words.runbook_path(block.code))}"


def quote(text: str, max_chars: int = _LONGEST_CHARS) -> str:
    """Text that looks as it was written: no mark-up, no link, no mention. At most so long when it
    is escaped.
    """
    plain = wording.one_line(text).replace("`", "'")
    escaped = _CALLS.sub("\\1\u200b", _SPECIAL.sub(r"\\\1", plain))
    whole = wording.cut(escaped, max_chars)
    dangling = len(whole.rstrip("…")) - len(whole.rstrip("…").rstrip("\\"))
    return whole.replace("\\…", "…") if dangling % 2 else whole


def code(text: str, max_chars: int = _LONGEST_CHARS) -> str:
    """As a code span, where nothing is mark-up but the back-tick itself."""
    plain = wording.cut(wording.one_line(text), max_chars).replace("`", "'")
    return f"`{plain or ' '}`"
