"""A session's tokens, what they say about themselves, and such as nobody should accept (contract
2.2, RFC 7519).
"""

import base64
import functools
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from probes import clock
from probes.transport import jwt_claims

ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a signed-in page keeps in its localStorage (contract 3.1)."""

    access: str
    refresh: str
    user_id: str


def claims(token: str) -> Mapping[str, Any]:
    """What `token` says, whoever signed it; nothing where it is no token."""
    return jwt_claims.read(token)


def timestamp(token: str, claim: str) -> float:
    """The Unix time in `claim` (iat, exp); 0 where the token does not say."""
    value = claims(token).get(claim)
    return float(value) if isinstance(value, (int, float)) else 0.0


def seconds_left(token: str) -> float:
    """Seconds until `token` expires; negative when it has."""
    return timestamp(token, "exp") - clock.now()


def change_subject(token: str) -> str:
    """`token` for somebody else, under the signature that it had."""
    head, _, signature = token.split(".")
    changed = {**claims(token), "sub": "00000000-0000-4000-8000-0000000f09ed"}
    body = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def sign_with_another_key(token: str) -> str:
    """The claims of `token`, signed anew with a key that is not weAlist's, under the name of the
    one that is.
    """
    kid = {"kid": jwt.get_unverified_header(token).get("kid", "")}
    return jwt.encode(dict(claims(token)), another_key(), algorithm=ALGORITHM, headers=kid)


@functools.cache
def another_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


class OwnSession:
    """A session that nobody else refreshes, so that its refresh token may be spent. `save` keeps
    what follows it. `is_shared`: its access token is used elsewhere, by this run or the next.
    """

    def __init__(
        self,
        tokens: Tokens,
        keep: Callable[[Tokens], Awaitable[None]],
        overtaken: Callable[[Tokens], Awaitable[bool]] | None = None,
        *,
        is_shared: bool = False,
    ) -> None:
        self.tokens, self._keep, self._overtaken = tokens, keep, overtaken
        self.is_shared = is_shared

    async def is_overtaken(self) -> bool:
        """Whether another run has spent the refresh token meanwhile, where a store cannot keep that
        out.
        """
        return self._overtaken is not None and await self._overtaken(self.tokens)

    async def save(self, tokens: Tokens) -> None:
        """The refresh token has been spent, and these came for it. Call before anything is done
        with them.
        """
        if tokens != self.tokens:
            await self._keep(tokens)
            self.tokens = tokens
