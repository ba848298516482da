"""What a call of two participants lacked; pure. Thresholds are a start: set them from a week of the
target's own.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from probes.finding import CannotAsk, Code, Finding
from probes.livekit.causes import CLOSED, OTHER_ADDRESS
from probes.livekit.sdk.messages import (
    DELIVERY_TIMEOUT_S,
    LOSSY,
    MIN_TONE_SHARE,
    TONE_HZ,
    TONE_TIMEOUT_S,
    Call,
    ConnectionLost,
    ConnectionRestored,
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
LATE_GATHERING_S = 4.0
MAX_ROUND_TRIP_S = 0.25  # seconds of round trip

_DTLS = (
    "DTLS on the path that ICE found: a path that drops large packets (MTU), or another "
    "server's certificate"
)
_NOT_BEGUN = "internal webrtc failure"  # rust-sdks' word for what libwebrtc refuses to begin with
_UNFIT = (
    "what the server's join names: its ICE servers or its offer, which WebRTC refuses before it "
    "sends anything"
)
_RESTART = (
    "livekit-server: a pod that ended in the call (restart, OOM kill, node that was drained, Redis "
    "that was lost); kubectl describe pod says which"
)
_FORWARDING = (
    "livekit-server: forwarding between participants, or what their tokens let them subscribe to"
)


@dataclass(frozen=True, slots=True)
class OpenPorts:
    """Whether media's ports answered unsolicited checks, which nothing but an open port lets in.
    `address_finding`, `tcp_finding`: what is known to be wrong with addresses and with TCP.
    `relay_finding`: what is wrong with a TURN server, where nobody can connect because of it.
    """

    udp: bool
    tcp: bool
    address_finding: Finding | None = None
    tcp_finding: Finding | None = None
    relay_finding: Finding | None = None
    gathering_s: float = 0.0  # until the server had named its last candidate

    @property
    def any(self) -> bool:
        return self.udp or self.tcp

    @property
    def gathers_late(self) -> bool:
        """Where a STUN server is silent, gathering ends after 5 s, as livekit-server's own "TCP ICE
        connect timeout" does: forced to TCP it gives up, and goes back to UDP. Nothing can be
        learned of TCP then but that its port answers.
        """
        return self.gathering_s > LATE_GATHERING_S


def explain_meeting(call: Call, ports: OpenPorts) -> Finding | None:
    """Two participants connect, and not by hole punching alone. Raises CannotAsk when the worker
    cannot say.
    """
    if failed := call.failure("join"):
        return _not_joined(failed, ports)
    if len(call.every(ParticipantJoined)) < 2:
        raise explain_crash(call)
    if ports.any:
        return None
    return explain_closed(
        f"two participants connected ({_paths(call)}), though the server answers no unsolicited "
        "packet",
        Code.LIVEKIT_MASKED,
        ports,
        path_kinds(call),
    )


def explain_closed(
    observed: str, code: Code, ports: OpenPorts, kinds: Collection[str] = ()
) -> Finding:
    """Why no port of media answers; the same cause for everybody who notices. `kinds`: of the
    candidates by which two participants connected all the same.

    A peer-reflexive candidate is an address that packets came from and nobody has named (RFC 8445
    section 7.3.1.3): the server is somewhere else than it says.
    """
    if ports.address_finding:
        return add_observed(ports.address_finding, observed)
    if "prflx" in kinds:
        observed = f"{observed}; its packets come from an address that it does not name (prflx)"
        return Finding(Code.LIVEKIT_ADDRESS_WRONG, observed, OTHER_ADDRESS)
    return Finding(code, observed, CLOSED)


def add_observed(finding: Finding, observed: str) -> Finding:
    """The same finding for who noticed something else of it."""
    return replace(finding, observed=f"{observed}; {finding.observed}")


def path_kinds(call: Call) -> frozenset[str]:
    """The kinds of candidates of the server by which participants connected."""
    return frozenset(path.kind for path in call.every(SelectedPath))


def _not_joined(failed: StageFailed, ports: OpenPorts) -> Finding:
    observed = f"LiveKit's SDK could not join: {failed.message}"
    if "signal failure" in failed.message:
        return _not_signalled(failed.message, observed)
    if ports.relay_finding:
        return add_observed(ports.relay_finding, observed)
    if _NOT_BEGUN in failed.message:
        return Finding(Code.CONTRACT_BROKEN, observed, _UNFIT)
    if ports.any:
        return Finding(Code.LIVEKIT_DTLS_FAILED, f"{observed}; its ICE answers", _DTLS)
    observed = f"{observed}; its ICE answers no unsolicited packet"
    return explain_closed(observed, Code.LIVEKIT_UNREACHABLE, ports)


def _not_signalled(message: str, observed: str) -> Finding:
    if "timed out" in message:
        cause = "livekit-server: Redis, or a node that is draining"
        return Finding(Code.LIVEKIT_JOIN_TIMEOUT, observed, cause)
    cause = (
        "edge: /rtc/v1 must answer as the server does (404 before 1.9.10), so that SDKs "
        "fall back to /rtc"
    )
    return Finding(Code.LIVEKIT_UPGRADE_BLOCKED, observed, cause)


def _explain_loss(call: Call, lost: str) -> Finding | None:
    """A connection that ended in mid-call explains what did not arrive; None where none did."""
    losses = call.every(ConnectionLost)
    if not losses:
        return None
    who = " and ".join(dict.fromkeys(loss.who for loss in losses))
    reasons = ", ".join(dict.fromkeys(loss.reason for loss in losses))
    back = " and came back" if call.every(ConnectionRestored) else " and did not come back"
    observed = f"in the call the {who} lost the connection ({reasons}){back}; {lost}"
    return Finding(Code.LIVEKIT_CALL_DROPPED, observed, _RESTART)


def explain_data(call: Call) -> Finding | None:
    """Data arrives both ways, all that is reliable and most that is not. Raises CannotAsk."""
    failed = call.failure("data")
    received = call.every(DataReceived)
    if failed:
        observed = f"the SDK could not send data: {failed.message}"
    elif missing := [data for data in received if _is_short(data)]:
        each = ", ".join(
            f"{data.received_count} of {data.sent_count} {data.mode} messages of the {data.who}"
            for data in missing
        )
        observed = f"within {DELIVERY_TIMEOUT_S:g} s arrived {each}"
    elif received:
        return None
    else:
        raise explain_crash(call)
    return _explain_loss(call, observed) or Finding(Code.LIVEKIT_DATA_LOST, observed, _FORWARDING)


def _is_short(data: DataReceived) -> bool:
    share = MIN_LOSSY_SHARE if data.mode == LOSSY else 1
    return data.received_count < data.sent_count * share


def explain_sound(call: Call) -> Finding | None:
    """The tone that one plays is what the other hears, soon and without gaps. Raises CannotAsk."""
    failed, sound = call.failure("sound"), call.first(ToneReceived)
    if failed:
        observed = f"the SDK could not publish sound: {failed.message}"
        return _explain_loss(call, observed) or Finding(
            Code.LIVEKIT_MEDIA_LOST, observed, _FORWARDING
        )
    if sound is None:
        raise explain_crash(call)
    if sound.after_s < 0:
        observed = _silence(sound)
        return _explain_loss(call, observed) or Finding(
            Code.LIVEKIT_MEDIA_LOST, observed, _FORWARDING
        )
    if poor := ", ".join(_poor(sound, call.every(SelectedPath))):
        observed = f"the tone was heard, but {poor}"
        return _explain_loss(call, observed) or Finding(
            Code.LIVEKIT_MEDIA_POOR, observed, "the path, or a node at its limits"
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
    far = max((path.round_trip_s for path in paths), default=0.0)
    return [
        *([f"only after {sound.after_s:.1f} s"] if sound.after_s > MAX_TONE_DELAY_S else []),
        *(
            [f"{sound.lost_share:.0%} of its packets were lost"]
            if sound.lost_share >= MAX_LOSS
            else []
        ),
        *([f"with {1 - sound.share:.0%} of noise in it"] if sound.share < MIN_TONE_SHARE else []),
        *(
            [f"the round trip to the server takes {far * 1000:.0f} ms"]
            if far > MAX_ROUND_TRIP_S
            else []
        ),
    ]


def explain_fallback(call: Call, ports: OpenPorts) -> Finding | None:
    """A participant that is forced to TCP reconnects and is heard; not tried where TCP's port is
    closed. Raises CannotAsk.
    """
    if not ports.tcp:
        return _no_tcp(call, ports)
    if ports.gathers_late:
        return None
    failed, rejoin = call.failure("tcp"), call.first(TcpRejoin)
    if failed:
        observed = f"forced to TCP, the SDK did not reconnect: {failed.message}"
    elif rejoin is None:
        raise explain_crash(call)
    elif rejoin.protocol != "tcp":
        observed = f"forced to TCP, the SDK reconnected by {rejoin.protocol or 'nothing'}"
    elif rejoin.received_count < rejoin.sent_count and explain_data(call) is None:
        # What no transport carries says nothing of this one.
        counts = f"{rejoin.received_count} of {rejoin.sent_count}"
        observed = f"by TCP port {rejoin.port} {counts} messages arrived"
    else:
        return None
    return _explain_loss(call, observed) or _no_fallback(observed)


def _no_tcp(call: Call, ports: OpenPorts) -> Finding:
    observed = "no TCP address that the server names for media answers"
    if ports.tcp_finding and ports.udp:
        return add_observed(ports.tcp_finding, observed)
    if ports.udp:
        return _no_fallback(observed)
    return explain_closed(observed, Code.LIVEKIT_TCP_FALLBACK_MISSING, ports, path_kinds(call))


def _no_fallback(observed: str) -> Finding:
    cause = "rtc.tcp_port of the chart, the security group's TCP rule, or a load balancer before it"
    return Finding(Code.LIVEKIT_TCP_FALLBACK_MISSING, observed, cause)


def explain_crash(call: Call) -> CannotAsk:
    return CannotAsk(
        f"the worker that makes the call broke: {call.crash or 'it did not say what was asked for'}"
    )


def _paths(call: Call) -> str:
    paths = [
        f"{path.who} by {path.protocol} to a {path.kind} candidate"
        for path in call.every(SelectedPath)
    ]
    return ", ".join(paths) or "by a way it did not tell"
