"""A translated runbook says what the English one says: shape, commands, faults and sources.

A code without a translation is listed at the end of the tests; it fails nothing.
"""

import re
from pathlib import Path

import pytest

from probes.finding import Code
from reports.render.languages import ENGLISH, LANGUAGES, ORIGINAL, words
from tests.support.untranslated import Untranslated

ROOT = Path(__file__).parent.parent
RUNBOOKS = ROOT / "docs" / "runbooks"
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HANGUL = re.compile("[\uac00-\ud7a3]")
HEADINGS = {"ko": ["의미", "영향", "진단", "조치", "재현"]}
OTHERS = [language for language in LANGUAGES if language != ORIGINAL]
WRITTEN_OUT = ("Impact", "Mitigation")  # sections that are sentences, not commands and names

other = pytest.mark.parametrize("language", OTHERS)
each_code = pytest.mark.parametrize("code", Code)


def path(language: str, code: str) -> Path:
    return RUNBOOKS / language / f"{code}.md"


def translations() -> list[tuple[str, Code]]:
    pairs = [(language, code) for language in OTHERS for code in Code]
    return [(language, code) for language, code in pairs if path(language, code).is_file()]


@other
def test_a_code_without_a_translated_runbook_is_listed(
    language: str, untranslated: Untranslated
) -> None:
    """No translated runbook speaks of a code that is gone; one that is missing is listed."""
    there = {file.stem for file in (RUNBOOKS / language).glob("*.md")}
    for code in sorted(set(Code) - there):
        untranslated(f"add docs/runbooks/{language}/{code}.md")
    gone = [f"remove docs/runbooks/{language}/{name}.md" for name in sorted(there - set(Code))]
    assert gone == [], "\n".join(gone)


@pytest.mark.parametrize(("language", "code"), translations())
def test_a_translated_runbook_has_the_shape_of_the_first(language: str, code: Code) -> None:
    """The same code, five headings, commands letter for letter, as many steps, and the same faults
    and sources.
    """
    first, translated = ENGLISH.runbook(code), words(language).runbook(code)
    file = f"docs/runbooks/{language}/{code}.md"
    assert translated.startswith(f"# {code}\n\n"), f"begin {file} with its code"
    assert headings(translated) == HEADINGS[language], f"give {file} the headings of the others"
    assert commands(translated) == commands(first), f"copy the commands of {code}.md to {file}"
    assert steps(translated) == steps(first), f"give {file} the steps of {code}.md"
    assert faults(translated) == faults(first), f"name the faults of {code}.md in {file}"
    assert sources(translated) == sources(first), f"name the sources of {code}.md in {file}"
    assert links(translated) == links(first), f"give {file} the links of {code}.md"


@pytest.mark.parametrize(("language", "code"), translations())
def test_a_translated_runbook_is_translated(language: str, code: Code) -> None:
    """Nobody has copied the English sentences to please the test."""
    parts = sections(words(language).runbook(code))
    english = headings(ENGLISH.runbook(code))
    copied = [
        name
        for name, part in zip(english, parts[1:], strict=True)
        if name in WRITTEN_OUT and not HANGUL.search(part)
    ]
    assert copied == [], f"translate {copied} in docs/runbooks/{language}/{code}.md"
    assert HANGUL.search(parts[0]), f"translate the summary of docs/runbooks/{language}/{code}.md"


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", FENCED.sub("", text), re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """The commands of each fence, without what is remarked beside them."""
    fences = FENCED.findall(text)
    return [without_remarks(fence) for fence in fences]


def without_remarks(fence: str) -> list[str]:
    return [re.sub(r"(^|\s+)# .*$", "", line) for line in fence.splitlines()]


def sections(text: str) -> list[str]:
    """What stands above the first heading, then what stands under each."""
    return re.split(r"^## .+$", FENCED.sub("", text), flags=re.MULTILINE)


def steps(text: str) -> int:
    return len(re.findall(r"^\d+\. ", text, re.MULTILINE))


def faults(text: str) -> list[str]:
    return re.findall(r"--fault ([a-z0-9-]+)", text)


def sources(text: str) -> set[str]:
    """Reports and commits that taught us, which end the first section; the words between them are
    translated.
    """
    paragraph = sections(text)[1].strip().rpartition("\n\n")[2]
    return set(re.findall(r"\b[0-9a-f]{8}\b|V6|§\d+|\b\d\.\d\b", paragraph, re.ASCII))


def links(text: str) -> set[str]:
    """What the text links to, however deep the file lies."""
    return {Path(link.partition("#")[0]).name for link in re.findall(r"\]\(([^)\s]+)\)", text)}


@each_code
def test_the_path_of_a_runbook_leads_to_it(code: Code) -> None:
    """What a report names can be opened in the repository, in each language."""
    for language in LANGUAGES:
        named = words(language).runbook_path(code)
        assert (ROOT / named).read_text("utf-8") == words(language).runbook(code)
