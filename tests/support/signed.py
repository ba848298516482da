"""A made-up auth-service's key, and tokens that it signs."""

import functools
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.session_tokens import OUTLIVES_THE_TESTS

KID, ISSUER = "wealist-auth-key-1", "wealist-auth-service"


@functools.cache
def private_key(number: int, bits: int) -> rsa.RSAPrivateKey:
    assert number >= 0  # what tells one key from another
    return rsa.generate_private_key(65537, bits)


def signed(number: int = 0, kid: str = KID, **said: Any) -> str:
    """An access token by the key with this number."""
    now = int(time.time())
    claims = {
        "sub": "u-1",
        "iss": ISSUER,
        "iat": now,
        "exp": now + OUTLIVES_THE_TESTS,
        "type": "access",
        "email": "a@b",
        **said,
    }
    return jwt.encode(claims, private_key(number, 2048), algorithm="RS256", headers={"kid": kid})


def published(number: int = 0, kid: str = KID, bits: int = 2048) -> dict[str, Any]:
    """A key as JWKS shows it."""
    shown: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(private_key(number, bits).public_key()))
    return {**shown, "kid": kid, "use": "sig", "alg": "RS256"}
