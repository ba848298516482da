"""Every language says all that English says: texts, promises and suspects, and nothing that is
gone.

What a test names as missing is exactly what is to be translated, in
reports/render/texts/<language>.toml.
"""

import ast
import re
import string
import tomllib

import pytest

from probes.finding import Verdict
from reports.render.languages import ENGLISH, LANGUAGES, ORIGINAL, Words, words
from tests.support.cause_texts import ROOT, templates

OTHERS = [language for language in LANGUAGES if language != ORIGINAL]
HANGUL = re.compile("[\uac00-\ud7a3]")

other = pytest.mark.parametrize("language", OTHERS)


def table(language: str, name: str) -> dict[str, str]:
    """One table of a language's file as it stands there."""
    settings = tomllib.loads(
        (ROOT / "reports" / "languages" / f"{language}.toml").read_text("utf-8")
    )
    found: dict[str, str] = settings[name]
    return found


def promises() -> set[str]:
    """The first line of every scenario's docstring, as reports show it."""
    nodes = [
        node
        for path in (ROOT / "scenarios").glob("test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
    ]
    tests = [
        node
        for node in nodes
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    return {(ast.get_docstring(node) or "").split("\n")[0] for node in tests}


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def compare(known: set[str], wanted: set[str], where: str) -> None:
    """Fail with every name that is to be added or taken out, none of them cut short."""
    said = [*(f"add to {where}: {name}" for name in sorted(wanted - known))]
    said += [f"take out of {where}: {name}" for name in sorted(known - wanted)]
    if said:
        pytest.fail("\n".join(said), pytrace=False)


@other
def test_every_text_is_translated(language: str) -> None:
    """The same keys, each with the same holes, and no text of a report that is gone."""
    ours = words(language).texts
    compare(set(ours), set(ENGLISH.texts), f"reports/render/texts/{language}.toml")
    assert {key: holes(text) for key, text in ours.items()} == {
        key: holes(t) for key, t in ENGLISH.texts.items()
    }


@other
def test_every_promise_is_translated(language: str) -> None:
    """What a scenario promises is known in every language, word for word, and no promise that
    nobody makes.
    """
    compare(
        set(table(language, "promises")),
        promises(),
        f"[promises] in reports/render/texts/{language}.toml",
    )


@other
def test_every_suspect_is_translated(language: str) -> None:
    """Whatever a probe can cause is known in every language, and no cause that nobody names."""
    compare(
        set(table(language, "causes")),
        set(templates()),
        f"[causes] in reports/render/texts/{language}.toml",
    )


@other
def test_a_translation_keeps_what_fills_it(language: str) -> None:
    """Each hole of a cause is filled once in its translation, whatever the order."""
    for template, translated in table(language, "causes").items():
        assert holes(translated) == {str(number) for number in range(template.count("{}"))}, (
            template
        )


def test_what_stands_in_korean_is_korean() -> None:
    """Nobody has copied the English to please the test, save where it is a name alone."""
    known = {**table("ko", "promises"), **table("ko", "causes")}
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
        ("storage-service", "storage-service"),
        ("{0} {} of another version", "{0} {} of another version"),
        ("", ""),
    ],
)
def test_a_suspect_is_told_by_its_template(cause: str, said: str) -> None:
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
    """A language without promises or suspects says them in English."""
    bare = Words("xx", {"a": "{b}!"})
    assert (bare.text("a", b=1), bare.promise("p"), bare.cause("s; t")) == ("1!", "p", "s; t")
