"""Tokens are LiveKit's, short and never the same; secrets come from where the environment says, or
are asked for.
"""

from pathlib import Path

import jwt
import pytest

from probes.config.livekit import LiveKit
from probes.finding import CannotAsk, NotApplicable
from probes.livekit.tokens import LIFETIME_S, Access, expect_livekit, open_access
from probes.recording.redactor import Redactor

SECRET = "a-secret-that-nobody-else-knows-0123456789"
PROMISED = LiveKit("wss://x", "LK_KEY", "LK_SECRET", tiers=("ladder",))


def said(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, SECRET, algorithms=["HS256"])
    return claims


def test_a_token_opens_one_room_for_one_participant() -> None:
    """Signed with the secret, issued in the key's name, over in two minutes."""
    claims = said(Access("APIx", SECRET).to_join("r-1", "who"))
    assert (claims["iss"], claims["sub"]) == ("APIx", "who")
    assert claims["video"] == {
        "roomJoin": True,
        "room": "r-1",
        "canPublish": True,
        "canSubscribe": True,
        "canPublishData": True,
    }
    assert int(str(claims["exp"])) - int(str(claims["nbf"])) == LIFETIME_S + 5


def test_who_keeps_rooms_joins_none() -> None:
    """It lists, makes and removes, as nobody in particular."""
    claims = said(Access("APIx", SECRET).to_manage_rooms())
    assert claims["video"] == {"roomList": True, "roomCreate": True}
    assert "sub" not in claims


def test_no_token_is_made_twice() -> None:
    """Two in one second differ."""
    access = Access("APIx", SECRET)
    assert access.to_manage_rooms() != access.to_manage_rooms()


def test_secrets_are_in_variables_or_files(tmp_path: Path) -> None:
    """A line's end is none of the secret, and the redactor knows it from then on."""
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    promised = LiveKit("wss://x", "LK_KEY", str(file))
    redactor = Redactor()
    access = open_access(promised, redactor, {"LK_KEY": "APIx"})
    assert (access.key, access.secret) == ("APIx", SECRET)
    assert SECRET not in redactor.text(f"it says {SECRET}")
    assert SECRET not in repr(access)


@pytest.mark.parametrize("text", [f"{SECRET}\n", f' "{SECRET}"\r\n', f"'{SECRET}'"])
def test_what_a_copy_brings_along_signs_nothing(text: str) -> None:
    """LiveKit would refuse every token, and be blamed for its secret."""
    access = open_access(PROMISED, Redactor(), {"LK_KEY": "APIx\n", "LK_SECRET": text})
    assert (access.key, access.secret) == ("APIx", SECRET)


@pytest.mark.parametrize("text", ["<the secret>", f"{SECRET}\n{SECRET}", f"APIx: {SECRET}"])
def test_a_secret_that_is_none_is_not_used(text: str) -> None:
    """A placeholder, two of them, a line of LiveKit's own file: named, not shown."""
    with pytest.raises(CannotAsk, match="LK_SECRET, holds no key; put") as told:
        open_access(PROMISED, Redactor(), {"LK_KEY": "APIx", "LK_SECRET": text})
    assert text not in str(told.value)


@pytest.mark.parametrize("content", ["", " \n"])
def test_a_file_without_a_secret_is_asked_for(content: str, tmp_path: Path) -> None:
    """A mounted Secret whose key is empty."""
    file = tmp_path / "secret"
    file.write_text(content)
    promised = LiveKit("wss://x", "LK_KEY", str(file))
    with pytest.raises(CannotAsk, match="holds no key"):
        open_access(promised, Redactor(), {"LK_KEY": "APIx"})
    with pytest.raises(CannotAsk, match="neither a variable"):
        open_access(
            LiveKit("wss://x", "LK_KEY", "~nobody-of-that-name/x"), Redactor(), {"LK_KEY": "A"}
        )


def test_a_secret_that_is_nowhere_is_asked_for() -> None:
    """With the key's name and the variable's."""
    with pytest.raises(
        CannotAsk, match=r"api_secret in \[livekit\] is LK_SECRET, .* put it into that variable"
    ):
        open_access(PROMISED, Redactor(), {"LK_KEY": "APIx"})


def test_who_has_no_livekit_is_asked_nothing() -> None:
    """The reason says which table is not there, or which tier is left out."""
    with pytest.raises(NotApplicable, match=r"no LiveKit: \[livekit\]"):
        expect_livekit(None, "ladder")
    with pytest.raises(NotApplicable, match="leaves out deep"):
        expect_livekit(PROMISED, "deep")
    assert expect_livekit(PROMISED, "ladder") is PROMISED
