"""What tokens say about themselves, and those that nobody should accept."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from probes.auth import tokens
from probes.auth.tokens import OwnSession, Tokens

KEY = rsa.generate_private_key(65537, 2048)


def token(**claims: object) -> str:
    return jwt.encode({"sub": "u-1", **claims}, KEY, algorithm="RS256", headers={"kid": "k"})


def test_a_token_tells_its_times() -> None:
    """Whoever signed it; what is no token tells none."""
    assert tokens.timestamp(token(iat=7), "iat") == 7
    assert tokens.timestamp(token(), "iat") == 0
    assert tokens.timestamp("opaque", "iat") == 0
    assert tokens.claims("opaque") == {}
    assert 90 < tokens.seconds_left(token(exp=time.time() + 100)) <= 100
    assert tokens.seconds_left("") < 0


def test_a_forged_token_keeps_its_signature_and_changes_its_subject() -> None:
    """So that only a check of the signature can tell."""
    good = token(exp=int(time.time()) + 100)
    forged = tokens.change_subject(good)
    assert forged.split(".")[::2] == good.split(".")[::2]
    assert tokens.claims(forged) == {**tokens.claims(good), "sub": tokens.claims(forged)["sub"]}
    assert tokens.claims(forged)["sub"] != "u-1"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, KEY.public_key(), ["RS256"])


def test_a_foreign_token_says_the_same_under_another_key() -> None:
    """The same claims and key id, soundly signed by nobody that weAlist knows."""
    good = token(exp=int(time.time()) + 100)
    foreign = tokens.sign_with_another_key(good)
    assert tokens.claims(foreign) == tokens.claims(good)
    assert jwt.get_unverified_header(foreign) == jwt.get_unverified_header(good)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(foreign, KEY.public_key(), ["RS256"])


async def test_a_session_keeps_what_follows_before_it_is_used() -> None:
    """The new pair is the session's only once it is kept, and the same pair is not kept twice."""
    first, second, kept = Tokens("a1", "r1", "u"), Tokens("a2", "r2", "u"), []

    async def keep(pair: Tokens) -> None:
        kept.append((pair, session.tokens))

    session = OwnSession(first, keep)
    await session.save(first)
    await session.save(second)
    assert kept == [(second, first)]
    assert session.tokens == second
    assert not await session.is_overtaken()
