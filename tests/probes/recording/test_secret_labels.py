"""What is shown of a secret tells it apart and gives nothing away."""

import base64
import json
import re
from typing import Any

import pytest

from probes.recording import secret_labels
from tests.support import planted


@pytest.mark.parametrize(
    ("access_key", "kind"),
    [
        ("minioadmin", "development"),
        ("MinioAdmin", "development"),
        ("test", "development"),
        ("AKIAIOSFODNN7EXAMPLE", "development"),
        ("AKIAQWERTYUIOPASDFGH", "static"),
        ("ASIAQWERTYUIOPASDFGH", "temporary"),
        ("akiaqwertyuiopasdfgh", "unknown"),
        ("SWFS0PQ8XZ", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_access_key_tells_what_it_is_by_its_name(access_key: str, kind: str) -> None:
    """Published names first, then the provider's prefixes; all else is unknown."""
    assert secret_labels.credential_kind(access_key) == kind


@pytest.mark.parametrize(
    ("access_key", "shown"),
    [
        ("minioadmin", r"minioadmin"),
        ("AKIAQWERTYUIOPASDFGH", r"AKIA…#[0-9a-f]{6}"),
        ("ASIAQWERTYUIOPASDFGH", r"ASIA…#[0-9a-f]{6}"),
        ("SWFS0PQ8XZ", r"<key #[0-9a-f]{6}>"),
    ],
)
def test_a_key_shows_its_kind_and_is_shown_once(access_key: str, shown: str) -> None:
    """A development name in clear, a provider's prefix, or a hash; and a label of a key is that
    label.
    """
    label = secret_labels.key(access_key)
    assert re.fullmatch(shown, label)
    assert secret_labels.key(label) == label


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_a_token_shows_kind_subject_and_expiry(kind: str) -> None:
    """Enough to see whose token it was and whether it had expired."""
    label = secret_labels.token(planted.token(kind))
    assert re.fullmatch(
        rf"<{kind} token sub=b0395e6e… exp=2026-01-02T05:13:29Z #[0-9a-f]{{6}}>", label
    )


def test_the_same_token_has_the_same_hash() -> None:
    """However its dots are written; another token has another."""
    token = planted.token()
    assert (
        secret_labels.token(token.replace(".", "%2E"))
        == secret_labels.token(token.replace(".", "%252e"))
        == secret_labels.token(token)
    )
    assert (
        secret_labels.token(planted.token(subject="other"))[-8:] != secret_labels.token(token)[-8:]
    )


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ({}, r"<token #\w{6}>"),
        ({"type": ["access"]}, r"<token #\w{6}>"),
        ({"type": "other", "sub": "bob"}, r"<token sub=bob #\w{6}>"),
        ({"sub": "<script> eyJ.a.b"}, r"<token sub=_script_… #\w{6}>"),
        ({"sub": None, "exp": "soon"}, r"<token sub=None #\w{6}>"),
        ({"exp": 10**18}, r"<token #\w{6}>"),
        ({"exp": 1e400}, r"<token #\w{6}>"),
        ({"exp": None}, r"<token #\w{6}>"),
        ([1], r"<unreadable token #\w{6}>"),
    ],
)
def test_odd_claims_are_left_out(claims: Any, shown: str) -> None:
    """A token may claim anything; a label keeps its form."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    label = secret_labels.token(f"eyJhbGciOiJub25lIn0.{payload}.sig")
    assert re.fullmatch(shown, label)
    assert secret_labels.whole(label)


@pytest.mark.parametrize(
    "payload", ["%%%", "A", base64.urlsafe_b64encode(b"[" * 100_000).decode(), "w7_Dvw"]
)
def test_a_malformed_token_is_called_unreadable(payload: str) -> None:
    """Not base64, not UTF-8, not JSON, or JSON too deep to read."""
    assert secret_labels.token(f"eyJx.{payload}.y").startswith("<unreadable token #")


def test_masking_leaves_labels_and_schemes() -> None:
    """What has been told stays told, and what is around it goes."""
    label = secret_labels.token(planted.token())
    assert secret_labels.mask("token", f"Bearer {label}") == f"Bearer {label}"
    assert (
        secret_labels.mask("token", "Bearer abc") == f"Bearer {secret_labels.plain('token', 'abc')}"
    )
    assert (
        secret_labels.mask("token", f"a{label} b ")
        == f"{secret_labels.plain('token', 'a')}{label} {secret_labels.plain('token', 'b')} "
    )
    assert secret_labels.mask("token", " ") == " "


def test_a_hash_is_of_the_secret_and_not_of_its_encoding() -> None:
    """So that a key in a query and the same key in a header are seen to be one."""
    assert secret_labels.plain("token", "a%2Fb%3D") == secret_labels.plain("token", "a/b=")


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
def test_a_secret_is_known_in_base64_wherever_it_stands(before: str) -> None:
    """Basic authentication hides a password behind a user name."""
    secret = "pa55word/with?all&signs=ÿ"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(f"{before}{secret}tail".encode()).decode()
        assert any(form in text for form in secret_labels.forms(secret))
