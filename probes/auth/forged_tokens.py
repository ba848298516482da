"""Tokens that nobody should take for good, made of a good one and of what weAlist publishes.

Sources: RFC 8725 (what goes wrong with JWTs), RFC 7515, contract 2.2. Whoever uses one has the
redactor remember it.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from probes.auth import tokens

LONG_BYTES = 16 * 1024
DAY_S = 24 * 3600  # seconds
# The well-known ways to point a careless verifier at another key.
ELSEWHERE = {
    "kid-unknown": "nobodys-key-1",
    "kid-path": "../../../../../../dev/null",
    "kid-url": "https://keys.invalid/jwks.json",
}
Forge = Callable[[str], str]


def tamper(good: str) -> str:
    """One more day of life, under the signature that was there."""
    head, _, signature = good.split(".")
    claims = dict(tokens.claims(good))
    return f"{head}.{_config({**claims, 'exp': claims.get('exp', 0) + DAY_S})}.{signature}"


def foreign_key(good: str) -> str:
    """Signed by somebody else, under the name of weAlist's key."""
    return _sign_compact(_head(good), tokens.claims(good), _by_nobody)


def alg_none(good: str) -> str:
    """It says of itself that it is not signed, and is not."""
    return _sign_compact({**_head(good), "alg": "none"}, tokens.claims(good), lambda _: b"")


def hs256_public(good: str, published: rsa.RSAPublicKey) -> str:
    """The public key, which everybody has, taken for a shared secret."""
    secret = published.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _hmac(good, {}, secret)


def long(good: str) -> str:
    """16 KB of it, signed by nobody."""
    return _sign_compact(
        _head(good), {**tokens.claims(good), "padding": "x" * (LONG_BYTES * 3 // 4)}, _by_nobody
    )


def not_a_jwt(_good: str) -> str:
    return secrets.token_urlsafe(24).replace("-", "_")


def empty(_good: str) -> str:
    return ""


def _elsewhere(kid: str) -> Forge:
    def forge(good: str) -> str:
        # Where the name of a key is taken for a path, /dev/null is an empty secret.
        if kid.startswith("."):
            return _hmac(good, {"kid": kid}, b"")
        return _sign_compact({**_head(good), "kid": kid}, tokens.claims(good), _by_nobody)

    return forge


FORGERIES: Mapping[str, Forge] = {
    "tampered": tamper,
    "foreign-key": foreign_key,
    "alg-none": alg_none,
    **{name: _elsewhere(kid) for name, kid in ELSEWHERE.items()},
    "long": long,
    "not-a-jwt": not_a_jwt,
    "empty": empty,
}


def _head(good: str) -> dict[str, Any]:
    return dict(jwt.get_unverified_header(good))


def _hmac(good: str, head: Mapping[str, str], secret: bytes) -> str:
    def sign(what: bytes) -> bytes:
        return hmac.digest(secret, what, hashlib.sha256)

    return _sign_compact({**_head(good), "alg": "HS256", **head}, tokens.claims(good), sign)


def _by_nobody(what: bytes) -> bytes:
    return tokens.another_key().sign(what, padding.PKCS1v15(), hashes.SHA256())


def _sign_compact(
    head: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]
) -> str:
    """By hand, since no library signs what no library should accept."""
    what = f"{_config(head)}.{_config(claims)}"
    return f"{what}.{_base64(sign(what.encode()))}"


def _config(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
