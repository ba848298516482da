"""What passes between us and the worker."""

import json

import pytest

from probes.livekit.sdk.messages import (
    ByTcp,
    Call,
    Data,
    Ended,
    Fact,
    Failed,
    Joined,
    Path,
    Playing,
    Sound,
    Wish,
    is_last,
    read,
    told,
)

ALL: list[Fact] = [
    Joined("speaker", 0.1),
    Data("speaker", "lossy", 10, 9, 0.02),
    Sound(1000.0, 0.99, 0.4, 50, 0.0),
    Path("listener", "udp", "127.0.0.1", 50000, "host", 0.001),
    ByTcp("tcp", 7881, 0.5, 3, 3),
    Playing(),
    Failed("join", "no"),
    Ended(),
]


@pytest.mark.parametrize("fact", ALL, ids=lambda fact: type(fact).__name__)
def test_a_fact_survives_its_line(fact: Fact) -> None:
    """What was told is what is read, of every kind there is."""
    assert "\n" not in told(fact)
    assert read(told(fact)) == fact


@pytest.mark.parametrize(
    "line", ["", "W: x", "[1]", "{}", '{"fact": "Wish"}', '{"fact": "Ended", "more": 1}', "3"]
)
def test_what_is_no_fact_is_passed_over(line: str) -> None:
    """A native library that prints into our pipe breaks nothing."""
    assert read(line) is None


def test_a_wish_does_not_show_its_tokens() -> None:
    """A wish in a traceback gives nothing away; its line, which goes to the worker alone, has all
    of it.
    """
    wish = Wish("wss://x", "eyJ.speaker", "eyJ.listener")
    assert "eyJ" not in repr(wish)
    assert Wish(**json.loads(wish.line())) == wish


def test_the_last_fact_is_known() -> None:
    """Nothing comes after the end, nor after people could not join; all else goes on."""
    assert [fact for fact in ALL if is_last(fact)] == [Failed("join", "no"), Ended()]
    assert not is_last(Failed("data", "no"))


def test_a_call_finds_its_facts() -> None:
    """Facts are found by kind, failures by stage."""
    call = Call((Joined("speaker", 1), Joined("listener", 2), Failed("data", "no")))
    assert [joined.who for joined in call.every(Joined)] == ["speaker", "listener"]
    assert call.first(Sound) is None
    assert call.failure("data") == Failed("data", "no")
    assert call.failure("sound") is None
