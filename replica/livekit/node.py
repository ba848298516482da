"""One LiveKit server's state: its keys, its clock, its version, its rooms, and the faults that are
on.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from livekit.protocol import models

from replica.faults.livekit import LIVEKIT
from replica.livekit.tokens import TokenChecks

FAULTS = {fault.name for fault in LIVEKIT}
DEV_KEYS = {"devkey": "secret"}
CLOCK_AHEAD_S = 3600
PROTOCOLS = {"1.7.2": 14, "1.9.12": 16, "1.13.5": 17}  # of signalling, by version
NEWEST = "1.13.5"
SINGLE_PEER = (1, 9, 10)  # the version from which /rtc/v1 is known
NEEDS_ROOM = (1, 9, 1)  # from which a token must name a room
STAND_IN = "the replica's stand-in"
EMPTY_TIMEOUT_S = 300  # a room that nobody has entered
DEPARTURE_TIMEOUT_S = 20  # a room that everybody has left


class RoomMember(Protocol):
    """A participant, as a room knows him."""

    info: models.ParticipantInfo

    def receive_data(self, packet: models.DataPacket, *, reliable: bool) -> None: ...

    def update(self, people: list[models.ParticipantInfo]) -> None: ...

    def end(self, reason: models.DisconnectReason) -> None: ...


@dataclass(slots=True)
class LiveKitRoom:
    """A room and who is in it, by identity."""

    info: models.Room
    people: dict[str, RoomMember] = field(default_factory=dict)
    ending: asyncio.TimerHandle | None = None

    def others(self, identity: str) -> list[RoomMember]:
        return [joined for name, joined in self.people.items() if name != identity]

    def to_message(self) -> models.Room:
        """The room as RoomService tells it."""
        shown = models.Room()
        shown.CopyFrom(self.info)
        shown.num_participants = len(self.people)
        return shown


@dataclass(slots=True)
class LiveKitNode:
    """A server. `tcp_port`: media's, `address`: the one that it is really at."""

    keys: Mapping[str, str]
    tcp_port: int
    address: str = "127.0.0.1"
    faults: set[str] = field(default_factory=set)
    rooms: dict[str, LiveKitRoom] = field(default_factory=dict)
    over_tcp: set[tuple[str, str]] = field(
        default_factory=set
    )  # room and identity of who asked for TCP
    version: str = "1.7.2"  # a fault makes it NEWEST
    id: str = field(default_factory=lambda: new_id("ND"))

    def is_fault_active(self, fault: str) -> bool:
        """Whether a fault is on; a name that no fault has is a KeyError."""
        if fault not in FAULTS:
            raise KeyError(fault)
        return fault in self.faults

    def now(self) -> float:
        """What the server takes for the time, in seconds since 1970."""
        return time.time() + (
            CLOCK_AHEAD_S if self.is_fault_active("livekit-clock-runs-ahead") else 0
        )

    def is_at_least(self, *version: int) -> bool:
        """Whether it answers as that version of livekit-server and later ones do."""
        return tuple(map(int, self._spoken_version.split("."))) >= version

    @property
    def _spoken_version(self) -> str:
        if self.is_fault_active("livekit-is-another-version"):
            return NEWEST
        return self.version

    @property
    def server(self) -> models.ServerInfo:
        """What the server says of itself when somebody joins."""
        version = self._spoken_version
        protocol = PROTOCOLS.get(version, PROTOCOLS[NEWEST])
        standard = models.ServerInfo.Edition.Standard
        return models.ServerInfo(
            edition=standard,
            version=version,
            protocol=protocol,
            node_id=self.id,
            debug_info=STAND_IN,
        )

    @property
    def checks(self) -> TokenChecks:
        """What a token is checked against at this moment."""
        keys = dict(self.keys)
        if self.is_fault_active("livekit-key-is-unknown"):
            keys = {"APIrotatedaway": "s" * 32}
        if self.is_fault_active("livekit-secret-differs"):
            keys = dict.fromkeys(keys, "another-secret-of-thirty-two-characters")
        if self.is_fault_active("livekit-accepts-dev-keys"):
            keys |= DEV_KEYS
        verify = not self.is_fault_active("livekit-ignores-signatures")
        is_new = self.is_at_least(1, 13, 5)
        return TokenChecks(keys, self.now(), is_new=is_new, verify=verify)

    def room(self, name: str, empty_timeout_s: int = 0) -> LiveKitRoom:
        """The room of that name, made where there is none."""
        if name not in self.rooms:
            info = models.Room(
                sid=new_id("RM"), name=name, empty_timeout=empty_timeout_s or EMPTY_TIMEOUT_S
            )
            info.departure_timeout, info.creation_time = DEPARTURE_TIMEOUT_S, int(time.time())
            self.rooms[name] = LiveKitRoom(info)
            self._end_later(self.rooms[name], info.empty_timeout)
        return self.rooms[name]

    def enter(self, room: LiveKitRoom, joined: RoomMember) -> None:
        """Let somebody in. Whoever was there under the same identity has to go."""
        if room.ending:
            room.ending.cancel()
        if before := room.people.pop(joined.info.identity, None):
            before.end(models.DisconnectReason.DUPLICATE_IDENTITY)
        room.people[joined.info.identity] = joined

    def leave(self, room: LiveKitRoom, joined: RoomMember) -> None:
        """Let somebody out, and tell the others."""
        if room.people.get(joined.info.identity) is not joined:
            return
        del room.people[joined.info.identity]
        joined.info.state = models.ParticipantInfo.State.DISCONNECTED
        self.tell(room, joined)
        if not room.people:
            self._end_later(room, room.info.departure_timeout)

    def tell(self, room: LiveKitRoom, about: RoomMember) -> None:
        """Tell everybody in the room how somebody is."""
        for joined in room.people.values():
            joined.update([about.info])

    def delete(self, room: LiveKitRoom) -> None:
        """End the room for everybody who is in it."""
        self.rooms.pop(room.info.name, None)
        if room.ending:
            room.ending.cancel()
        for joined in tuple(room.people.values()):
            joined.end(models.DisconnectReason.ROOM_DELETED)

    def _end_later(self, room: LiveKitRoom, delay_s: float) -> None:
        room.ending = asyncio.get_running_loop().call_later(
            delay_s, lambda: self.rooms.pop(room.info.name, None)
        )


def new_id(kind: str) -> str:
    """An id as LiveKit makes them: PA_..., TR_..., RM_..."""
    return f"{kind}_{secrets.token_hex(6)}"
