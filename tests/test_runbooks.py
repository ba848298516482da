"""Every runbook is in every language: the same shape, the same commands, and words that are
translated.
"""

import re
from pathlib import Path

import pytest

from probes.finding import Code
from reports.render.languages import ENGLISH, LANGUAGES, ORIGINAL, words

ROOT = Path(__file__).parent.parent
RUNBOOKS = ROOT / "docs" / "runbooks"
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HANGUL = re.compile("[\uac00-\ud7a3]")
HEADINGS = {"ko": ["어떻게 알았나", "여기를 본다", "이렇게 한다", "배운 곳", "재현"]}

other = pytest.mark.parametrize(
    "language", [language for language in LANGUAGES if language != ORIGINAL]
)
each_code = pytest.mark.parametrize("code", Code)


@other
def test_every_code_has_a_runbook_in_every_language(language: str) -> None:
    """Whoever is paged reads on in their own language, and no file speaks of a code that is
    gone.
    """
    there = {path.stem for path in (RUNBOOKS / language).glob("*.md")}
    said = [f"write docs/runbooks/{language}/{code}.md" for code in Code if code not in there]
    said += [f"remove docs/runbooks/{language}/{name}.md" for name in sorted(there - set(Code))]
    if said:
        pytest.fail("\n".join(said), pytrace=False)


@each_code
@other
def test_a_translated_runbook_has_the_shape_of_the_first(language: str, code: Code) -> None:
    """The same code, five headings, commands letter for letter, as many steps, and the same faults
    and incidents.
    """
    first, translated = ENGLISH.runbook(code), words(language).runbook(code)
    assert translated.startswith(f"# {code}\n\n")
    assert re.findall(r"^## (.+)$", FENCED.sub("", translated), re.MULTILINE) == HEADINGS[language]
    assert commands(translated) == commands(first)
    assert len(re.findall(r"^\d+\. ", translated, re.MULTILINE)) == len(
        re.findall(r"^\d+\. ", first, re.MULTILINE)
    )
    assert faults(translated) == faults(first)
    assert named(section(translated, 3)) == named(section(first, 3))
    assert links(translated) == links(first)
    assert all(HANGUL.search(section(translated, number)) for number in (-1, 0, 2))


def commands(text: str) -> list[list[str]]:
    """The commands of each fence, without what is remarked beside them."""
    fences = FENCED.findall(text)
    return [[re.sub(r"(^|\s+)# .*$", "", line) for line in fence.splitlines()] for fence in fences]


def section(text: str, number: int) -> str:
    """What stands under the n-th heading."""
    return re.split(r"^## .+$", FENCED.sub("", text), flags=re.MULTILINE)[number + 1]


def faults(text: str) -> list[str]:
    return re.findall(r"--fault ([a-z0-9-]+)", text)


def named(text: str) -> set[str]:
    """Reports and commits that taught us; the words between them are translated."""
    return set(re.findall(r"\b[0-9a-f]{8}\b|V6|§\d+|\b\d\.\d\b", text, re.ASCII))


def links(text: str) -> set[str]:
    """What the text links to, however deep the file lies."""
    return {Path(link.partition("#")[0]).name for link in re.findall(r"\]\(([^)\s]+)\)", text)}


@each_code
def test_the_path_of_a_runbook_leads_to_it(code: Code) -> None:
    """What a report names can be opened in the repository, in each language."""
    for language in LANGUAGES:
        path = words(language).runbook_path(code)
        assert (ROOT / path).read_text("utf-8") == words(language).runbook(code)
