"""Every language says what English says. What is not translated yet, or left over, is listed at the
end of the tests, and the English is shown meanwhile.
"""

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from probes.finding import Verdict
from reports.render.languages import ENGLISH, LANGUAGES, ORIGINAL, Words, words
from tests.support.cause_texts import ROOT, templates
from tests.support.untranslated import Untranslated

OTHERS = [language for language in LANGUAGES if language != ORIGINAL]
HANGUL = re.compile("[\uac00-\ud7a3]")

other = pytest.mark.parametrize("language", OTHERS)


def path(language: str) -> str:
    return f"reports/render/texts/{language}.toml"


def settings(language: str) -> dict[str, Any]:
    """A language's file as it stands there."""
    return tomllib.loads((ROOT / path(language)).read_text("utf-8"))


def promises() -> set[str]:
    """The first paragraph of every scenario's docstring, as reports show it."""
    files = (ROOT / "scenarios").glob("test_*.py")
    nodes = [node for path in files for node in ast.parse(path.read_text("utf-8")).body]
    functions = [node for node in nodes if isinstance(node, ast.AsyncFunctionDef)]
    texts = [ast.get_docstring(node) or "" for node in functions if node.name.startswith("test_")]
    return {" ".join(text.partition("\n\n")[0].split()) for text in texts}


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def compare(known: set[str], wanted: set[str], where: str, untranslated: Untranslated) -> None:
    """List every name that is to be added or taken out: who rewords the English may not know the
    other language.
    """
    for name in sorted(wanted - known):
        untranslated(f"add to {where}: {name}")
    for name in sorted(known - wanted):
        untranslated(f"remove from {where}: {name}")


@other
def test_every_text_has_a_translation(language: str, untranslated: Untranslated) -> None:
    """Each text of a report has the holes of its English; one that is missing is listed."""
    ours = dict(flatten(settings(language), without=("promises", "causes")))
    compare(set(ours), set(ENGLISH.texts), path(language), untranslated)
    for key in ours.keys() & ENGLISH.texts.keys():
        english = ENGLISH.texts[key]
        assert holes(ours[key]) == holes(english), f"correct {key} in {path(language)}: {english}"


def flatten(table: dict[str, Any], without: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield key, value
        elif key not in without:
            yield from ((f"{key}.{name}", text) for name, text in flatten(value))


@other
def test_every_promise_has_a_translation(language: str, untranslated: Untranslated) -> None:
    """What a scenario promises, word for word; one that is missing is listed."""
    where = f"[promises] in {path(language)}"
    compare(set(settings(language)["promises"]), promises(), where, untranslated)


@other
@pytest.mark.slow
def test_every_cause_has_a_translation(language: str, untranslated: Untranslated) -> None:
    """Whatever a probe can name as a cause; one that is missing is listed."""
    where = f"[causes] in {path(language)}"
    compare(set(settings(language)["causes"]), set(templates()), where, untranslated)


def test_what_is_not_translated_is_english() -> None:
    """A missing text costs nobody a report."""
    assert set(words("ko").texts) == set(ENGLISH.texts)
    assert words("ko").promise("What nobody has translated.") == "What nobody has translated."


@other
def test_a_translation_keeps_what_fills_it(language: str) -> None:
    """Each hole of a cause is filled once in its translation, whatever the order."""
    for template, translated in settings(language)["causes"].items():
        assert holes(translated) == {str(number) for number in range(template.count("{}"))}, (
            template
        )


def test_what_stands_in_korean_is_korean() -> None:
    """Nobody has copied the English to please the test, save where it is a name alone."""
    known = {**settings("ko")["promises"], **settings("ko")["causes"]}
    copied = [english for english, korean in known.items() if not HANGUL.search(korean)]
    assert [english for english in copied if not re.fullmatch(r"auth-service: \w+", english)] == []


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (
            "storage base path: the service serves /api/storage, the gateway sends /storage",
            (
                "storage 베이스 경로: 서비스가 제공하는 경로는 /api/storage, 게이트웨이가 보내는 "
                "경로는 "
                "/storage"
            ),
        ),
        (
            (
                "ops-service verifies signatures, but exp is not looked at; the same token is "
                "refused by user-service"
            ),
            "ops-service: 서명은 검증하지만 exp를 확인하지 않음; 같은 토큰을 user-service는 거절함",
        ),
        (
            (
                "user-service reads tokens without verifying them (X without "
                "RequestAuthentication, contract 2.5)"
            ),
            "user-service: 토큰을 검증하지 않고 읽음 (RequestAuthentication 없는 X, contract 2.5)",
        ),
        (
            "gateway: no route for this path, or the gateway's rewrite; `look x` tells which",
            (
                "게이트웨이: 이 경로의 라우트가 없음, 또는 게이트웨이의 리라이트. `look x` "
                "명령으로 구별함"
            ),
        ),
        (
            "storage base path: the service serves /a, the gateway sends /b; proven: X has no Y",
            (
                "storage 베이스 경로: 서비스가 제공하는 경로는 /a, 게이트웨이가 보내는 경로는 /b; "
                "증명됨: X has no Y"
            ),
        ),
        ("storage-service", "storage-service"),
        ("{0} {} of another version", "{0} {} of another version"),
        ("", ""),
    ],
)
def test_a_cause_is_translated_by_its_template(cause: str, said: str) -> None:
    """Whatever fills a template comes through, its own templates translated; what nobody knows
    stays as it was.
    """
    assert words("ko").cause(cause) == said
    assert ENGLISH.cause(cause) == cause


def test_every_verdict_has_a_word() -> None:
    """As the table shows it: no dash, capitals; in Korean each another one."""
    assert {ENGLISH.verdict(verdict) for verdict in Verdict} == {
        "HELD",
        "DEGRADED",
        "BROKEN",
        "UNKNOWN",
        "NOT RUN",
        "SKIPPED",
    }
    assert len({words("ko").verdict(verdict) for verdict in Verdict}) == len(Verdict)


def test_a_language_that_nobody_speaks_is_an_error() -> None:
    """Nothing falls back in silence."""
    with pytest.raises(KeyError):
        words("fr")


def test_a_promise_of_another_version_stays_as_it_was() -> None:
    """An old journal is told all the same."""
    assert words("ko").promise("What nobody promises any more.") == "What nobody promises any more."


@pytest.mark.parametrize("code", ["", "nonsense", "../../README", "unknown/../unknown"])
def test_a_code_that_is_none_has_no_runbook(code: str) -> None:
    """A code comes from a journal, and leads to no other file."""
    assert words("ko").runbook(code) == ENGLISH.runbook(code) == ""


def test_words_can_be_made_by_hand() -> None:
    """A language without promises or causes says them in English."""
    bare = Words("xx", {"a": "{b}!"})
    assert (bare.text("a", b=1), bare.promise("p"), bare.cause("s; t")) == ("1!", "p", "s; t")
