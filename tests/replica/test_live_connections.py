"""Rooms, presence and open sockets, without a socket."""

import contextlib
import itertools

import pytest

from replica.live_connections import Event, OpenSockets, Presence, Rooms


def test_a_room_hears_what_is_told_while_it_is_joined() -> None:
    """Neither before nor after, nor what is told elsewhere; two who join hear it both."""
    rooms, first, second = Rooms(), list[Event](), list[Event]()
    rooms.publish("a", {"n": 0})
    with rooms.subscribe("a", first.append), rooms.subscribe("a", second.append):
        rooms.publish("a", {"n": 1})
        rooms.publish("b", {"n": 2})
    rooms.publish("a", {"n": 3})
    assert first == second == [{"n": 1}]


def test_whoever_leaves_while_being_told_harms_nobody() -> None:
    """The others of the room still hear it."""
    rooms, told = Rooms(), list[Event]()
    stack = contextlib.ExitStack()
    with rooms.subscribe("a", told.append):
        stack.enter_context(rooms.subscribe("a", lambda _: stack.close()))
        with rooms.subscribe("a", told.append):
            rooms.publish("a", {})
    assert told == [{}, {}]


def test_presence_counts_sockets_of_a_kind() -> None:
    """Somebody with two is there until both are closed; where he is, he is nowhere else."""
    presence, clock = Presence(), map(str, itertools.count())
    with presence.at("x", "alice", clock.__next__, "chat"):
        with presence.at("x", "alice", clock.__next__, "chat"):
            assert presence.online("x") == ["alice"]
        assert presence.online("x") == ["alice"]
        assert presence.online("y") == []
    assert presence.online("x") == []
    assert presence.online("x", forgetting=False) == ["alice"]


def test_whose_last_chat_closes_is_away_until_the_next_heartbeat() -> None:
    """Though the app is open: chats and apps are counted apart, and write the same row."""
    presence, clock = Presence(), map(str, itertools.count())
    with presence.at("", "alice", clock.__next__, "presence"):
        with presence.at("", "alice", clock.__next__, "chat"):
            pass
        assert presence.online("") == []
        presence.come("", "alice", clock.__next__)
        assert presence.online("") == ["alice"]


def test_the_first_board_that_closes_takes_its_user_away() -> None:
    """Nobody counts who has a board open twice."""
    presence, clock = Presence(), map(str, itertools.count())
    with presence.at("board", "bob", clock.__next__):
        with presence.at("board", "bob", clock.__next__):
            pass
        assert presence.online("board") == []


def test_presence_remembers_when_somebody_was_last_seen() -> None:
    """The time of coming, then of leaving; nothing of who never came."""
    presence, clock = Presence(), map(str, itertools.count())
    with presence.at("x", "alice", clock.__next__):
        assert presence.last_change("x", "alice") == "0"
    assert presence.last_change("x", "alice") == "1"
    assert presence.last_change("x", "bob") is None


@pytest.mark.parametrize(
    ("kinds", "dropped"), [(["chat"], 2), (["board"], 0), (["chat", "presence"], 3)]
)
def test_open_sockets_are_dropped_by_kind(kinds: list[str], dropped: int) -> None:
    """Those that are open, and each once."""
    sockets, ended = OpenSockets(), list[str]()

    class Connection:
        def __init__(self, name: str) -> None:
            self.name = name

        def drop(self) -> None:
            ended.append(self.name)

    with sockets.register("chat", Connection("past")):
        pass
    with (
        sockets.register("chat", Connection("a")),
        sockets.register("chat", Connection("b")),
        sockets.register("presence", Connection("c")),
    ):
        assert sockets.drop(kinds) == dropped
    assert len(set(ended)) == dropped
    assert "past" not in ended
