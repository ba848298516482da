"""What stands for Google: what it is told, and what auth-service believes of its answers."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from replica import google
from replica.google import Account, Google, SignInDeclined
from replica.infra.processes import ChildError
from replica.signing_key import SigningKey

KEY = SigningKey()
GOOGLE = Google("https://accounts.google.localhost:1", Path("google.sock"))


def test_the_provider_learns_where_people_may_come_back_to() -> None:
    """Address, socket, client, accounts, in one variable."""
    told = json.loads(
        google.environment_variables(GOOGLE, ["https://a/b"], [Account("a@b", "A")])["GOOGLE"]
    )
    assert told["redirectUris"] == ["https://a/b"]
    assert told["accounts"] == [{"email": "a@b", "name": "A"}]
    assert (told["clientId"], told["clientSecret"]) == (GOOGLE.client_id, GOOGLE.client_secret)


def test_the_client_s_secret_is_not_shown() -> None:
    """Not even in a traceback."""
    assert GOOGLE.client_secret not in repr(GOOGLE)


def test_a_machine_without_node_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And so is a clone whose packages are not installed."""
    with monkeypatch.context() as patch:
        patch.setattr(google, "FOLDER", tmp_path)
        with pytest.raises(ChildError, match="make setup"):
            google.command()
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(ChildError, match="install Node 20"):
        google.command()


def id_token(key: SigningKey = KEY, **other: Any) -> str:
    claims = {
        "iss": GOOGLE.provider,
        "aud": GOOGLE.client_id,
        "exp": int(time.time()) + 60,
        "nonce": "n",
        **other,
    }
    return jwt.encode(claims, key.private, "RS256", {"kid": KEY.jwks()["keys"][0]["kid"]})


def test_an_id_token_of_this_sign_in_is_believed() -> None:
    """Where nobody looks at the nonce, one of another sign-in too."""
    assert GOOGLE._read(id_token(email="e"), KEY.jwks(), "n")["email"] == "e"
    assert GOOGLE._read(id_token(nonce="other"), KEY.jwks(), None)["nonce"] == "other"


@pytest.mark.parametrize(
    "token",
    [
        id_token(nonce="other"),
        id_token(aud="another client"),
        id_token(iss="https://elsewhere.invalid"),
        id_token(exp=1),
        id_token(SigningKey()),
    ],
)
def test_any_other_id_token_is_declined(token: str) -> None:
    """Nonce, audience, issuer, end, signature (OpenID Connect Core 1.0 §3.1.3.7)."""
    with pytest.raises(SignInDeclined):
        GOOGLE._read(token, KEY.jwks(), "n")
