"""Secrets to plant, and the spellings in which a leak of them would show."""

import base64
from urllib.parse import quote

import jwt

EXPIRES = 1767330809  # 2026-01-02T05:13:29Z
SECRET = "wJalr/Xu+tnFE MI=%&\"'<ü>"


def token(
    kind: str = "access",
    subject: str = "b0395e6e-8a5f-4f7e-9c64-0c5d3a1b2c3d",
    expires: int = EXPIRES,
) -> str:
    """A token as weAlist's auth service mints them (contract 2.2)."""
    claims = {"sub": subject, "iss": "wealist-auth-service", "exp": expires, "type": kind}
    return jwt.encode(claims, "k" * 32, headers={"kid": "wealist-auth-key-1"})


ALICES_TOKEN = token(subject="u-1", expires=4_102_444_800)  # of 2100


def spellings(secret: str) -> set[str]:
    """Raw, percent-encoded, and base64 at each place it can have in a longer text."""
    raw = secret.encode()
    within = {
        base64.b64encode(b"\0" * n + raw).decode().rstrip("=")[4 * (n > 0) : -2] for n in range(3)
    }
    return {
        secret,
        quote(secret, ""),
        quote(secret, "").lower(),
        base64.b64encode(raw).decode(),
        *within,
    }
