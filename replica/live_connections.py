"""What is alive between members: rooms that hear, sockets that are open, who is online (contract
§5.2 to §5.5).

A room is a pod's own or the bus's. In weAlist it is chance which pod a socket lands on; here a
member's sockets land on the pod of his place in the list of users, so that alice and bob never
share one and a lost bus is noticed each time.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

Event = dict[str, Any]
Listener = Callable[[Event], None]
ALL_WORKSPACES = (
    ""  # the place of those who hold a presence or chat socket; a board's place is its project
)


class Rooms:
    """Who hears what is said where: one pod's memory, or Redis."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    @contextlib.contextmanager
    def subscribe(self, room: str, listener: Listener) -> Iterator[None]:
        """Hear what is told to the room, for as long as the block lasts."""
        listeners = self._listeners.setdefault(room, [])
        listeners.append(listener)
        try:
            yield
        finally:
            listeners.remove(listener)
            if not listeners:
                self._listeners.pop(room, None)

    def publish(self, room: str, event: Event) -> None:
        """Tell everybody who is there; whoever comes later has missed it."""
        for listener in tuple(self._listeners.get(room, ())):
            listener(event)


class Presence:
    """Who is where: one row for a user at a place, which whatever happened last has written. So
    somebody may be away whose sockets are open (contract 5.2, 5.3).
    """

    def __init__(self) -> None:
        self._open: Counter[tuple[str, str, str]] = Counter()
        self._online: defaultdict[str, dict[str, bool]] = defaultdict(dict)
        self._since: defaultdict[str, dict[str, str]] = defaultdict(dict)

    @contextlib.contextmanager
    def at(
        self, place: str, user: str, clock: Callable[[], str], counted_as: str = ""
    ) -> Iterator[None]:
        """A socket of the user's, for as long as the block lasts. The last of those that are
        `counted_as` the same takes the user away when it closes; "" is not counted, so each does.
        """
        self._open[place, user, counted_as] += 1
        self.come(place, user, clock)
        try:
            yield
        finally:
            self._open[place, user, counted_as] -= 1
            if not (counted_as and self._open[place, user, counted_as]):
                self._write(place, user, clock, online=False)

    def come(self, place: str, user: str, clock: Callable[[], str]) -> None:
        self._write(place, user, clock, online=True)

    def _write(self, place: str, user: str, clock: Callable[[], str], *, online: bool) -> None:
        self._online[place][user] = online
        self._since[place][user] = clock()

    def online(self, place: str, *, forgetting: bool = True) -> list[str]:
        return [user for user, there in self._online[place].items() if there or not forgetting]

    def last_change(self, place: str, user: str) -> str | None:
        """When the user last came or left; None where he never was."""
        return self._since[place].get(user)


class Droppable(Protocol):
    """An open socket that the server can drop."""

    def drop(self) -> None: ...


class OpenSockets:
    """All open sockets by kind, so that a test can have the server drop them."""

    def __init__(self) -> None:
        self._open: defaultdict[str, list[Droppable]] = defaultdict(list)

    @contextlib.contextmanager
    def register(self, kind: str, line: Droppable) -> Iterator[None]:
        self._open[kind].append(line)
        try:
            yield
        finally:
            self._open[kind].remove(line)

    def drop(self, kinds: Collection[str]) -> int:
        """Drop those of the kinds, and say how many there were."""
        lines = [line for kind in kinds for line in self._open[kind]]
        for line in lines:
            line.drop()
        return len(lines)


@dataclass(slots=True)
class LiveConnections:
    """Everything of one replica that ends with its sockets and streams."""

    bus: Rooms = field(default_factory=Rooms)
    chat_pods: tuple[Rooms, ...] = field(default_factory=lambda: (Rooms(), Rooms()))
    board_pod: Rooms = field(default_factory=Rooms)
    presence: Presence = field(default_factory=Presence)
    sockets: OpenSockets = field(default_factory=OpenSockets)
