"""Tokens of a made-up auth-service, and its answers to a refresh."""

import time

import jwt

from probes.auth.tokens import Tokens
from tests.support.site import Said, js

KEY = "a secret that is long enough for HS256"
SPENT = js({"code": "AUTH006", "message": "used"}, 401)
REFRESH = "POST apex/api/svc/auth/api/auth/refresh"
# Many are made when a test module is imported, and used up to an hour and a half later.
OUTLIVES_THE_TESTS = 6 * 3600


def token(
    kind: str = "access",
    number: int = 0,
    age: float = 60,
    seconds: float = OUTLIVES_THE_TESTS,
    user: str = "u-1",
) -> str:
    """Issued `age` seconds ago, for `seconds`."""
    issued = int(time.time() - age)
    claims = {
        "sub": user,
        "type": kind,
        "iat": issued,
        "exp": issued + int(seconds),
        "number": number,
    }
    return jwt.encode(claims, KEY)


def pair(number: int = 0, age: float = 60) -> Tokens:
    return Tokens(token(number=number, age=age), token("refresh", number, age, 604800), "u-1")


def gives(tokens: Tokens) -> Said:
    return js(
        {"accessToken": tokens.access, "refreshToken": tokens.refresh, "userId": tokens.user_id}
    )
