"""The words of reports in each language: promises, verdicts, causes and runbooks, each translated
in one place.

reports/render/texts/<language>.toml has the texts of the reports, `[promises]` by their English and
`[causes]` by the English template, whose n-th `{}` is `{n}` in the translation, counted from 0.
Runbooks are docs/runbooks/<code>.md and docs/runbooks/<language>/<code>.md. What was observed is
data and stays as it was written.
"""

import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.finding import Code, Verdict

ORIGINAL = "en"  # in which promises, causes and runbooks are written
LANGUAGES = (ORIGINAL, "ko")
_TEXTS = Path(__file__).parent / "texts"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Words:
    """One language. `code` is "en" or "ko", for `<html lang>` too."""

    code: str
    texts: dict[str, str]
    promises: dict[str, str] = field(default_factory=dict)
    causes: tuple[tuple[re.Pattern[str], str], ...] = ()

    def text(self, key: str, **values: object) -> str:
        """The text that reports/render/texts/<code>.toml has under `key`, with `{names}` filled in.
        Raises KeyError.
        """
        return self.texts[key].format(**values)

    def verdict(self, verdict: Verdict) -> str:
        """As a badge says it: BROKEN, NOT RUN."""
        return self.texts[f"verdict.{verdict}"]

    def state(self, verdict: Verdict) -> str:
        """As a sentence says it: broken, could not be asked."""
        return self.texts[f"state.{verdict}"]

    def promise(self, title: str) -> str:
        return self.promises.get(title, title)

    def cause(self, cause: str) -> str:
        """The translation of the template that `cause` was made from, of its clauses or
        alternatives, or `cause` itself.

        So with what fills a template.
        """
        if not self.causes:
            return cause
        for pattern, translated in self.causes:
            if made := pattern.fullmatch(cause):
                return translated.format(*map(self.cause, made.groups()))
        for separator, own in (("; ", "; "), (", or ", self.texts["cause.or"])):
            parts = cause.split(separator)
            if len(parts) == 1:
                continue
            translations = [self.cause(part) for part in parts]
            if translations != parts:
                return own.join(translations)
        return cause

    def runbook_path(self, code: str) -> str:
        """Where the repository says what to do about a finding of this code, in this language if it
        has it.
        """
        own = f"docs/runbooks/{self.code}/{code}.md"
        return (
            own if self.code != ORIGINAL and (_ROOT / own).is_file() else f"docs/runbooks/{code}.md"
        )

    def runbook(self, code: str) -> str:
        """The runbook as Markdown; "" where this installation has none."""
        try:
            return (_ROOT / self.runbook_path(Code(code))).read_text("utf-8")
        except (OSError, ValueError):
            return ""


@functools.cache
def words(lang: str = ORIGINAL) -> Words:
    """Raises KeyError for a language that is not in LANGUAGES."""
    if lang not in LANGUAGES:
        raise KeyError(lang)
    settings = tomllib.loads((_TEXTS / f"{lang}.toml").read_text("utf-8"))
    promises, causes = settings.pop("promises", {}), settings.pop("causes", {})
    templates = sorted(causes, key=_precedence, reverse=True)
    texts = dict(_flat(settings))
    if lang != ORIGINAL:
        texts = {**words(ORIGINAL).texts, **texts}  # what is not translated yet
    patterns = tuple((_pattern(template), causes[template]) for template in templates)
    return Words(lang, texts, promises, patterns)


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _precedence(template: str) -> tuple[bool, int]:
    """What adds a clause to any cause, as its proof, is tried before what would swallow it; then
    the longest.
    """
    return template.startswith("{}; "), len(template.replace("{}", ""))


def _pattern(template: str) -> re.Pattern[str]:
    """`{}` stands for anything, nothing and several lines included."""
    return re.compile("(.*)".join(map(re.escape, template.split("{}"))), re.DOTALL)


ENGLISH = words(ORIGINAL)
