"""Every socket: whom it refuses, with which status, and how it ends."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
import websockets

from replica.models import new_id
from replica.signing_key import SigningKey
from replica.state import ReplicaState
from tests.support.running_service import RunningService, next_event, running_service, say

PRESENCE = "/api/chats/ws/presence"
FOREIGN = SigningKey()


@pytest.fixture
async def chat(state: ReplicaState) -> AsyncIterator[RunningService]:
    async with running_service(state, "chat") as dial:
        yield dial


@pytest.fixture
async def board(state: ReplicaState) -> AsyncIterator[RunningService]:
    async with running_service(state, "board") as dial:
        yield dial


def bad_tokens(dial: RunningService) -> dict[str, str | None]:
    """None, one that is no token, one that has expired, one of another issuer's key, and one cut
    short.
    """
    alice = dial.state.test_users["alice"]
    return {
        "missing": None,
        "empty": "",
        "nonsense": "x",
        "expired": dial.token("alice", seconds=-5),
        "foreign": FOREIGN.mint(alice.id, alice.email, "access", 60),
        "forged": dial.token("alice")[:-9] + "AAAAAAAAA",
    }


async def test_a_bad_token_is_401(chat: RunningService, board: RunningService) -> None:
    """At every socket; chat says why in JSON, board says nothing."""
    room, project = f"/api/chats/ws/{chat.chat().id}", f"/ws/project/{board.state.plan.id}"
    for name, token in bad_tokens(chat).items():
        for path in (PRESENCE, room):
            status, said = await chat.refusal(path, token)
            assert (status, "UNAUTHORIZED" in said) == (401, True), (name, path)
        assert await board.refusal(project, token) == (401, ""), name
    assert (await chat.refusal(PRESENCE, chat.token("alice", kind="refresh")))[0] == 401


async def test_a_logged_out_token_is_refused_by_the_board_alone(
    chat: RunningService, board: RunningService
) -> None:
    """SmartValidator falls back to the JWKS, which never hears of logouts (contract §2.5)."""
    token = chat.token("alice")
    chat.state.blacklist.add(token)
    assert (await chat.refusal(PRESENCE, token))[0] == 101
    assert (await board.refusal(f"/ws/project/{board.state.plan.id}", token))[0] == 401


async def test_a_chat_that_is_not_one_s_own_is_refused(chat: RunningService) -> None:
    """400 for what is no id, 403 for a stranger, 404 for a chat that is not there; and gin's 404
    off the routes.
    """
    room = f"/api/chats/ws/{chat.chat().id}"
    assert (await chat.refusal("/api/chats/ws/nonsense", chat.token("alice")))[0] == 400
    assert (await chat.refusal(room, chat.token("stranger")))[0] == 403
    assert (await chat.refusal(f"/api/chats/ws/{new_id()}", chat.token("alice")))[0] == 404
    assert await chat.refusal("/api/nothing", chat.token("alice")) == (404, "404 page not found")


async def test_a_plain_get_is_told_that_it_is_no_socket(chat: RunningService) -> None:
    """400 in the words of the upgrader, after the same checks."""
    async with chat.http("alice") as http:
        assert (await http.get(PRESENCE)).status_code == 401
        answer = await http.get(PRESENCE, params={"token": chat.token("alice")})
    assert (answer.status_code, "'upgrade' token not found" in answer.text) == (400, True)


async def test_a_socket_outlives_its_token(chat: RunningService) -> None:
    """Only the upgrade asks for it (contract §5.2)."""
    token = chat.token("alice")
    async with chat.carrying(PRESENCE, token) as socket:
        chat.state.blacklist.add(token)
        chat.state.key = FOREIGN
        await say(socket, type="heartbeat")
        assert await next_event(socket) == {"type": "pong"}


async def test_the_server_drops_a_socket(chat: RunningService) -> None:
    """With 1012, after what was told before; and only those of the kind."""
    async with (
        chat.socket(f"/api/chats/ws/{chat.chat().id}", "alice") as room,
        chat.socket(PRESENCE, "alice") as other,
    ):
        assert chat.state.live.sockets.drop(["chat", "board"]) == 1
        with pytest.raises(websockets.ConnectionClosed) as ended:
            await room.recv()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1012
        await say(other, type="heartbeat")
        assert await next_event(other) == {"type": "pong"}
    assert chat.state.live.sockets.drop(["chat"]) == 0


async def test_the_server_pings(state: ReplicaState) -> None:
    """As often as the scale says; a visitor that pongs stays."""
    async with running_service(state, "chat", scale=0.001) as dial:
        loud = logging.getLogger("test.pings")
        loud.setLevel(logging.DEBUG)
        frames = Frames()
        loud.addHandler(frames)
        address = f"ws://{dial.address}{PRESENCE}?token={dial.token('alice')}"
        async with websockets.connect(address, proxy=None, logger=loud) as socket:
            await frames.pinged.wait()
            await say(socket, type="heartbeat")
            assert await next_event(socket) == {"type": "pong"}


class Frames(logging.Handler):
    """Sees in websockets' own log when a second ping has come."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.pinged = 0, asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.seen += record.getMessage().startswith("< PING")
        if self.seen == 2:
            self.pinged.set()


async def test_expired_tokens_are_accepted(chat: RunningService, board: RunningService) -> None:
    """Fault socket-accepts-expired-token: at every socket, and no other bad token is."""
    chat.state.faults = {"socket-accepts-expired-token"}
    tokens = bad_tokens(chat)
    expired = tokens.pop("expired")
    for dial, path in ((chat, PRESENCE), (board, f"/ws/project/{board.state.plan.id}")):
        assert (await dial.refusal(path, expired))[0] == 101
        assert {(await dial.refusal(path, token))[0] for token in tokens.values()} == {401}


async def test_refusals_are_500(chat: RunningService, board: RunningService) -> None:
    """Fault socket-refuses-with-500: whatever the reason; who may come in still does."""
    chat.state.faults = {"socket-refuses-with-500"}
    room, project = f"/api/chats/ws/{chat.chat().id}", f"/ws/project/{board.state.plan.id}"
    assert (await chat.refusal(room, chat.token("stranger")))[0] == 500
    assert (await chat.refusal(room, None))[0] == 500
    assert (await board.refusal(project, None))[0] == 500
    assert (await chat.refusal(room, chat.token("bob")))[0] == 101


async def test_upgrades_hang(chat: RunningService) -> None:
    """Fault upgrade-hangs: no answer at all, good token or bad; plain calls are answered."""
    chat.state.faults = {"upgrade-hangs"}
    for token in (chat.token("alice"), None):
        with pytest.raises(TimeoutError):
            async with websockets.connect(
                f"ws://{chat.address}{PRESENCE}?token={token}", proxy=None, open_timeout=0.3
            ):
                pass
    async with chat.http("alice") as http:
        assert (await http.get("/api/chats/my")).status_code == 200
