"""A pod of auth-service: what it shares, and what it has for itself under each fault."""

import jwt
import pytest

from replica.services.auth_pod import Pod
from replica.state import ReplicaState, SignInSession

SESSION = SignInSession("state", "landing")


def pods(state: ReplicaState) -> tuple[Pod, Pod]:
    return Pod(state, first=True), Pod(state, first=False)


def test_pods_share_sessions_and_the_key(state: ReplicaState) -> None:
    """What one begins the other can end, and both sign alike."""
    first, second = pods(state)
    first.sessions["s"] = SESSION
    assert second.sessions["s"] is SESSION
    assert first.key.jwks() == second.key.jwks() == state.key.jwks()
    assert first.cookie == second.cookie == "SESSION"


def test_oauth_session_stays_in_one_pod(state: ReplicaState) -> None:
    """A session is known where it began, and nowhere else, by Tomcat's own cookie."""
    state.faults = {"oauth-session-stays-in-one-pod"}
    first, second = pods(state)
    first.sessions["s"] = SESSION
    assert "s" in first.sessions
    assert "s" not in second.sessions
    assert first.cookie == second.cookie == "JSESSIONID"


def test_auth_pods_hold_different_keys(state: ReplicaState) -> None:
    """The second pod's tokens are good with its own key only, which it keeps."""
    state.faults = {"auth-pods-hold-different-keys"}
    first, second = pods(state)
    token = second.pair("u", "e")["accessToken"]
    assert state.key.read(first.pair("u", "e")["accessToken"])["sub"] == "u"
    assert second.key.read(token)["sub"] == "u"
    with pytest.raises(jwt.InvalidSignatureError):
        state.key.read(token)


def test_token_lacks_email_claim(state: ReplicaState) -> None:
    """No email at all, in either token."""
    assert state.key.read(Pod(state, first=True).pair("u", "e")["accessToken"])["email"] == "e"
    state.faults = {"token-lacks-email-claim"}
    given = Pod(state, first=True).pair("u", "e")
    assert all(
        "email" not in state.key.read(given[name]) for name in ("accessToken", "refreshToken")
    )
