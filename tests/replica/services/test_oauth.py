"""auth-service, sign-in: the session and what it keeps. The way through the provider is tested in
test_sign_in.py.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from replica.google import Google, SignInDeclined
from replica.state import ReplicaState
from tests.support.service_fixtures import HOSTS, Ask

START = "/oauth2/authorization/google"
CALLBACK = "/oauth2/callback/google"
LANDING = f"{HOSTS.apex}/oauth/callback"
FAILED = "https://auth-service/login?error"


def says(monkeypatch: pytest.MonkeyPatch, email: str) -> None:
    """Have Google vouch for somebody, if the code is good."""

    async def userinfo(_google: Google, code: str, _redirect_uri: str) -> dict[str, Any]:
        if code != "good":
            raise SignInDeclined("invalid_grant")
        return {"email": email, "name": "Somebody"}

    monkeypatch.setattr(Google, "userinfo", userinfo)


async def test_sign_in_starts_with_a_session(ask: Ask) -> None:
    """302 to Google, callback on the api host, a Secure session cookie that a second start goes on
    with.
    """
    browser = ask("auth")
    answer, again = await browser.get(START), await browser.get(START)
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert told["redirect_uri"] == [f"{HOSTS.api}/api/oauth2/callback/google"]
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=lax", "Max-Age=1800"} <= set(
        answer.headers["set-cookie"].split("; ")
    )
    assert "set-cookie" not in again.headers
    assert parse_qs(urlsplit(again.headers["location"]).query)["state"] != told["state"]


async def came_back(ask: Ask, code: str = "good", state: str = "", **asked: str) -> str:
    """Where a browser that went to Google and back is sent."""
    browser = ask("auth")
    start = await browser.get(START, params=asked)
    [sent] = parse_qs(urlsplit(start.headers["location"]).query)["state"]
    answer = await browser.get(CALLBACK, params={"code": code, "state": state or sent})
    place: str = answer.headers["location"]
    return place


async def test_who_comes_back_gets_tokens_once(
    ask: Ask, state: ReplicaState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The landing has them in its query, for the member whose address Google names."""
    bob = state.test_users["bob"]
    says(monkeypatch, bob.email)
    landed = urlsplit(await came_back(ask))
    assert f"{landed.scheme}://{landed.netloc}{landed.path}" == LANDING
    assert parse_qs(landed.query)["userId"] == [bob.id]
    assert state.key.read(parse_qs(landed.query)["accessToken"][0])["type"] == "access"


async def test_a_newcomer_is_given_an_account(
    ask: Ask, state: ReplicaState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first sign-in only."""
    says(monkeypatch, "new@probes.invalid")
    before = len(state.users)
    await came_back(ask)
    await came_back(ask)
    assert len(state.users) == before + 1


@pytest.mark.parametrize("wrong", [{"state": "another"}, {"code": "used"}])
async def test_a_callback_that_is_wrong_fails(
    ask: Ask, state: ReplicaState, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    """A state that the session never had, a code that Google does not know."""
    says(monkeypatch, state.test_users["bob"].email)
    assert await came_back(ask, **wrong) == FAILED


async def test_oauth_state_unchecked(
    ask: Ask, state: ReplicaState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any state will do; a session is needed all the same."""
    says(monkeypatch, state.test_users["bob"].email)
    state.faults = {"oauth-state-unchecked"}
    assert (await came_back(ask, state="another")).startswith(LANDING)
    assert (await ask("auth").get(CALLBACK, params={"code": "good"})).headers["location"] == FAILED


async def test_oauth_landing_without_token(
    ask: Ask, state: ReplicaState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right address, and nothing in it."""
    says(monkeypatch, state.test_users["bob"].email)
    state.faults = {"oauth-landing-without-token"}
    assert await came_back(ask) == LANDING


async def test_production_s_allow_list_is_empty(
    ask: Ask, state: ReplicaState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which means all (contract §2.1); otherwise an address that is not listed is dropped."""
    says(monkeypatch, state.test_users["bob"].email)
    evil = "https://evil.invalid/x"
    assert (await came_back(ask, redirect_uri=evil)).startswith(LANDING)
    state.production = True
    assert (await came_back(ask, redirect_uri=evil)).startswith(evil)


async def test_over_http_the_cookie_is_not_secure(ask: Ask) -> None:
    """As it was before SessionConfig: Spring Session goes by what the gateway says."""
    answer = await ask("auth").get(f"http://auth-service{START}")
    assert answer.status_code == 302
    assert "Secure" not in answer.headers["set-cookie"]


async def test_without_spring_session_the_cookie_is_tomcats(ask: Ask, state: ReplicaState) -> None:
    """JSESSIONID, neither Secure nor SameSite (contract §2.1)."""
    state.faults = {"oauth-session-stays-in-one-pod"}
    cookie = (await ask("auth").get(START)).headers["set-cookie"]
    assert cookie.startswith("JSESSIONID=")
    assert set(cookie.split("; ")[1:]) == {"HttpOnly", "Path=/"}


@pytest.mark.parametrize("production", [False, True])
async def test_a_redirect_uri_left_behind(
    ask: Ask, state: ReplicaState, monkeypatch: pytest.MonkeyPatch, *, production: bool
) -> None:
    """Who gives up on the portal and signs in on the app lands there only in production's way."""
    says(monkeypatch, state.test_users["bob"].email)
    state.production = production
    portal, browser = f"{HOSTS.apex}/api/ops-portal/login", ask("auth")
    await browser.get(START, params={"redirect_uri": portal})
    start = await browser.get(START)
    [sent] = parse_qs(urlsplit(start.headers["location"]).query)["state"]
    answer = await browser.get(CALLBACK, params={"code": "good", "state": sent})
    assert answer.headers["location"].partition("?")[0] == (portal if production else LANDING)


async def test_an_exception_in_the_callback_leads_to_sign_in(
    ask: Ask, state: ReplicaState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault oauth-callback-throws; a code that Google does not know is another matter."""
    says(monkeypatch, state.test_users["bob"].email)
    state.faults = {"oauth-callback-throws"}
    assert await came_back(ask) == "https://auth-service/oauth2/authorization/google"
    assert await came_back(ask, code="made up") == FAILED
