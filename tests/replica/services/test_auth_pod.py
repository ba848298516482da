"""A pod of auth-service: what it shares, and what it has for itself under each fault."""

import jwt
import pytest

from replica.services.auth_pod import Pod
from replica.state import Pending, World

PENDING = Pending("state", "nonce", "landing")


def pods(world: World) -> tuple[Pod, Pod]:
    return Pod(world, first=True), Pod(world, first=False)


def test_pods_share_sessions_and_the_key(world: World) -> None:
    """What one begins the other can end, and both sign alike."""
    first, second = pods(world)
    first.sessions["s"] = PENDING
    assert second.sessions["s"] is PENDING
    assert first.key.jwks() == second.key.jwks() == world.key.jwks()


def test_oauth_session_stays_in_one_pod(world: World) -> None:
    """A session is known where it began, and nowhere else."""
    world.faults = {"oauth-session-stays-in-one-pod"}
    first, second = pods(world)
    first.sessions["s"] = PENDING
    assert "s" in first.sessions
    assert "s" not in second.sessions


def test_auth_pods_hold_different_keys(world: World) -> None:
    """The second pod's tokens are good with its own key only, which it keeps."""
    world.faults = {"auth-pods-hold-different-keys"}
    first, second = pods(world)
    token = second.pair("u", "e")["accessToken"]
    assert world.key.read(first.pair("u", "e")["accessToken"])["sub"] == "u"
    assert second.key.read(token)["sub"] == "u"
    with pytest.raises(jwt.InvalidSignatureError):
        world.key.read(token)


def test_token_lacks_email_claim(world: World) -> None:
    """No email at all, in either token."""
    assert world.key.read(Pod(world, first=True).pair("u", "e")["accessToken"])["email"] == "e"
    world.faults = {"token-lacks-email-claim"}
    given = Pod(world, first=True).pair("u", "e")
    assert all(
        "email" not in world.key.read(given[name]) for name in ("accessToken", "refreshToken")
    )
