"""Tokens signed with the environment's own signing key, as old as a scenario
needs (contract 2.2).
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from probes import clock
from probes.auth.tokens import ALGORITHM, Tokens
from probes.config.environment import Identity, UserConfig
from probes.finding import CannotAsk

ACCESS_SECONDS, REFRESH_SECONDS = 30 * 60, 7 * 24 * 3600  # contract 2.2
LONG_AGO_S = 600  # seconds; beyond any leeway for clocks
A_WHILE_S = 60  # seconds; what a refresh gives is younger, as behind a user's refresh


class TokenSigner:
    """Never mints the same token twice, whatever other runs mint: weAlist's have no jti and twins,
    these have one.
    """

    def __init__(self, key: RSAPrivateKey, issuer: str, kid: str) -> None:
        self._key, self._issuer, self._kid = key, issuer, kid

    def pair(self, config: UserConfig) -> Tokens:
        """A session as a sign-in gives it."""
        issued = int(clock.now()) - A_WHILE_S
        access = self._token(config, "access", issued, ACCESS_SECONDS)
        return Tokens(access, self._token(config, "refresh", issued, REFRESH_SECONDS), config.id)

    def expired_token(self, config: UserConfig) -> str:
        """An access token that was good until ten minutes ago."""
        issued = int(clock.now()) - LONG_AGO_S - ACCESS_SECONDS
        return self._token(config, "access", issued, ACCESS_SECONDS)

    def wrong_issuer(self, config: UserConfig) -> str:
        """An access token of this key, in the name of another issuer."""
        return TokenSigner(self._key, "somebody-else", self._kid).pair(config).access

    def _token(self, config: UserConfig, kind: str, issued: int, lifetime_s: int) -> str:
        claims = {
            "sub": config.id,
            "iss": self._issuer,
            "iat": issued,
            "exp": issued + lifetime_s,
            "type": kind,
        }
        claims["jti"] = secrets.token_hex(8)
        claims["email"] = config.email  # auth-service reads it, be it empty
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._kid})


def load_signer(identity: Identity, environ: Mapping[str, str] = os.environ) -> TokenSigner | None:
    """The mint of an environment that gives its signing key away; None where it does not. Raises
    CannotAsk.
    """
    if not identity.signing_key:
        return None
    where = identity.signing_key
    try:
        pem = environ.get(where, "").encode() or Path(where).expanduser().read_bytes()
        key = load_pem_private_key(pem, None)
    except (OSError, ValueError, TypeError, RuntimeError) as error:  # RuntimeError: no such ~
        hint = "name a PEM file, or the variable that holds the PEM"
        raise CannotAsk(
            f"signing_key in [identity] is {where}, which gives no private key ({error}); {hint}"
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise CannotAsk(
            f"signing_key in [identity] is {where}, which is no RSA key; weAlist signs with "
            f"{ALGORITHM}"
        )
    return TokenSigner(key, identity.issuer, identity.kid)
