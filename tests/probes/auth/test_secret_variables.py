"""Tokens that people put into variables."""

import jwt
import pytest

from probes import clock
from probes.auth.secret_variables import expect_usable, read_token
from probes.finding import CannotAsk
from tests.support.session_tokens import OUTLIVES_THE_TESTS

TOKEN = jwt.encode({"sub": "u-1", "exp": clock.now() + OUTLIVES_THE_TESTS}, "k" * 32)


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"{TOKEN}\n",
        f"  {TOKEN}\r\n",
        f'"{TOKEN}"',
        f"'{TOKEN}'\n",
        f"Bearer {TOKEN}",
        f'"bearer  {TOKEN}"',
        f"Authorization: Bearer {TOKEN}\n",
    ],
)
def test_what_a_copy_brings_along_is_taken_off(text: str) -> None:
    """None of it can be part of a token, and sent along it would break the header."""
    assert read_token({"ALICE": text}, "ALICE") == TOKEN


@pytest.mark.parametrize("text", ["", "  \n", '""'])
def test_an_empty_variable_is_no_token(text: str) -> None:
    """As one that is not set."""
    assert read_token({"ALICE": text}, "ALICE") == ""
    assert read_token({}, "ALICE") == ""


@pytest.mark.parametrize(
    "text", ["<token>", "changeme", "${ALICE}", "a.b", f"{TOKEN} {TOKEN}", TOKEN.replace(".", "\n")]
)
def test_a_placeholder_is_named_with_its_variable(text: str) -> None:
    """It is told here, and not by the service that would refuse it."""
    with pytest.raises(CannotAsk, match=r"^ALICE holds no token"):
        read_token({"ALICE": text}, "ALICE")


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        (
            {"sub": "u-2", "exp": clock.now() + OUTLIVES_THE_TESTS},
            "the token in ALICE is of user u-2",
        ),
        ({"sub": "u-1", "exp": clock.now() - 60}, r"the token in ALICE expired \d+ s ago"),
    ],
)
def test_a_token_that_cannot_be_used_is_named(claims: dict[str, object], sentence: str) -> None:
    """Another user's, or one that has expired."""
    with pytest.raises(CannotAsk, match=sentence):
        expect_usable(jwt.encode(claims, "k" * 32), "ALICE", "u-1")


def test_a_token_that_says_nothing_of_itself_is_let_through() -> None:
    """Only auth-service can judge it."""
    expect_usable(jwt.encode({}, "k" * 32), "ALICE", "u-1")
    expect_usable(TOKEN, "ALICE", "u-1")


def test_expiry_is_judged_by_the_target_s_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's may be days off."""
    monkeypatch.setattr(clock, "_offset_s", 2.0 * OUTLIVES_THE_TESTS)
    with pytest.raises(CannotAsk, match="expired"):
        expect_usable(TOKEN, "ALICE", "u-1")
