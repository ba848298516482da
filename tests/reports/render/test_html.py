"""report.html as text: whole, closed to the outside, and the same text whatever stands in the
journal.
"""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from probes.finding import Verdict
from reports.model.run import Run
from reports.render.html import page, printable
from reports.render.languages import LANGUAGES, words
from tests.reports.conftest import HTML, Written, green, killed, red

HOSTILE = "</script><img src=x onerror=alert(1)>'\"`{{ 7*7 }}{% x %}<!--\u202e\x1b[2J\ud800"


class Parsed(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def of(self, name: str) -> list[str]:
        return [value for _, named, value in self.attributes if named == name]


def hostile(written: Written) -> Run:
    """A run whose every field was written by somebody who means harm."""
    entry = dict.fromkeys(
        ("scenario", "title", "file", "classname", "name", "owner", "area", "incident"), HOSTILE
    )
    run: dict[str, Any] = dict.fromkeys(("run", "version", "environment", "apex", "trace"), HOSTILE)
    written.write(
        "run-started", odd=True, **run, deadline=HOSTILE, expected=[{**entry, "line": HOSTILE}]
    )
    written.write("fact", name=HOSTILE, value=HOSTILE).write(
        "fact", name="trace", value=f"javascript:{HOSTILE}"
    )
    message = {"headers": {HOSTILE: HOSTILE}, "body": HOSTILE}
    text: dict[str, Any] = dict.fromkeys(("kind", "method", "url", "error", "span"), HOSTILE)
    for scenario in (HOSTILE, None):
        here: dict[str, Any] = {"scenario": scenario, "attempt": 1}
        written.write(
            "exchange",
            odd=True,
            **here,
            **text,
            status=500,
            duration=1,
            request=message,
            response=message,
        )
        written.write("note", **here, text=HOSTILE)
        written.write("artifact", odd=True, **here, name=HOSTILE, path=HOSTILE)
    rungs = [{"name": HOSTILE, "held": False, "detail": HOSTILE}]
    found = {
        "code": HOSTILE,
        "observed": HOSTILE,
        "cause": HOSTILE,
        "reproduce_command": HOSTILE,
        "rungs": rungs,
    }
    written.write("attempt-started", scenario=HOSTILE, attempt=1)
    tried: dict[str, Any] = {
        "scenario": HOSTILE,
        "attempt": 1,
        "verdict": "broken",
        "duration": 1,
        "finding": found,
    }
    written.write("attempt-finished", odd=True, **tried)
    accepted = {"why": HOSTILE, "until": HOSTILE}
    more: dict[str, Any] = {"duration": 1, "accepted": accepted, "reason": HOSTILE}
    written.write(
        "scenario-finished", odd=True, scenario=HOSTILE, verdict="broken", finding=found, **more
    )
    return written.write("run-finished", odd=True, ended=HOSTILE, duration=1).load()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_text_stays_text(written: Written, lang: str) -> None:
    """Whatever a journal holds adds no element, no attribute that acts and no address to the page
    of a good one.
    """
    parsed = Parsed(page(hostile(written), words(lang)))
    assert set(parsed.tags) <= set(Parsed(page(red(written).load())).tags) | {"time"}
    assert parsed.tags.count("script") == 1
    assert [
        name for _, name, _ in parsed.attributes if name.startswith("on") or name == "style"
    ] == []
    assert [
        value for value in parsed.of("href") if not value.startswith(("#", "./", "data:,"))
    ] == []


def test_hostile_text_is_shown_as_it_was_written(written: Written) -> None:
    """A reader sees the attempt: escaped, with what would not be seen spelled out, and no template
    filled in.
    """
    text = page(hostile(written))
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "{{ 7*7 }}" in text
    assert "49" not in re.findall(r"<h1>.*?</h1>", text, re.DOTALL)[0]
    assert "\\u202e\\x1b[2J\\ud800" in text
    assert not set("\u202e\x1b\ud800") & set(text)


def test_the_policy_names_the_style_and_the_script(sample: tuple[str, Run]) -> None:
    """The hashes are those of what stands in the page, and no source but they and pictures inside
    is let in.
    """
    text = page(sample[1])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    sources = dict(part.split(" ", 1) for part in policy[1].replace("&#39;", "'").split("; "))
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        [inner] = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert sources.pop(directive) == f"'sha256-{digest}'"
    assert sources == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_page_needs_nothing_else(sample: tuple[str, Run]) -> None:
    """No element loads a file, and every link within the page has its end."""
    parsed = Parsed(page(sample[1]))
    assert [value for value in parsed.of("src") if not value.startswith("data:")] == []
    assert {"link", "iframe", "object"} & set(parsed.tags) <= {"link"}
    inner = {
        value[1:]
        for tag, name, value in parsed.attributes
        if name == "href" and value.startswith("#")
    }
    assert inner <= set(parsed.of("id"))
    assert len(parsed.of("id")) == len(set(parsed.of("id")))


def test_every_promise_and_every_finding_is_there(sample: tuple[str, Run]) -> None:
    """The page leaves nobody out: each scenario has its row, each finding its code and what was
    observed.
    """
    text = Parsed(page(sample[1]))
    rows = [value for value in text.of("id") if value.startswith("case-")]
    assert len(rows) == len(sample[1].scenarios)
    source = page(sample[1]).replace("<wbr>", "")
    for found in filter(None, (s.finding for s in sample[1].scenarios)):
        assert found.code in source
        assert found.observed in source


def test_the_run_tells_where_its_trace_is(written: Written) -> None:
    """A trace link is a link; without one the trace id is shown as text."""
    link = "https://grafana.example.org/trace/abab"
    written.write("fact", name="trace", value=link)
    assert f'<a href="{link}" rel="noreferrer">{"ab" * 16}</a>' in page(green(written).load())


@pytest.mark.parametrize(
    ("write", "strict", "verdict"),
    [(green, False, Verdict.HELD), (red, False, Verdict.BROKEN), (killed, False, Verdict.UNKNOWN)],
)
def test_the_first_mark_is_the_verdict(
    written: Written, write: object, strict: bool, verdict: Verdict
) -> None:
    """The head of the page has the verdict's own mark, which agrees with the exit code."""
    assert callable(write)
    assert f'<header class="hero {verdict}">' in page(write(written).load(), strict=strict)


def test_degraded_is_broken_where_that_was_asked_for(written: Written) -> None:
    """--strict-verdicts reaches the page: the same run is DEGRADED without it and BROKEN with
    it.
    """
    found = {**HTML, "code": "tls-expiring"}
    written.started("edge/tls").tried("edge/tls", "degraded", found).became(
        "edge/tls", "degraded", found
    )
    run = written.ended().load()
    heads = [
        re.search(r'<header class="hero ([a-z-]+)">', page(run, strict=strict))
        for strict in (False, True)
    ]
    assert [head and head[1] for head in heads] == ["degraded", "broken"]


@pytest.mark.slow
def test_a_run_that_broke_everywhere_stays_a_page(written: Written) -> None:
    """Four hundred broken promises with bodies of any size make a file that a browser opens: below
    4 MB.
    """
    names = [f"storage/a-file[{number}]" for number in range(400)]
    written.started(*names)
    body = {"headers": {"content-type": "text/html"}, "body": "x" * 20_000}
    for name in names:
        for _ in range(3):
            written.exchange(name, attempt=2, response=body, status=500)
        written.broken(name)
    assert len(page(written.ended().load())) < 4_000_000


def test_what_prints_is_left_alone() -> None:
    """Words of any language, line ends and tabs are shown; what turns or hides words is spelled
    out.
    """
    assert printable("파일\n\ta · é") == "파일\n\ta · é"
    assert printable("a\u202eb\u200bc\x00\ud800") == "a\\u202eb\\u200bc\\x00\\ud800"
    assert printable(7) == 7
