"""Each cause is chosen by what tells it from its rivals; where nothing does, both are named."""

from dataclasses import dataclass, field, replace

import pytest

from probes.diagnosis import rivals
from probes.diagnosis.rivals import (
    AUTHORIZATION,
    EDGE,
    GATEWAY,
    QUERY,
    WORKSPACE,
    Choice,
    Evidence,
    Reply,
    Rival,
    choose,
)
from probes.finding import Code, Finding
from probes.transport.http import Answer
from probes.transport.wrong_status import stripped_cause

APEX = "https://wealist.co.kr/api/svc/board/api/projects/p-1?x=1"
API = APEX.replace("https://", "https://api.")
JSON = {"content-type": "application/json"}
SILENT = "api.wealist.co.kr did not answer within 3 s"


def said(status: int, body: bytes = b"{}", url: str = API, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET", url, status, {**JSON, **named}, body)


def refusal(message: str, status: int = 401, url: str = API) -> Answer:
    return said(status, f'{{"error": {{"code": "X", "message": "{message}"}}}}'.encode(), url)


GOOD = said(200, b'{"data": [1]}')
PAGE = said(200, b"<html></html>", APEX)
ALIVE = said(200, b'{"status": "alive"}', APEX)
NO_TOKEN = refusal("no token")
NO_WORKSPACE = refusal("no workspace", 400)
OTHER = refusal("other", 400)
FOUND = Finding(Code.ACCESS_REFUSED, "o", "board-service")


def refused(like: Answer, **more: Reply) -> Evidence:
    """The apex refuses as `like`, twice, what the api host gives."""
    first = replace(like, url=APEX)
    seen = Evidence(FOUND, first, GOOD, again=first, without=more)
    return replace(seen, without={_PARTS[name]: reply for name, reply in more.items()})


_PARTS = {"authorization": AUTHORIZATION, "workspace": WORKSPACE, "query": QUERY}
STORED = said(404, b'{"error": {}}', APEX, age="41")
LOST = "edge behaviour or origin: /api/* does not reach the gateway"
CACHE = "a cache in front of board-service"
UNNAMED = "what the edge changes of it is not known"
MASKS = replace(FOUND, code=Code.EDGE_MASKS_ERRORS)
KNOWN = replace(FOUND, code=Code.PROXY_ERROR)

SPOILT = replace(FOUND, code=Code.CONTRACT_BROKEN)
CUT = said(200, b'{"data": [1', APEX)

EDGE_ROWS: dict[str, tuple[Evidence, str, Code | None]] = {
    "no authorization": (
        refused(NO_TOKEN, authorization=NO_TOKEN, query=OTHER),
        f"does not pass on {AUTHORIZATION}",
        Code.REQUEST_STRIPPED,
    ),
    "no workspace": (
        refused(NO_WORKSPACE, authorization=NO_TOKEN, workspace=NO_WORKSPACE),
        f"does not pass on {WORKSPACE}",
        Code.REQUEST_STRIPPED,
    ),
    "no query, from a stranger, whom both refuse": (
        replace(refused(OTHER, query=OTHER), behind=refusal("not a member", 403)),
        f"does not pass on {QUERY}",
        Code.REQUEST_STRIPPED,
    ),
    "no query": (
        refused(OTHER, authorization=NO_TOKEN, query=OTHER),
        f"does not pass on {QUERY}",
        Code.REQUEST_STRIPPED,
    ),
    "something else": (refused(OTHER, authorization=NO_TOKEN, query=GOOD), UNNAMED, None),
    "stored": (Evidence(FOUND, STORED, GOOD), CACHE, Code.CACHED_ANSWER),
    "stored, while the api host is silent": (
        Evidence(FOUND, STORED, SILENT),
        CACHE,
        Code.CACHED_ANSWER,
    ),
    "stored there as well": (
        Evidence(FOUND, STORED, replace(STORED, url=API)),
        CACHE,
        Code.CACHED_ANSWER,
    ),
    "lost behaviour": (Evidence(FOUND, PAGE, GOOD, alive=PAGE), LOST, None),
    "masked": (
        Evidence(MASKS, PAGE, refusal("m", 403), alive=ALIVE),
        "CloudFront custom error response",
        None,
    ),
    "cut short": (Evidence(SPOILT, CUT, GOOD, alive=ALIVE, again=CUT), "is cut or changed", None),
    "somebody known": (Evidence(KNOWN, PAGE, GOOD, alive=PAGE), "board-service", None),
}


@pytest.mark.parametrize(("seen", "cause", "code"), EDGE_ROWS.values(), ids=EDGE_ROWS)
def test_the_edge_is_blamed_for_what_was_seen(
    seen: Evidence, cause: str, code: Code | None
) -> None:
    """One cause, and its own code."""
    choice = choose(EDGE, seen)
    assert choice is not None
    assert (cause in choice.cause, " tells which" in choice.cause) == (True, False)
    assert choice.code == code


HELD = {
    "the api host refuses as well": Evidence(FOUND, refusal("no"), refusal("no")),
    "the apex refused once": replace(refused(NO_TOKEN, authorization=NO_TOKEN), again=GOOD),
    "the apex was not asked again": replace(refused(NO_TOKEN), again=SILENT),
    "refused otherwise, and by no part that was left out": replace(
        refused(OTHER, query=refusal("not a member", 403)), behind=refusal("not a member", 403)
    ),
    "a write": replace(refused(NO_TOKEN, authorization=NO_TOKEN), is_read=False),
    "the api host is silent": Evidence(FOUND, refusal("no"), SILENT),
    "stored, and true": Evidence(FOUND, STORED, said(404, STORED.body)),
    "stored, and somebody else's": Evidence(
        replace(FOUND, code=Code.FOREIGN_DATA), replace(STORED, status=200), GOOD
    ),
    "cut short once": Evidence(SPOILT, CUT, GOOD, alive=ALIVE, again=GOOD),
    "cut short at the api host as well": Evidence(SPOILT, CUT, CUT, alive=ALIVE, again=CUT),
    "a page, and the api host has none": Evidence(FOUND, PAGE, said(404, b"404 page not found")),
    "a page, while the apex passes on that it is alive": Evidence(FOUND, PAGE, GOOD, alive=ALIVE),
}


@pytest.mark.parametrize("seen", HELD.values(), ids=HELD)
def test_what_does_not_tell_blames_nobody(seen: Evidence) -> None:
    """One refusal, a write, a silent host or an answer that is true proves nothing of the edge."""
    assert choose(EDGE, seen) is None


def test_rivals_that_nothing_tells_apart_are_both_named() -> None:
    """With the one command that would tell."""
    choice = choose(EDGE, refused(OTHER, workspace=OTHER, query=OTHER))
    assert choice is not None
    assert choice.code is Code.REQUEST_STRIPPED
    assert f"{WORKSPACE} (its origin request policy), or edge:" in choice.cause
    assert choice.cause.endswith(f"; `{rivals.POLICY}` tells which")


@dataclass(frozen=True)
class Behind:
    """What the gateway said, and whom that blames; nobody where `cause` is empty."""

    reply: Reply
    cause: str
    finding: Finding = field(default=FOUND)
    first: Answer = field(default=refusal("no", url=APEX))


DROPPED = replace(
    FOUND, code=Code.REQUEST_STRIPPED, cause=stripped_cause(AUTHORIZATION, "board-service")
)
GATEWAY_ROWS = {
    "no pods": Behind(said(503, b"no healthy upstream"), "selects no pod (a4263252), or no pod of"),
    "no route": Behind(said(404, b""), "gateway: no route for this path"),
    "a service's 404": Behind(refusal("gone", 404), ""),
    "another 503": Behind(refusal("busy", 503), ""),
    "redirect": Behind(said(302, b"", location="http://localhost:8080/x"), "a development address"),
    "silent": Behind(SILENT, ""),
    "drops it": Behind(
        refusal("no"), f"gateway: {AUTHORIZATION} does not reach board-service", DROPPED
    ),
    "does not drop it": Behind(GOOD, "", DROPPED),
    "dropped, as asked at the api host": Behind(
        GOOD, f"gateway: {AUTHORIZATION} does not reach board-service", DROPPED, refusal("no")
    ),
}


@pytest.mark.parametrize("row", GATEWAY_ROWS.values(), ids=GATEWAY_ROWS)
def test_the_gateway_is_blamed_for_what_it_said(row: Behind) -> None:
    """By Envoy's own words, by where it leads, or by what does not come through it."""
    choice = choose(GATEWAY, Evidence(row.finding, row.first, row.reply))
    assert (choice.cause if choice else "").count(row.cause or "gateway") == bool(row.cause)


def test_nothing_seen_is_no_choice() -> None:
    """And rivals with two codes keep the finding's."""
    one = Rival("one", lambda _seen: True, code=Code.CACHED_ANSWER)
    other = Rival("other", lambda _seen: True, tells="look")
    seen = Evidence(FOUND, GOOD, GOOD)
    assert choose((), seen) is None
    assert choose((one, other), seen) == Choice("one, or other; `look` tells which", None)
    assert choose((one, replace(other, refutes=lambda _seen: True)), seen) == Choice(
        "one", Code.CACHED_ANSWER
    )
