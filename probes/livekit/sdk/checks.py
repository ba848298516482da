"""Name what a call of two people lacked; pure. Thresholds are a start, to be set anew by a week of
a target's own.
"""

from dataclasses import dataclass

from probes.finding import CannotAsk, Code, Finding
from probes.livekit.sdk.messages import (
    DELIVERY_TIMEOUT_S,
    LOSSY,
    MIN_TONE_SHARE,
    TONE_HZ,
    TONE_TIMEOUT_S,
    Call,
    DataReceived,
    ParticipantJoined,
    SelectedPath,
    StageFailed,
    TcpRejoin,
    ToneReceived,
)

MIN_LOSSY_SHARE = 0.8  # of lossy messages
MAX_TONE_DELAY_S = 2.0  # seconds from speaking to being heard
MAX_LOSS = 0.05  # of all packets of sound
MAX_ROUND_TRIP_S = 0.25  # seconds of round trip

_SDP = (
    "DTLS on the way that ICE found: a path that drops large packets (MTU), or another "
    "server's certificate"
)
_FORWARDING = (
    "livekit-server: forwarding between participants, or what their tokens let them subscribe to"
)


@dataclass(frozen=True, slots=True)
class OpenPorts:
    """Whether the server's ICE answered checks that it could not expect, which nothing but an open
    door lets in.
    """

    udp: bool
    tcp: bool


def explain_meeting(call: Call, ports: OpenPorts) -> Finding | None:
    """Two people are connected, and not by hole punching alone. Raises CannotAsk when the worker
    cannot say.
    """
    if failed := call.failure("join"):
        return _not_joined(failed, ports)
    if len(call.every(ParticipantJoined)) < 2:
        raise crashed(call)
    if ports.udp or ports.tcp:
        return None
    return Finding(
        Code.LIVEKIT_MASKED,
        f"two people were connected ({_paths(call)}), though the server answers nobody whom "
        "it has not called first",
        "security group: UDP and TCP of media are closed, and the server's own checks open "
        "the way (hole punching)",
    )


def _not_joined(failed: StageFailed, ports: OpenPorts) -> Finding:
    said = f"LiveKit's SDK could not join: {failed.message}"
    if "signal failure" in failed.message:
        if "timed out" in failed.message:
            return Finding(
                Code.LIVEKIT_JOIN_TIMEOUT, said, "livekit-server: Redis, or a node that is draining"
            )
        cause = (
            "edge: /rtc/v1 must answer as the server does (404 before 1.9.10), so that SDKs "
            "fall back to /rtc"
        )
        return Finding(Code.LIVEKIT_UPGRADE_BLOCKED, said, cause)
    if ports.udp or ports.tcp:
        return Finding(Code.LIVEKIT_DTLS_FAILED, f"{said}; its ICE answers", _SDP)
    return Finding(
        Code.LIVEKIT_UNREACHABLE,
        f"{said}; its ICE answers nobody",
        "security group, NAT, or node address",
    )


def explain_data(call: Call) -> Finding | None:
    """Data arrives both ways, all that is reliable and most that is not. Raises CannotAsk."""
    if failed := call.failure("data"):
        return Finding(
            Code.LIVEKIT_DATA_LOST, f"the SDK could not send data: {failed.message}", _FORWARDING
        )
    told = call.every(DataReceived)
    if not told:
        raise crashed(call)
    lost = [
        data
        for data in told
        if data.heard < data.sent * (MIN_LOSSY_SHARE if data.mode == LOSSY else 1)
    ]
    if not lost:
        return None
    each = ", ".join(
        f"{data.heard} of {data.sent} {data.mode} messages of the {data.who}" for data in lost
    )
    return Finding(
        Code.LIVEKIT_DATA_LOST, f"within {DELIVERY_TIMEOUT_S:g} s came {each}", _FORWARDING
    )


def explain_sound(call: Call) -> Finding | None:
    """The tone that one plays is what the other hears, soon and without gaps. Raises CannotAsk."""
    if failed := call.failure("sound"):
        return Finding(
            Code.LIVEKIT_MEDIA_LOST,
            f"the SDK could not publish sound: {failed.message}",
            _FORWARDING,
        )
    sound = call.first(ToneReceived)
    if sound is None:
        raise crashed(call)
    if sound.after < 0:
        return Finding(Code.LIVEKIT_MEDIA_LOST, _silence(sound), _FORWARDING)
    if poor := ", ".join(_poor(sound, call.every(SelectedPath))):
        return Finding(
            Code.LIVEKIT_MEDIA_POOR,
            f"the tone was heard, but {poor}",
            "the path, or a node at its limits",
        )
    return None


def _silence(sound: ToneReceived) -> str:
    if not sound.packets:
        return (
            "one played a tone, and not one packet of sound reached the other within "
            f"{TONE_TIMEOUT_S:g} s"
        )
    heard = (
        f"{sound.hertz:.0f} Hz with {sound.share:.0%} of the energy" if sound.hertz else "silence"
    )
    return f"one played {TONE_HZ:.0f} Hz, the other got {sound.packets} packets and heard {heard}"


def _poor(sound: ToneReceived, paths: list[SelectedPath]) -> list[str]:
    far = max((path.seconds for path in paths), default=0.0)
    return [
        *([f"only after {sound.after:.1f} s"] if sound.after > MAX_TONE_DELAY_S else []),
        *([f"{sound.lost:.0%} of its packets were lost"] if sound.lost >= MAX_LOSS else []),
        *([f"with {1 - sound.share:.0%} of noise in it"] if sound.share < MIN_TONE_SHARE else []),
        *(
            [f"the round trip to the server takes {far * 1000:.0f} ms"]
            if far > MAX_ROUND_TRIP_S
            else []
        ),
    ]


def explain_fallback(call: Call, ports: OpenPorts) -> Finding | None:
    """Who is made to use TCP comes again and is heard; not tried where TCP's door is shut. Raises
    CannotAsk.
    """
    if not ports.tcp:
        return _no_fallback("no TCP address that the server names for media answers")
    failed, came = call.failure("tcp"), call.first(TcpRejoin)
    if failed:
        return _no_fallback(f"made to use TCP, the SDK did not come back: {failed.message}")
    if came is None:
        raise crashed(call)
    if came.protocol != "tcp":
        return _no_fallback(f"made to use TCP, the SDK came back by {came.protocol or 'nothing'}")
    if (
        came.heard < came.sent and explain_data(call) is None
    ):  # what no way carries says nothing of this one
        return _no_fallback(f"by TCP port {came.port} {came.heard} of {came.sent} messages arrived")
    return None


def _no_fallback(observed: str) -> Finding:
    cause = "rtc.tcp_port of the chart, the security group's TCP rule, or a load balancer before it"
    return Finding(Code.LIVEKIT_TCP_FALLBACK_MISSING, observed, cause)


def crashed(call: Call) -> CannotAsk:
    return CannotAsk(
        f"the worker that makes the call broke: {call.crash or 'it did not say what was asked for'}"
    )


def _paths(call: Call) -> str:
    paths = [
        f"{path.who} by {path.protocol} to a {path.kind} candidate"
        for path in call.every(SelectedPath)
    ]
    return ", ".join(paths) or "by a way it did not tell"
