"""What LiveKit thinks of an access token, in its own words (livekit.md §2; service/auth.go at
v1.7.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

LEEWAY_S = 60
NO_PERMISSION = "no permissions to access the room"


class LiveKitRefusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """What the server says to a token: a status and a text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True, slots=True)
class Grants:
    """Who a token is for, and the claim `video`: what it allows."""

    identity: str
    name: str
    video: Mapping[str, Any]

    def allows(self, grant: str) -> bool:
        """Whether `grant` is given; publishing and subscribing are, unless they are taken away."""
        return bool(
            self.video.get(grant, grant in {"canPublish", "canSubscribe", "canPublishData"})
        )

    @property
    def room(self) -> str:
        return str(self.video.get("room", ""))


@dataclass(frozen=True, slots=True)
class Checks:
    """What tokens are checked against: the keys, the server's clock, and how strict its version
    is.
    """

    keys: Mapping[str, str]
    now: float
    needs_expiry: bool = False
    verify: bool = True


def sent(authorization: str, query: str) -> str:
    """The token of a request; empty where it has none. Raises Refused."""
    if not authorization:
        return query
    if not authorization.startswith("Bearer "):
        raise LiveKitRefusal(401, "invalid authorization header. Must start with Bearer ")
    return authorization.removeprefix("Bearer ")


def read(token: str, checks: Checks) -> Grants:
    """The grants of a good token. Raises Refused."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise LiveKitRefusal(401, "invalid authorization token") from None
    key = str(claims.get("iss", ""))
    if key not in checks.keys:
        raise LiveKitRefusal(401, f"invalid API key: {key}")
    if wrong := _wrong(token, claims, checks):
        raise LiveKitRefusal(401, f"invalid token: {token}, error: {wrong}")
    return Grants(
        str(claims.get("sub", "")), str(claims.get("name", "")), claims.get("video") or {}
    )


def _wrong(token: str, claims: Mapping[str, Any], checks: Checks) -> str:
    """What go-jose says of the token; empty where it is good."""
    options: Any = {
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": False,
    }
    try:
        if checks.verify:
            jwt.decode(token, checks.keys[claims["iss"]], algorithms=["HS256"], options=options)
    except jwt.InvalidTokenError:
        return "go-jose/go-jose: error in cryptographic primitive"
    until, since = claims.get("exp"), claims.get("nbf")
    if until is None and checks.needs_expiry:
        return "token has invalid claims: exp claim is required"
    if until is not None and checks.now > float(until) + LEEWAY_S:
        return "go-jose/go-jose/jwt: validation failed, token is expired (exp)"
    if since is not None and checks.now < float(since) - LEEWAY_S:
        return "go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)"
    return ""


def may_join(grants: Grants | None, *, needs_room: bool = False) -> Grants:
    """The grants, if they let somebody into a room. Raises Refused."""
    if grants is None or not grants.allows("roomJoin"):
        raise LiveKitRefusal(401, NO_PERMISSION)
    if not grants.identity:
        raise LiveKitRefusal(400, "identity cannot be empty")
    if needs_room and not grants.room:
        raise LiveKitRefusal(400, "no room name")
    return grants
