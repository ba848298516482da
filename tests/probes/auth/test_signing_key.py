"""Tokens minted with the environment's key: truly signed, truly expired, never the same twice."""

import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from probes.auth.signing_key import TokenSigner, load_signer
from probes.auth.tokens import claims
from probes.config.environment import Identity, UserConfig
from probes.finding import CannotAsk

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ALICE = UserConfig("u-1", "alice@example.org")


def minting(signing_key: str, **environ: str) -> TokenSigner | None:
    return load_signer(Identity(signing_key=signing_key, issuer="us", kid="k-1"), environ)


@pytest.fixture
def mint() -> TokenSigner:
    return TokenSigner(KEY, "us", "k-1")


def test_a_pair_is_as_a_sign_in_gives_it(mint: TokenSigner) -> None:
    """Signed by the key, good now, with the claims of contract 2.2."""
    pair = mint.pair(ALICE)
    access = jwt.decode(pair.access, KEY.public_key(), ["RS256"], issuer="us")
    refresh = jwt.decode(pair.refresh, KEY.public_key(), ["RS256"], issuer="us")
    assert (access["sub"], access["type"], access["email"]) == (
        "u-1",
        "access",
        "alice@example.org",
    )
    assert (refresh["type"], pair.user_id) == ("refresh", "u-1")
    assert jwt.get_unverified_header(pair.access)["kid"] == "k-1"
    assert access["iat"] < time.time() - 1


def test_an_expired_token_was_good_once(mint: TokenSigner) -> None:
    """Its signature holds, and its time is over beyond any leeway."""
    expired = mint.expired_token(ALICE)
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(expired, KEY.public_key(), ["RS256"], leeway=300)
    assert claims(expired)["exp"] - claims(expired)["iat"] == 1800


def test_no_token_is_minted_twice(mint: TokenSigner) -> None:
    """WeAlist's have no jti, and twins of one second share their fate."""
    minted = [
        token
        for _ in range(20)
        for pair in [mint.pair(ALICE)]
        for token in (pair.access, pair.refresh)
    ]
    assert len(set(minted)) == 40


def test_the_key_is_in_a_file_or_in_a_variable(tmp_path: Path) -> None:
    """And an environment without one has no mint."""
    (tmp_path / "key.pem").write_text(PEM)
    assert minting(str(tmp_path / "key.pem"))
    assert minting("THE_KEY", THE_KEY=PEM)
    assert minting("") is None


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("nonsense", "is THE_KEY, which gives no private key"),
        (
            ec.generate_private_key(ec.SECP256R1())
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode(),
            "is THE_KEY, which is no RSA key",
        ),
        ("", "is THE_KEY, which gives no private key"),
    ],
)
def test_a_key_that_is_none_gets_a_sentence(pem: str, words: str) -> None:
    """It names the key of the environment file, and never the key itself."""
    with pytest.raises(CannotAsk, match=words) as said:
        minting("THE_KEY", THE_KEY=pem)
    assert "nonsense" not in str(said.value)
