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
class TokenChecks:
    """What tokens are checked against: the keys and the server's clock. `is_new`: in the words of
    1.13.5, which looks at no iat.
    """

    keys: Mapping[str, str]
    now: float
    is_new: bool = False
    verify: bool = True


def token_of_request(authorization: str, query: str) -> str:
    """The token of a request; empty where it has none. Raises Refused."""
    if not authorization:
        return query
    if not authorization.startswith("Bearer "):
        raise LiveKitRefusal(401, "invalid authorization header. Must start with Bearer ")
    return authorization.removeprefix("Bearer ")


def read(token: str, checks: TokenChecks) -> Grants:
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


# What is wrong with a token, by JWT library: go-jose up to 1.9.12 at least, golang-jwt in 1.13.5.
_GO_JOSE = {
    "algorithm": "go-jose/go-jose: error in cryptographic primitive",
    "signature": "go-jose/go-jose: error in cryptographic primitive",
    "exp": "go-jose/go-jose/jwt: validation failed, token is expired (exp)",
    "nbf": "go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)",
    "iat": "go-jose/go-jose/jwt: validation field, token issued in the future (iat)",
}
_GOLANG_JWT = {
    "algorithm": "token signature is invalid: signing method none is invalid",
    "signature": "token signature is invalid: signature is invalid",
    "exp": "token has invalid claims: token is expired",
    "nbf": "token has invalid claims: token is not valid yet",
    "iat": "",
}


def _wrong(token: str, claims: Mapping[str, Any], checks: TokenChecks) -> str:
    """What the server says of the token; empty where it is good."""
    problem = _problem(token, claims, checks)
    words = _GOLANG_JWT if checks.is_new else _GO_JOSE
    return words[problem] if problem else ""


def _problem(token: str, claims: Mapping[str, Any], checks: TokenChecks) -> str:
    """The first thing that is wrong; empty where nothing is."""
    options: Any = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud"), False)
    try:
        if checks.verify:
            jwt.decode(token, checks.keys[claims["iss"]], algorithms=["HS256"], options=options)
    except jwt.InvalidAlgorithmError:
        return "algorithm"
    except jwt.InvalidTokenError:
        return "signature"
    if checks.now > float(claims.get("exp", checks.now)) + LEEWAY_S:
        return "exp"
    if checks.now < float(claims.get("nbf", checks.now)) - LEEWAY_S:
        return "nbf"
    if checks.now < float(claims.get("iat", checks.now)) - LEEWAY_S:
        return "iat"
    return ""


def may_join(grants: Grants | None, *, needs_room: bool = False) -> Grants:
    """The grants, if they let somebody into a room. Raises Refused."""
    if grants is None or not grants.video:
        raise LiveKitRefusal(401, NO_PERMISSION)
    if not grants.allows("roomJoin"):
        raise LiveKitRefusal(401, "permissions denied")
    if not grants.identity:
        raise LiveKitRefusal(400, "identity cannot be empty")
    if needs_room and not grants.room:
        raise LiveKitRefusal(400, "no room name")
    return grants
