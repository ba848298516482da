"""What a call lacked, by name."""

import dataclasses

import pytest

from probes.finding import CannotAsk, Code, Finding, Verdict
from probes.livekit.sdk import checks
from probes.livekit.sdk.checks import OpenPorts
from probes.livekit.sdk.messages import (
    Call,
    CallEnded,
    DataReceived,
    ParticipantJoined,
    SelectedPath,
    StageFailed,
    TcpRejoin,
    ToneReceived,
    WorkerMessage,
)

OPEN, SHUT = OpenPorts(udp=True, tcp=True), OpenPorts(udp=False, tcp=False)
RELAY_UNFIT = OpenPorts(
    udp=True, tcp=True, relay_finding=Finding(Code.LIVEKIT_TURN_REFUSED, "turn:a", "credentials")
)
SOUND = ToneReceived(hertz=1000.0, share=0.99, after_s=0.4, packets=50, lost_share=0.0)
PATH = SelectedPath("speaker", "udp", "192.0.2.1", 50000, "host", 0.01)
GOOD = Call(
    (
        ParticipantJoined("speaker", 0.1),
        ParticipantJoined("listener", 0.1),
        DataReceived("speaker", "reliable", 10, 10, 0.01),
        DataReceived("speaker", "lossy", 10, 8, 0.01),
        DataReceived("listener", "reliable", 10, 10, 0.01),
        DataReceived("listener", "lossy", 10, 10, 0.01),
        SOUND,
        PATH,
        TcpRejoin("tcp", 7881, 0.5, 3, 3),
        CallEnded(),
    )
)


def failed(stage: str, said: str = "not done in its time") -> Call:
    return Call(
        (
            ParticipantJoined("speaker", 0.1),
            ParticipantJoined("listener", 0.1),
            StageFailed(stage, said),
        )
    )


def only(*messages: WorkerMessage) -> Call:
    return Call((ParticipantJoined("speaker", 0.1), ParticipantJoined("listener", 0.1), *messages))


def every(call: Call) -> list[Finding | None]:
    return [
        checks.explain_meeting(call, OPEN),
        checks.explain_data(call),
        checks.explain_sound(call),
        checks.explain_fallback(call, OPEN),
    ]


def test_a_good_call_lacks_nothing() -> None:
    """Two lossy messages of ten may be lost."""
    assert every(GOOD) == [None, None, None, None]


@pytest.mark.parametrize(
    "reached", [OpenPorts(udp=True, tcp=False), OpenPorts(udp=False, tcp=True)]
)
def test_one_open_door_is_no_mask(reached: OpenPorts) -> None:
    """Where UDP or TCP answers strangers, a connection is what it seems."""
    assert checks.explain_meeting(GOOD, reached) is None


def test_a_connection_through_closed_doors_is_masked() -> None:
    """Whoever connects where nobody answers strangers owes it to hole punching, which degrades."""
    finding = checks.explain_meeting(GOOD, SHUT)
    assert finding
    assert finding.code is Code.LIVEKIT_MASKED
    assert finding.verdict is Verdict.DEGRADED
    assert "host candidate" in finding.observed


@pytest.mark.parametrize(
    ("said", "reached", "code"),
    [
        ("not connected within 5 s", OPEN, Code.LIVEKIT_DTLS_FAILED),
        ("engine: connection error: wait_pc_connection timed out", OPEN, Code.LIVEKIT_DTLS_FAILED),
        ("not connected within 5 s", SHUT, Code.LIVEKIT_UNREACHABLE),
        ("engine: signal failure: handshake error: 200 OK", OPEN, Code.LIVEKIT_UPGRADE_BLOCKED),
        ("engine: signal failure: transport timed out", OPEN, Code.LIVEKIT_JOIN_TIMEOUT),
        ("engine: internal webrtc failure", OPEN, Code.CONTRACT_BROKEN),
        ("engine: internal webrtc failure", RELAY_UNFIT, Code.LIVEKIT_TURN_REFUSED),
        ("not connected within 8 s", RELAY_UNFIT, Code.LIVEKIT_TURN_REFUSED),
    ],
)
def test_who_cannot_join_is_told_why(said: str, reached: OpenPorts, code: Code) -> None:
    """The SDK's word and what ICE answered tell signalling, ICE and DTLS apart."""
    finding = checks.explain_meeting(Call((StageFailed("join", said),)), reached)
    assert finding
    assert finding.code is code
    assert said in finding.observed


@pytest.mark.parametrize(
    ("call", "detail"),
    [
        (
            only(
                DataReceived("speaker", "reliable", 10, 9, 0.1),
                DataReceived("speaker", "lossy", 10, 10, 0.1),
            ),
            "9 of 10 reliable",
        ),
        (
            only(
                DataReceived("speaker", "reliable", 10, 10, 0.1),
                DataReceived("speaker", "lossy", 10, 7, 0.1),
            ),
            "7 of 10 lossy",
        ),
        (failed("data"), "could not send"),
    ],
)
def test_lost_data_is_named(call: Call, detail: str) -> None:
    """All that is reliable must arrive, and eight of ten that are not."""
    finding = checks.explain_data(call)
    assert finding
    assert finding.code is Code.LIVEKIT_DATA_LOST
    assert detail in finding.observed


@pytest.mark.parametrize(
    ("call", "detail"),
    [
        (only(ToneReceived(0.0, 0.0, -1.0, 0, 0.0)), "not one packet"),
        (only(ToneReceived(0.0, 0.0, -1.0, 40, 0.0)), "silence"),
        (only(ToneReceived(440.0, 0.99, -1.0, 40, 0.0)), "440 Hz"),
        (failed("sound"), "could not publish"),
    ],
)
def test_lost_sound_is_named(call: Call, detail: str) -> None:
    """No packets, packets of silence and another tone are told apart."""
    finding = checks.explain_sound(call)
    assert finding
    assert finding.code is Code.LIVEKIT_MEDIA_LOST
    assert detail in finding.observed


@pytest.mark.parametrize(
    ("sound", "path", "detail"),
    [
        ({"after_s": 2.5}, {}, "after 2.5 s"),
        ({"lost_share": 0.1}, {}, "10% of its packets"),
        ({"share": 0.7}, {}, "30% of noise"),
        ({}, {"round_trip_s": 0.4}, "400 ms"),
    ],
)
def test_poor_sound_degrades(sound: dict[str, float], path: dict[str, float], detail: str) -> None:
    """Late, lossy, noisy or far: heard all the same."""
    call = only(dataclasses.replace(SOUND, **sound), dataclasses.replace(PATH, **path))  # type: ignore[arg-type]
    finding = checks.explain_sound(call)
    assert finding
    assert finding.code is Code.LIVEKIT_MEDIA_POOR
    assert finding.verdict is Verdict.DEGRADED
    assert detail in finding.observed


@pytest.mark.parametrize(
    "call",
    [
        failed("tcp"),
        only(TcpRejoin("udp", 50000, 0.5, 3, 3)),
        only(TcpRejoin("", 0, 0.5, 3, 3)),
        only(DataReceived("speaker", "reliable", 10, 10, 0.1), TcpRejoin("tcp", 7881, 1, 3, 2)),
    ],
)
def test_a_missing_fallback_degrades(call: Call) -> None:
    """Not back, back by UDP, and back but not heard are all no fallback."""
    finding = checks.explain_fallback(call, OPEN)
    assert finding
    assert finding.code is Code.LIVEKIT_TCP_FALLBACK_MISSING
    assert finding.verdict is Verdict.DEGRADED


def test_what_no_way_carries_says_nothing_of_tcp() -> None:
    """Where data is lost anyhow, to have come back by TCP is enough."""
    call = only(DataReceived("speaker", "reliable", 10, 0, 0.1), TcpRejoin("tcp", 7881, 1, 3, 0))
    assert checks.explain_fallback(call, OPEN) is None


def test_a_shut_door_is_no_fallback() -> None:
    """Where no TCP address answered, nobody was made to use one, and that degrades."""
    finding = checks.explain_fallback(only(CallEnded()), OpenPorts(udp=True, tcp=False))
    assert finding
    assert finding.code is Code.LIVEKIT_TCP_FALLBACK_MISSING


def test_a_crash_blames_nobody() -> None:
    """What a worker told before it broke stands; of the rest it is said that we could not ask, and
    why.
    """
    call = Call(GOOD.messages[:6], "it was ended by SIGTERM")
    assert checks.explain_meeting(call, OPEN) is None
    assert checks.explain_data(call) is None
    with pytest.raises(CannotAsk, match="SIGTERM"):
        checks.explain_sound(call)
    with pytest.raises(CannotAsk, match="SIGTERM"):
        checks.explain_fallback(call, OPEN)
    with pytest.raises(CannotAsk):
        checks.explain_meeting(Call(GOOD.messages[:1], "x"), OPEN)
