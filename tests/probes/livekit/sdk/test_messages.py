"""What passes between us and the worker."""

import json

import pytest

from probes.livekit.sdk.messages import (
    Call,
    CallEnded,
    CallRequest,
    DataReceived,
    ParticipantJoined,
    SelectedPath,
    StageFailed,
    TcpRejoin,
    TonePlaying,
    ToneReceived,
    WorkerMessage,
    decode,
    encode,
    is_last,
)

ALL: list[WorkerMessage] = [
    ParticipantJoined("speaker", 0.1),
    DataReceived("speaker", "lossy", 10, 9, 0.02),
    ToneReceived(1000.0, 0.99, 0.4, 50, 0.0),
    SelectedPath("listener", "udp", "127.0.0.1", 50000, "host", 0.001),
    TcpRejoin("tcp", 7881, 0.5, 3, 3),
    TonePlaying(),
    StageFailed("join", "no"),
    CallEnded(),
]


@pytest.mark.parametrize("message", ALL, ids=lambda message: type(message).__name__)
def test_a_message_survives_its_line(message: WorkerMessage) -> None:
    """What was told is what is read, of every kind there is."""
    assert "\n" not in encode(message)
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    "line",
    ["", "W: x", "[1]", "{}", '{"type": "CallRequest"}', '{"type": "CallEnded", "more": 1}', "3"],
)
def test_what_is_no_message_is_passed_over(line: str) -> None:
    """A native library that prints into our pipe breaks nothing."""
    assert decode(line) is None


def test_a_wish_does_not_show_its_tokens() -> None:
    """A request in a traceback shows no token; its line, which goes to the worker alone, has all
    of it.
    """
    request = CallRequest("wss://x", "eyJ.speaker", "eyJ.listener")
    assert "eyJ" not in repr(request)
    assert CallRequest(**json.loads(request.line())) == request


def test_the_last_message_is_known() -> None:
    """Nothing comes after the end, nor after people could not join; all else goes on."""
    assert [message for message in ALL if is_last(message)] == [
        StageFailed("join", "no"),
        CallEnded(),
    ]
    assert not is_last(StageFailed("data", "no"))


def test_a_call_finds_its_messages() -> None:
    """Facts are found by kind, failures by stage."""
    call = Call(
        (
            ParticipantJoined("speaker", 1),
            ParticipantJoined("listener", 2),
            StageFailed("data", "no"),
        )
    )
    assert [joined.who for joined in call.every(ParticipantJoined)] == ["speaker", "listener"]
    assert call.first(ToneReceived) is None
    assert call.failure("data") == StageFailed("data", "no")
    assert call.failure("sound") is None
