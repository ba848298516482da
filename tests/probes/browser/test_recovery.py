"""What a page did is named right, the deepest cause first."""

import json
from dataclasses import replace
from typing import Any

import pytest

from probes.browser.recovery import Observation, explain_calls, explain_refusal, explain_return
from probes.browser.websockets import SWITCHING, PageSocket
from probes.finding import Code
from probes.transport.http import Answer
from tests.support.planted import token

APEX = "https://apex.example"
REFRESH = f"{APEX}/api/svc/auth/api/auth/refresh"
OLD, NEW = token(subject="old"), token(subject="new")
ATTEMPTS = 5


def answer(status: int, body: Any = None, method: str = "POST", url: str = REFRESH) -> Answer:
    if body is None:
        return Answer(method, url, status, {}, b"")
    headers = {"content-type": "application/json"}
    return Answer(method, url, status, headers, json.dumps(body).encode())


def socket(
    what: str = "chat", carries: str = NEW, status: int = SWITCHING, failure: str = ""
) -> PageSocket:
    return PageSocket(what, carries, f"{APEX}/api/svc/{what}/ws/1", status=status, failure=failure)


PAIR = answer(200, {"accessToken": NEW, "refreshToken": token(subject="next"), "userId": "u"})
NO_ACCESS = answer(200, {"accessToken": None, "refreshToken": token(), "userId": "u"})
SPENT = answer(401, {"code": "AUTH006", "message": "Token is blacklisted"})
BACK = Observation((socket(),), 1, (PAIR,), stale=frozenset({OLD}))


def test_a_page_that_is_back_has_nothing_to_explain() -> None:
    """One refresh, one attempt with its token, nobody logged out: the promise is kept."""
    assert explain_return(BACK, ["chat"], ATTEMPTS, refreshes=1) is None


RETURNS = {
    "the token from before the drop": (
        Observation((socket(carries=OLD, status=401),), 0, (), stale=frozenset({OLD})),
        Code.SOCKET_STALE_TOKEN,
    ),
    "the token from before the drop, though it had refreshed": (
        Observation((socket(carries=OLD),), 1, (PAIR,), stale=frozenset({OLD})),
        Code.SOCKET_STALE_TOKEN,
    ),
    "no access token in the new pair, whatever the page does then": (
        Observation((socket(carries=OLD),), 1, (NO_ACCESS,), 1, stale=frozenset({OLD})),
        Code.CONTRACT_BROKEN,
    ),
    "more attempts than twice the limit, of whatever token": (
        Observation(
            tuple(socket(carries=OLD, status=401) for _ in range(11)), stale=frozenset({OLD})
        ),
        Code.SOCKET_RECONNECT_STORM,
    ),
    "two refreshes, the second refused": (
        Observation((), 2, (PAIR, SPENT), logouts=1),
        Code.REFRESH_RACE_LOGOUT,
    ),
    "two refreshes, both good": (
        Observation((socket(),), 2, (PAIR, PAIR)),
        Code.REFRESH_RACE_LOGOUT,
    ),
    "its only refresh refused as spent": (
        Observation((), 1, (SPENT,), logouts=1),
        Code.REFRESH_REPLAYED,
    ),
    "three refreshes at once, two withdrawn when the page left": (
        Observation((), 3, (answer(401),), logouts=1),
        Code.REFRESH_RACE_LOGOUT,
    ),
    "two refreshes at once, the other withdrawn, the body kept": (
        Observation((), 2, (SPENT,), logouts=1),
        Code.REFRESH_RACE_LOGOUT,
    ),
    "a refresh asked for where auth-service has none": (
        Observation((), 1, (replace(answer(302), url="https://x/api/svc/auth/refresh"),), 1),
        Code.REFRESH_UNAVAILABLE,
    ),
    "the same, answered with a page": (
        Observation((), 1, (replace(answer(200), url="https://x/auth/refresh", status=404),)),
        Code.REFRESH_UNAVAILABLE,
    ),
    "attempts that had no network, and none after it": (
        Observation((replace(socket(status=0, failure="net::ERR_X"), offline=True),)),
        Code.PAGE_NOT_RECOVERED,
    ),
    "a refresh that had no network": (Observation((), 1, (answer(0),)), Code.PAGE_NOT_RECOVERED),
    "its only refresh refused, the body lost": (
        Observation((), 1, (answer(401),), logouts=1),
        Code.REFRESH_REPLAYED,
    ),
    "its only refresh that was answered, refused": (
        Observation((), 3, (answer(503), answer(0), SPENT), logouts=1),
        Code.REFRESH_REPLAYED,
    ),
    "a logout for a 503": (
        Observation((), 1, (answer(503),), logouts=1),
        Code.REFRESH_ERROR_LOGOUT,
    ),
    "a logout for no answer": (
        Observation((), 1, (answer(0),), logouts=1),
        Code.REFRESH_ERROR_LOGOUT,
    ),
    "a logout out of nothing": (Observation(logouts=1), Code.PAGE_NOT_RECOVERED),
    "no attempt at all": (Observation(), Code.PAGE_NOT_RECOVERED),
    "a socket of another kind": (
        Observation((socket("board"),), 1, (PAIR,)),
        Code.PAGE_NOT_RECOVERED,
    ),
    "refreshes that the gateway loses": (
        Observation((), 3, (answer(500, {"code": "AUTH999", "message": "Unexpected error"}),)),
        Code.REFRESH_UNAVAILABLE,
    ),
    "a page in answer to the upgrade": (
        Observation((socket(status=200),), 1, (PAIR,)),
        Code.SOCKET_UPGRADE_HTML,
    ),
    "an upgrade without its header": (
        Observation((socket(status=400),), 1, (PAIR,)),
        Code.SOCKET_UPGRADE_REFUSED,
    ),
    "an upgrade that fails in the service": (
        Observation((socket(status=500),), 1, (PAIR,)),
        Code.SERVICE_UNAVAILABLE,
    ),
    "an upgrade without an answer": (
        Observation((socket(status=0),), 1, (PAIR,)),
        Code.SOCKET_UPGRADE_STALLED,
    ),
    "an upgrade that is broken off": (
        Observation((socket(status=0, failure="net::ERR_CONNECTION_RESET"),), 1, (PAIR,)),
        Code.SERVICE_UNAVAILABLE,
    ),
}


@pytest.mark.parametrize(("seen", "code"), RETURNS.values(), ids=RETURNS)
def test_a_page_that_is_not_back_is_named(seen: Observation, code: Code) -> None:
    """Each way of not coming back has its own code."""
    finding = explain_return(seen, ["chat"], ATTEMPTS, refreshes=1)
    assert finding
    assert finding.code is code


@pytest.mark.parametrize(
    ("what", "count", "storms"), [("chat", 10, False), ("chat", 11, True), ("presence", 20, False)]
)
def test_presence_may_try_more_often(what: str, count: int, storms: bool) -> None:
    """Ten times in a row where the others may five times; twice that is a storm (contract 3.5)."""
    assert bool(Observation(tuple(socket(what) for _ in range(count))).storm(ATTEMPTS)) is storms


@pytest.mark.parametrize(
    ("statuses", "refused"), [((400, 400), False), ((400, 400, 0), False), ((400,) * 3, True)]
)
def test_three_refusals_are_enough(statuses: tuple[int, ...], refused: bool) -> None:
    """Two may be a pod that restarts; an attempt under way does not count."""
    assert (
        Observation(tuple(socket(status=status) for status in statuses)).is_refused("chat")
        is refused
    )


def test_an_attempt_that_has_just_begun_hides_no_refusal() -> None:
    """What the attempt before it was told is the news."""
    finding = explain_return(
        Observation((socket(status=400), socket(status=0))), ["chat"], ATTEMPTS
    )
    assert finding
    assert finding.code is Code.SOCKET_UPGRADE_REFUSED


def test_a_socket_that_ended_again_is_not_back() -> None:
    """A socket that opened and was dropped once more does not count."""
    gone = socket()
    gone.has_ended = True
    finding = explain_return(Observation((gone,), 1, (PAIR,)), ["chat"], ATTEMPTS)
    assert finding
    assert finding.code is Code.PAGE_NOT_RECOVERED


def test_the_token_is_told_by_its_label_only() -> None:
    """A finding shows whose token it was and when it ended, never the token."""
    finding = explain_return(
        Observation((socket(carries=OLD),), stale=frozenset({OLD})), ["chat"], ATTEMPTS
    )
    assert finding
    assert "<access token sub=old exp=2026-01-02T05:13:29Z #" in finding.observed
    assert OLD not in repr((finding, socket(carries=OLD)))


def test_as_many_refreshes_as_are_needed_are_let_through() -> None:
    """Where refreshes fail first, nobody counts them."""
    assert (
        explain_return(
            Observation((socket(),), 3, (answer(503), answer(0), PAIR)), ["chat"], ATTEMPTS
        )
        is None
    )


REFUSALS = {
    "a page that never asked": (Observation(), True, (), Code.PAGE_NOT_RECOVERED),
    "a page that stays": (Observation((), 1, (SPENT,)), False, (), Code.PAGE_NOT_RECOVERED),
    "a page that forgets nothing": (
        Observation((), 1, (SPENT,), logouts=1),
        True,
        ["accessToken"],
        Code.PAGE_NOT_RECOVERED,
    ),
    "a page that logs out twice": (
        Observation((), 1, (SPENT,), logouts=2),
        True,
        (),
        Code.REFRESH_RACE_LOGOUT,
    ),
    "a page that reconnects all the same": (
        Observation((socket(carries=OLD, status=401),), 1, (SPENT,), 1, frozenset({OLD})),
        True,
        (),
        Code.SOCKET_STALE_TOKEN,
    ),
    "a page that never stops": (
        Observation(tuple(socket() for _ in range(6)), 1, (SPENT,), 1),
        True,
        (),
        Code.SOCKET_RECONNECT_STORM,
    ),
    "one that leaves nothing behind": (Observation((), 1, (SPENT,), logouts=1), True, (), None),
}


@pytest.mark.parametrize(("seen", "at_login", "kept", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_page_is_judged(
    seen: Observation, at_login: bool, kept: list[str], code: Code | None
) -> None:
    """Logged out once, at the login page, without tokens, and quiet: nothing less."""
    finding = explain_refusal(seen, ATTEMPTS, at_login=at_login, kept=kept)
    assert (finding and finding.code) == code


@pytest.mark.parametrize(("asked", "proven"), [(0, True), (1, False)])
def test_only_who_asked_for_no_refresh_is_proven_to_ask_for_none(
    asked: int, *, proven: bool
) -> None:
    """A refresh that was under way may have been overtaken: that is another mistake."""
    seen = Observation((socket(carries=OLD),), asked, stale=frozenset({OLD}))
    finding = explain_return(seen, ["chat"], ATTEMPTS)
    assert finding
    assert ("; proven: " in finding.cause) is proven


def got(status: int, path: str = "/api/svc/user/api/workspaces/all") -> Answer:
    return answer(status, method="GET", url=APEX + path)


CALLS = {
    "each once more": (
        [got(401), got(401, "/api/b"), got(200), got(200, "/api/b?page=1")],
        1,
        None,
    ),
    "one never again": ([got(401), got(401, "/api/b"), got(200)], 1, Code.PAGE_NOT_RECOVERED),
    "one asked twice at once": ([got(401), got(401), got(200), got(200)], 1, None),
    "one refused twice": ([got(401), got(401), got(200)], 1, Code.PAGE_NOT_RECOVERED),
    "two refreshes": ([got(401), got(200)], 2, Code.REFRESH_RACE_LOGOUT),
    "repeated, and failed for another reason": ([got(401), got(403)], 1, None),
    "none refused, since the token was refreshed before": ([got(200)], 1, None),
    "nothing called": ([], 0, Code.PAGE_NOT_RECOVERED),
    "no service reached": ([got(0), got(503)], 0, Code.PAGE_NOT_RECOVERED),
    "an expired token let in": ([got(200)], 0, Code.STRANGER_ADMITTED),
}


def test_a_refresh_that_gives_nothing_explains_why_calls_are_not_repeated() -> None:
    """The deepest cause first: the calls wait for a token that never came."""
    lost = answer(500, {"code": "AUTH999", "message": "Unexpected error"})
    finding = explain_calls(Observation(refreshes=2, answers=(lost, lost)), [got(401)])
    assert finding
    assert finding.code is Code.REFRESH_UNAVAILABLE


@pytest.mark.parametrize(("replies", "asked", "code"), CALLS.values(), ids=CALLS)
def test_refused_calls_are_repeated_once(
    replies: list[Answer], asked: int, code: Code | None
) -> None:
    """One refresh for all, and each refused call repeated with success."""
    finding = explain_calls(Observation(refreshes=asked), replies)
    assert (finding and finding.code) == code
