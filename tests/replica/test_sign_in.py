"""Signing in with a real provider: where it starts, where it lands, and how each fault loses it
(incident 7).
"""

import pytest

from tests.conftest import Replica
from tests.support.replica_visitor import Visitor
from tests.support.sign_in_flow import START, first_leg, sign_in

ME = "/api/ops/api/users/me"


def oauth(visitor: Visitor) -> dict[str, str]:
    found: dict[str, str] = visitor.environment["oauth"]
    return found


def failed(visitor: Visitor) -> str:
    """Where auth-service sends whom it could not sign in."""
    return f"{visitor.environment['hosts']['api']}/login?error"


def asks_as(visitor: Visitor, token: str, path: str) -> int:
    return visitor.get("api", path, Authorization=f"Bearer {token}").status_code


def test_sign_in_lands_in_the_main_app_with_good_tokens(visitor: Visitor) -> None:
    """Access token, refresh token and user id, and nothing else, arrive at the default landing."""
    landed = sign_in(visitor, "alice")
    assert landed.place == oauth(visitor)["landing"]
    assert set(landed.query) == {"accessToken", "refreshToken", "userId"}
    assert landed.query["userId"] == visitor.environment["users"]["alice"]["id"]
    assert asks_as(visitor, landed.query["accessToken"], "/api/svc/user/api/users/me") == 200


def test_sign_in_from_the_portal_lands_there(visitor: Visitor) -> None:
    """The operator comes back to where he started, with a token that ops-service takes."""
    wish = oauth(visitor)["portal"] + "login"
    landed = sign_in(visitor, "operator", redirect_uri=wish)
    assert landed.place == wish
    assert asks_as(visitor, landed.query["accessToken"], ME) == 200


def test_a_second_sign_in_shows_no_page(visitor: Visitor) -> None:
    """The provider remembers its visitor, and a used code is worth nothing."""
    first, second = sign_in(visitor, "alice"), sign_in(visitor, "alice")
    assert first.way != second.way
    assert second.place == oauth(visitor)["landing"]
    assert visitor.http.get(first.way[1]).headers["location"] == failed(visitor)


def test_the_first_leg_says_what_google_must_hear(visitor: Visitor) -> None:
    """The environment file is right about address, client, scope and callback, with and without
    /api in front.
    """
    for path in (START, START.removeprefix("/api")):
        visitor.http.cookies.clear()
        answer = visitor.get("api", path)
        told = dict(answer.next_request.url.params) if answer.next_request else {}
        known = oauth(visitor)
        assert answer.headers["location"].partition("?")[0] == known["authorize"]
        assert {name: told[name] for name in ("client_id", "scope", "redirect_uri")} == {
            name: known[name] for name in ("client_id", "scope", "redirect_uri")
        }
        cookie = answer.headers["set-cookie"].lower().split("; ")
        assert {"path=/", "max-age=1800", "httponly", "secure", "samesite=lax"} <= set(cookie)


def test_the_state_of_another_session_is_refused(visitor: Visitor) -> None:
    """Neither another's state nor a session that is gone gets a token."""
    first_leg(visitor)
    assert visitor.get("api", "/api/oauth2/callback/google?code=c&state=s").headers[
        "location"
    ] == failed(visitor)
    visitor.http.cookies.clear()
    assert visitor.get("api", "/oauth2/callback/google?code=c&state=s").headers[
        "location"
    ] == failed(visitor)


def test_a_landing_that_is_not_listed_is_dropped(visitor: Visitor, replica: Replica) -> None:
    """Tokens go to the main app instead; with an empty list they go where they must not."""
    wish = "https://evil.invalid/landing"
    assert sign_in(visitor, "alice", redirect_uri=wish).place == oauth(visitor)["landing"]
    replica.set_faults(["redirect-uri-unchecked"])
    landed = sign_in(visitor, "alice", redirect_uri=wish)
    assert (landed.place, "accessToken" in landed.query) == (wish, True)


def test_a_late_filter_lands_everybody_in_the_main_app(visitor: Visitor, replica: Replica) -> None:
    """V6 §7: whoever started from the portal is sent to the main app."""
    replica.set_faults(["oauth-filter-runs-late"])
    landed = sign_in(visitor, "operator", redirect_uri=oauth(visitor)["portal"] + "login")
    assert landed.place == oauth(visitor)["landing"]


def test_sessions_of_one_pod_are_lost_at_the_other(visitor: Visitor, replica: Replica) -> None:
    """The callback is always the other pod's."""
    replica.set_faults(["oauth-session-stays-in-one-pod"])
    assert sign_in(visitor, "alice").place == f"{visitor.environment['hosts']['api']}/login"


def test_hosts_that_differ_lose_the_cookie(visitor: Visitor, replica: Replica) -> None:
    """Google sends people back to the apex host, where no cookie comes along."""
    replica.set_faults(["oauth-hosts-differ"])
    assert sign_in(visitor, "alice").address == failed(visitor)


def test_a_gateway_that_says_http_leads_there(visitor: Visitor, replica: Replica) -> None:
    """As after the move to the Istio gateway: the start is unknown, and Spring leads to its own by
    the scheme that it was told; the cookie is not Secure.
    """
    assert "secure" in first_leg(visitor).headers["set-cookie"].lower()
    visitor.http.cookies.clear()
    replica.set_faults(["forwarded-proto-missing"])
    answer = first_leg(visitor)
    again = f"{visitor.environment['hosts']['api']}{START.removeprefix('/api')}"
    assert answer.headers["location"] == again.replace("https:", "http:")
    assert "secure" not in answer.headers["set-cookie"].lower()


def test_a_callback_that_is_not_rewritten_leads_to_sign_in(
    visitor: Visitor, replica: Replica
) -> None:
    """Only the callback: the start goes on, and who comes back is sent to it without end."""
    replica.set_faults(["oauth-callback-not-rewritten"])
    again = f"{visitor.environment['hosts']['api']}{START.removeprefix('/api')}"
    assert sign_in(visitor, "alice").address == again
    assert visitor.http.get(again).headers["location"].startswith(oauth(visitor)["authorize"])


def test_pods_with_keys_of_their_own_show_and_use_them(visitor: Visitor, replica: Replica) -> None:
    """Two keys under one kid, and a sign-in whose tokens nobody takes; test tokens stay good."""

    def shown() -> set[str]:
        answers = [
            visitor.get("api", "/api/svc/auth/.well-known/jwks.json").json()["keys"][0]
            for _ in range(4)
        ]
        assert {key["kid"] for key in answers} == {visitor.environment["identity"]["kid"]}
        return {key["n"] for key in answers}

    assert len(shown()) == 1
    replica.set_faults(["auth-pods-hold-different-keys"])
    assert len(shown()) == 2
    token = sign_in(visitor, "operator").query["accessToken"]
    assert [asks_as(visitor, token, path) for path in (ME, "/api/svc/user/api/users/me")] == [
        401,
        401,
    ]
    assert visitor.get("api", ME, **visitor.bearer_header("operator")).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("token-lacks-email-claim", 401, "Email not found in token"),
        ("portal-user-missing", 403, "Not a portal user"),
    ],
)
def test_the_portal_refuses_with_a_reason(
    visitor: Visitor, replica: Replica, fault: str, status: int, said: str
) -> None:
    """Each fault by its own status, and the API tells why although the page does not."""
    replica.set_faults([fault])
    token = sign_in(visitor, "operator").query["accessToken"]
    answer = visitor.get("apex", ME, Authorization=f"Bearer {token}")
    assert (answer.status_code, said in answer.text) == (status, True)
