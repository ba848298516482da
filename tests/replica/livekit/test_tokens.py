"""What LiveKit says to a token, word for word."""

import time
from typing import Any

import jwt
import pytest

from replica.livekit.tokens import (
    Grants,
    LiveKitRefusal,
    TokenChecks,
    may_join,
    read,
    token_of_request,
)

KEY, SECRET = "APIx", "s" * 32
NOW = time.time()
CHECKS = TokenChecks({KEY: SECRET}, NOW)
SEAT = {"roomJoin": True, "room": "r"}


def token(secret: str = SECRET, **claims: Any) -> str:
    said = {"iss": KEY, "sub": "alice", "exp": int(NOW) + 60, "video": SEAT, **claims}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, secret)


def refused(text: str, checks: TokenChecks = CHECKS) -> str:
    with pytest.raises(LiveKitRefusal) as no:
        read(text, checks)
    assert no.value.status == 401
    return no.value.text


def test_a_good_token_says_who_may_do_what() -> None:
    """What is not taken away may be done in the room; what was not given may not be done beside
    it.
    """
    grants = read(token(name="Alice"), CHECKS)
    assert (grants.identity, grants.name, grants.room) == ("alice", "Alice", "r")
    assert [grants.allows(what) for what in ("roomJoin", "canPublish", "canSubscribe")] == [
        True
    ] * 3
    assert [grants.allows(what) for what in ("roomCreate", "roomList", "roomAdmin")] == [False] * 3
    assert not read(token(video={**SEAT, "canPublish": False}), CHECKS).allows("canPublish")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"secret": "t" * 32}, "go-jose/go-jose: error in cryptographic primitive"),
        ({"exp": int(NOW) - 61}, "go-jose/go-jose/jwt: validation failed, token is expired (exp)"),
        (
            {"nbf": int(NOW) + 62},
            "go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)",
        ),
    ],
)
def test_a_refusal_repeats_the_whole_token(wrong: dict[str, Any], said: str) -> None:
    """As the real server's does, which is why nobody may keep it as it came."""
    bad = token(**wrong)
    assert refused(bad) == f"invalid token: {bad}, error: {said}"


def test_a_minute_of_difference_is_forgiven() -> None:
    """Either way."""
    read(token(exp=int(NOW) - 59), CHECKS)
    read(token(nbf=int(NOW) + 59), CHECKS)


def test_what_is_no_token_and_whose_key_is_strange() -> None:
    """Two answers, of which the second names the key."""
    assert refused("no.token") == "invalid authorization token"
    assert refused(token(iss="APIother")) == "invalid API key: APIother"


def test_a_newer_server_has_other_words() -> None:
    """1.13.5 says with golang-jwt what 1.7.2 says with go-jose; neither wants an end, and iat is
    looked at by the older alone.
    """
    newer = TokenChecks(CHECKS.keys, NOW, is_new=True)
    for checks in (CHECKS, newer):
        read(token(exp=None), checks)
    expired = token(exp=int(NOW) - 61)
    assert refused(expired, newer).endswith("token has invalid claims: token is expired")
    issued_tomorrow = token(iat=int(NOW) + 3600)
    assert "issued in the future" in refused(issued_tomorrow)
    read(issued_tomorrow, newer)


def test_without_verifying_any_secret_will_do() -> None:
    """The fault of a server that only reads."""
    assert read(token("t" * 32), TokenChecks(CHECKS.keys, NOW, verify=False)).identity == "alice"


def test_the_header_goes_before_the_query() -> None:
    """And must name its scheme."""
    assert token_of_request("Bearer a", "b") == "a"
    assert token_of_request("", "b") == "b"
    with pytest.raises(LiveKitRefusal, match="Must start with Bearer"):
        token_of_request("Basic a", "b")


@pytest.mark.parametrize(
    ("grants", "status", "text"),
    [
        (None, 401, "no permissions to access the room"),
        (Grants("alice", "", {}), 401, "no permissions to access the room"),
        (Grants("alice", "", {"room": "r"}), 401, "permissions denied"),
        (Grants("", "", SEAT), 400, "identity cannot be empty"),
        (Grants("alice", "", {"roomJoin": True}), 400, "no room name"),
    ],
)
def test_who_may_not_join(grants: Grants | None, status: int, text: str) -> None:
    """Each reason has its words."""
    with pytest.raises(LiveKitRefusal) as no:
        may_join(grants, needs_room=True)
    assert (no.value.status, no.value.text) == (status, text)


def test_an_old_server_lets_into_a_room_without_a_name() -> None:
    """As 1.7.2 does."""
    assert may_join(Grants("alice", "", {"roomJoin": True})).room == ""
