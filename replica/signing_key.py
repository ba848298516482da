"""The key that signs weAlist's tokens: RS256 with the kid, issuer and claims of contract §2.2 (RFC
7519, RFC 7517).
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_ID = "wealist-auth-key-1"
ISSUER = "wealist-auth-service"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One RSA pair, new with every replica, so that no token of a past run is good in the next."""

    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(65537, 2048)
    )

    def mint(self, user: str, email: str | None, kind: str, lifetime_s: float) -> str:
        """A token without a jti: two of one kind for one user in the same second are equal, as in
        weAlist.
        """
        issued = int(time.time())
        claims = {
            "sub": user,
            "iss": ISSUER,
            "iat": issued,
            "exp": issued + int(lifetime_s),
            "type": kind,
        }
        if email:
            claims["email"] = email
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": KEY_ID})

    def read(self, token: str, *, expired: bool = False) -> dict[str, Any]:
        """The claims of a token of ours that is alive, or `expired` where that is fine; else
        jwt.InvalidTokenError.
        """
        if jwt.get_unverified_header(token).get("kid") != KEY_ID:
            raise jwt.InvalidTokenError("no key of ours has this kid")
        claims = self.read_signed(token, expired=expired)
        if claims.get("iss") != ISSUER:
            raise jwt.InvalidIssuerError("another issuer")
        return claims

    def read_signed(self, token: str, *, expired: bool = False) -> dict[str, Any]:
        """The claims of a token that this key has signed, whatever its kid and issuer are; else
        jwt.InvalidTokenError.
        """
        claims: dict[str, Any] = jwt.decode(
            token,
            self.private.public_key(),
            algorithms=["RS256"],
            options={"require": ["sub", "exp"], "verify_exp": not expired},
        )
        return claims

    def pem(self) -> bytes:
        """PKCS8, as JWT_RSA_PRIVATE_KEY holds it: whoever has it can mint tokens that are truly
        signed and expired.
        """
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.private.private_bytes(encoding, form, serialization.NoEncryption())

    def secrets(self) -> list[str]:
        """The private exponent as a JWK has it, and a line of the PEM."""
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private))
        return [jwk["d"], self.pem().decode().splitlines()[10]]

    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": KEY_ID,
                    "n": public["n"],
                    "e": public["e"],
                }
            ]
        }
