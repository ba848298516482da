"""What passes between us and the worker that makes a call: one wish in, one JSON line out for each
fact.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import TypeVar, get_args

SPEAKER, LISTENER = "speaker", "listener"
RELIABLE, LOSSY = "reliable", "lossy"
# Seconds for two people to be connected, for data and for a tone to arrive, for a forced TCP
# connection, to leave.
JOINING, DELIVERING, SOUNDING, FORCING, LEAVING = 5.0, 5.0, 5.0, 4.0, 2.0
MESSAGES = 10  # each way, reliable and lossy
HERTZ = 1000.0  # what the speaker plays
PURE = 0.9  # of all energy is the tone's; of one that came through LiveKit's SDK it had 0.9993


@dataclass(frozen=True, slots=True)
class Wish:
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
class Joined:
    """`who` was connected, media's transport included, after `seconds`."""

    who: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Data:
    """Of `sent` messages of `who`, the other heard `heard`, the slowest after `seconds`."""

    who: str
    way: str
    sent: int
    heard: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Sound:
    """What the listener heard: the strongest tone, its share of all energy, seconds from publishing
    to the first of it.

    `after` is negative where no such tone came. `packets` arrived, `lost` of them (0 to 1) did not.
    """

    hertz: float
    share: float
    after: float
    packets: int
    lost: float


@dataclass(frozen=True, slots=True)
class Path:
    """The pair of candidates that `who` ended with: the server's end of it, and the round trip in
    seconds.
    """

    who: str
    protocol: str
    address: str
    port: int
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ByTcp:
    """The speaker came again by `protocol` after `seconds`, and `heard` of `sent` messages then
    arrived.
    """

    protocol: str
    port: int
    seconds: float
    sent: int
    heard: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A stage came to an end before its time; `said` is the SDK's word or ours."""

    stage: str
    said: str


@dataclass(frozen=True, slots=True)
class Playing:
    """The speaker's tone is published, for who else is in the room."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The last line: all that was asked for was tried, and both have left."""


Fact = Joined | Data | Sound | Path | ByTcp | Failed | Playing | Ended
AnyFact = TypeVar("AnyFact", Joined, Data, Sound, Path, ByTcp, Failed)
_KINDS: dict[str, type[Fact]] = {kind.__name__: kind for kind in get_args(Fact)}


def told(fact: Fact) -> str:
    return json.dumps({"fact": type(fact).__name__, **asdict(fact)})


def read(line: bytes | str) -> Fact | None:
    """The fact of one line; None where it is none, since a native library may print where it
    likes.
    """
    try:
        said = json.loads(line)
        return _KINDS[said.pop("fact")](**said)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


@dataclass(frozen=True, slots=True)
class Call:
    """All that a worker told. `crash` says how it ended where it did not end as it should."""

    facts: tuple[Fact, ...]
    crash: str = ""

    def every(self, kind: type[AnyFact]) -> list[AnyFact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def first(self, kind: type[AnyFact]) -> AnyFact | None:
        return next(iter(self.every(kind)), None)

    def failure(self, stage: str) -> Failed | None:
        return next((failed for failed in self.every(Failed) if failed.stage == stage), None)


def is_last(fact: Fact) -> bool:
    """Whether nothing comes after it: without a connection there is nothing else to try."""
    return isinstance(fact, Ended) or (isinstance(fact, Failed) and fact.stage == "join")
