"""What passes between us and the worker that makes a call: one request in, one JSON line out for
each fact.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import TypeVar, get_args

SPEAKER, LISTENER = "speaker", "listener"
RELIABLE, LOSSY = "reliable", "lossy"
JOIN_TIMEOUT_S = 8.0  # TCP's candidate comes 5 s late where a STUN server is silent
DELIVERY_TIMEOUT_S = 5.0
TONE_TIMEOUT_S = 5.0
TCP_REJOIN_TIMEOUT_S = 9.0
LEAVE_TIMEOUT_S = 2.0
MESSAGE_COUNT = 10  # each way, reliable and lossy
TONE_HZ = 1000.0  # what the speaker plays
MIN_TONE_SHARE = (
    0.9  # of all energy is the tone's; of one that came through LiveKit's SDK it had 0.9993
)


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What the worker is asked for. `speaker` and `listener` are their tokens.

    Without a listener the speaker plays until our end of standard input closes. `by_tcp`: whether
    the speaker comes again by TCP at the end.
    """

    url: str
    speaker: str = field(repr=False)
    listener: str = field(default="", repr=False)
    by_tcp: bool = True

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    """`who` was connected, media's transport included, after `after_s`."""

    who: str
    after_s: float


@dataclass(frozen=True, slots=True)
class DataReceived:
    """Of `sent_count` messages of `who`, the other heard `received_count`, the slowest after
    `after_s`.
    """

    who: str
    mode: str
    sent_count: int
    received_count: int
    after_s: float


@dataclass(frozen=True, slots=True)
class ToneReceived:
    """What the listener heard: the strongest tone, its share of all energy, seconds from publishing
    to the first of it.

    `after_s` is negative where no such tone came. `packets` arrived, `lost_share` of them (0 to 1)
    did not.
    """

    hertz: float
    share: float
    after_s: float
    packets: int
    lost_share: float


@dataclass(frozen=True, slots=True)
class SelectedPath:
    """The pair of candidates that `who` ended with: the server's end of it, and the round trip in
    seconds.
    """

    who: str
    protocol: str
    address: str
    port: int
    kind: str
    round_trip_s: float


@dataclass(frozen=True, slots=True)
class TcpRejoin:
    """The speaker came again by `protocol` after `after_s`, and `received_count` of `sent_count`
    messages then arrived.
    """

    protocol: str
    port: int
    after_s: float
    sent_count: int
    received_count: int


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """`who` lost its connection to the server in the call, `reason` in the SDK's word, if any."""

    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionRestored:
    """`who` has its connection again."""

    who: str


@dataclass(frozen=True, slots=True)
class StageFailed:
    """A stage came to an end before its time; `message` is the SDK's word or ours."""

    stage: str
    message: str


@dataclass(frozen=True, slots=True)
class TonePlaying:
    """The speaker's tone is published, for who else is in the room."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The last line: all that was asked for was tried, and both have left."""


WorkerMessage = (
    ParticipantJoined
    | DataReceived
    | ToneReceived
    | SelectedPath
    | TcpRejoin
    | ConnectionLost
    | ConnectionRestored
    | StageFailed
    | TonePlaying
    | CallEnded
)
AnyMessage = TypeVar("AnyMessage", bound=WorkerMessage)
_KINDS: dict[str, type[WorkerMessage]] = {kind.__name__: kind for kind in get_args(WorkerMessage)}


def encode(message: WorkerMessage) -> str:
    return json.dumps({"type": type(message).__name__, **asdict(message)})


def decode(line: bytes | str) -> WorkerMessage | None:
    """The message of one line; None where it is none, since a native library may print where it
    likes.
    """
    try:
        fields = json.loads(line)
        return _KINDS[fields.pop("type")](**fields)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


@dataclass(frozen=True, slots=True)
class Call:
    """All that a worker sent. `crash` says how it ended where it did not end as it should."""

    messages: tuple[WorkerMessage, ...]
    crash: str = ""

    def every(self, kind: type[AnyMessage]) -> list[AnyMessage]:
        return [message for message in self.messages if isinstance(message, kind)]

    def first(self, kind: type[AnyMessage]) -> AnyMessage | None:
        return next(iter(self.every(kind)), None)

    def failure(self, stage: str) -> StageFailed | None:
        return next((failed for failed in self.every(StageFailed) if failed.stage == stage), None)


def is_last(message: WorkerMessage) -> bool:
    """Whether nothing comes after it: without a connection there is nothing else to try."""
    return isinstance(message, CallEnded) or (
        isinstance(message, StageFailed) and message.stage == "join"
    )
