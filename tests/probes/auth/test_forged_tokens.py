"""Each forgery is what it says: a careful verifier refuses it, and the careless one that it is made
for takes it.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from probes.auth import tokens
from probes.auth.forged_tokens import ELSEWHERE, FORGERIES, LONG_BYTES, hs256_public
from tests.support.signed import private_key, signed

GOOD = signed()
PUBLIC = private_key(0, 2048).public_key()
EVERY = {
    **{name: forge(GOOD) for name, forge in FORGERIES.items()},
    "hs256-public": hs256_public(GOOD, PUBLIC),
}
WHOLE = {name: token for name, token in EVERY.items() if name not in ("empty", "not-a-jwt")}


def config(token: str, at: int) -> Any:
    piece = token.split(".")[at]
    return json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))


def mac(secret: bytes, token: str) -> str:
    signature = hmac.digest(secret, token.rpartition(".")[0].encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


@pytest.mark.parametrize("name", EVERY)
def test_a_careful_verifier_refuses_it(name: str) -> None:
    """Pinned to RS256 and the published key, no forgery passes."""
    with pytest.raises(jwt.InvalidTokenError):
        jwt.decode(EVERY[name], PUBLIC, algorithms=["RS256"])


@pytest.mark.parametrize("name", WHOLE)
def test_who_only_parses_is_told_of_the_same_person(name: str) -> None:
    """Nothing but the signature speaks against it: subject, type and issuer are those of the good
    token.
    """
    said, good = tokens.claims(WHOLE[name]), tokens.claims(GOOD)
    assert [said[key] for key in ("sub", "iss", "type")] == [
        good[key] for key in ("sub", "iss", "type")
    ]


def test_a_foreign_key_bears_the_right_name() -> None:
    """The kid is weAlist's, the signature is whole, and another's."""
    token = EVERY["foreign-key"]
    assert jwt.get_unverified_header(token) == jwt.get_unverified_header(GOOD)
    assert (
        jwt.decode(token, tokens.another_key().public_key(), algorithms=["RS256"])["sub"] == "u-1"
    )


def test_what_is_not_signed_says_so() -> None:
    """The algorithm none, and nothing after the second dot."""
    assert (config(EVERY["alg-none"], 0)["alg"], EVERY["alg-none"].rpartition(".")[2]) == (
        "none",
        "",
    )


def test_a_verifier_that_takes_the_public_key_for_a_secret_is_fooled() -> None:
    """The MAC is right for the published PEM."""
    token = EVERY["hs256-public"]
    secret = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert (config(token, 0)["alg"], token.rpartition(".")[2]) == ("HS256", mac(secret, token))


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_kid_points_elsewhere(name: str) -> None:
    """The header names another key, a path or a URL."""
    assert config(EVERY[name], 0)["kid"] == ELSEWHERE[name]


def test_a_path_for_a_key_fools_who_opens_it() -> None:
    """What /dev/null holds is the secret."""
    token = EVERY["kid-path"]
    assert token.rpartition(".")[2] == mac(b"", token)


def test_a_tampered_token_lives_longer_under_the_old_signature() -> None:
    """One day, and not a bit of the signature has changed."""
    token = EVERY["tampered"]
    assert token.rpartition(".")[2] == GOOD.rpartition(".")[2]
    assert tokens.timestamp(token, "exp") - tokens.timestamp(GOOD, "exp") == 86400


def test_the_formless_have_no_form() -> None:
    """Too long, none at all, and no JWT."""
    assert LONG_BYTES <= len(EVERY["long"]) < 1.1 * LONG_BYTES
    assert EVERY["empty"] == ""
    assert "." not in EVERY["not-a-jwt"]
    assert FORGERIES["not-a-jwt"](GOOD) != EVERY["not-a-jwt"]
