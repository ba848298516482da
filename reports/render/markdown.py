"""A run in under 2,000 characters of Markdown, most important first: for a pull request, Argo CD or
Discord.

Discord refuses a longer message, and none of the three may be told whom to call, what to load or
where to link by text that a target has sent: whatever a run quotes is code or is escaped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reports.model.history import History
from reports.model.run import Result, Run
from reports.render import wording
from reports.render.languages import ENGLISH, Words

LIMIT = 2_000
_FENCE = "\n```text\n{}```\n"
_LONGEST = 160  # characters of one quoted text
_SPECIAL = re.compile(r"([\\*_\[\]|<>~#])")
_CALLS = re.compile(r"(@|https?:/)")  # a mention, and what becomes a link without being asked


def text(
    run: Run,
    words: Words = ENGLISH,
    history: Mapping[str, History] = wording.NO_HISTORY,
    *,
    strict: bool = False,
) -> str:
    """The verdict, the findings worst first as far as there is room, and how to see the rest."""
    head = (
        f"**{quoted(wording.headline(run, words, strict=strict), 420)}**\n\n{_where(run, words)}\n"
    )
    groups = wording.groups(run)
    told, room = "", LIMIT - len(head) - 1
    for number, group in enumerate(groups):
        block = f"\n{_block(group, words, history)}"
        rest = f"\n{words.text('markdown.rest', number=len(groups) - number)}\n"
        last = number == len(groups) - 1
        if len(told) + len(block) + (0 if last else len(rest)) > room:
            return f"{head}{told}{rest}"
        told += block
    return head + told


def with_changes(report: str, changes: Iterable[str]) -> str:
    """`report`, and as many of the lines that say what has changed as there is room for."""
    told, room = "", LIMIT - len(report) - len(_FENCE) - 3
    for line in changes:
        if len(told) + len(line) + 1 > room:
            return report + _FENCE.format(f"{told}…\n") if told else report
        told += line.replace("`", "'") + "\n"
    return f"{report}{_FENCE.format(told)}"


def _where(run: Run, words: Words) -> str:
    facts = [
        (words.text("markdown.environment"), run.environment),
        (words.text("markdown.run"), run.id),
        *run.facts,
    ]
    facts += [(words.text("markdown.trace"), run.trace)] if run.trace else []
    return " · ".join(f"{quoted(name, 24)} {code(value, 40)}" for name, value in facts[:5])


def _block(group: Sequence[Result], words: Words, history: Mapping[str, History]) -> str:
    return "".join(f"{line}\n" for line in _lines(group, words, history))


def _lines(group: Sequence[Result], words: Words, history: Mapping[str, History]) -> Iterator[str]:
    first, finding = group[0], wording.shown(group[0])
    verdict, _, heading = wording.heading(group, words).partition("  ")
    number = f" ({len(group)}x)" if len(group) > 1 else ""
    yield (
        f"- **{quoted(verdict)}** {code(heading)}{number}: {quoted(words.promise(first.title))} "
        f"({code(first.id)})"
    )
    if finding is None:
        return
    yield f"  - {words.text('label.cause')}: {quoted(words.cause(finding.cause))}"
    yield f"  - {words.text('label.observed')}: {code(finding.observed)}"
    if broken := next((rung for rung in finding.rungs if not rung.held), None):
        yield (
            f"  - {words.text('label.ladder')}: {code(broken.name)} {words.text('rung.broke')}: "
            f"{code(broken.detail)}"
        )
    if first.id in history:
        yield f"  - {words.text('label.since')}: {quoted(history[first.id].sentence)}"
    yield f"  - {words.text('label.runbook')}: {code(words.runbook_path(finding.code))}"


def quoted(said: str, most: int = _LONGEST) -> str:
    """Text that looks as it was written: no mark-up, no link, no mention. At most so long when it
    is escaped.
    """
    plain = wording.one_line(said).replace("`", "'")
    escaped = _CALLS.sub("\\1\u200b", _SPECIAL.sub(r"\\\1", plain))
    whole = cut(escaped, most)
    dangling = len(whole.rstrip("…")) - len(whole.rstrip("…").rstrip("\\"))
    return whole.replace("\\…", "…") if dangling % 2 else whole


def code(said: str, most: int = _LONGEST) -> str:
    """As a code span, where nothing is mark-up but the back-tick itself."""
    plain = cut(wording.one_line(said), most).replace("`", "'")
    return f"`{plain or ' '}`"


def cut(said: str, most: int) -> str:
    return said if len(said) <= most else f"{said[: most - 1].rstrip()}…"
