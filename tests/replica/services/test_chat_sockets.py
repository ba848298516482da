"""What is said in a chat, who hears it how often, and who is online."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError

from replica.state import ReplicaState
from tests.support.running_service import RunningService, next_event, running_service, say

PRESENCE = "/api/chats/ws/presence"
ONLINE = "/api/chats/presence/online"
ALL_SCRIPTS = "한글 🎉 שלום e\u0301"


@pytest.fixture
async def dial(state: ReplicaState) -> AsyncIterator[RunningService]:
    async with running_service(state, "chat") as dial:
        yield dial


async def nothing_before(socket: ClientConnection, *events: str) -> list[str]:
    """The kinds of all events up to a message `end` that the other side now sends; it is not among
    them.
    """
    kinds = [*events]
    while not _is_end(event := await next_event(socket)):
        kinds.append(event["type"])
    return kinds


def _is_end(event: Mapping[str, Any]) -> bool:
    if event["type"] != "MESSAGE_RECEIVED":
        return False
    return bool(event["message"]["content"] == "end")


async def test_a_message_reaches_the_other_once_and_its_sender_twice(dial: RunningService) -> None:
    """The sender's pod hears itself and the bus, under one id (contract §5.2); what is said is kept
    unchanged.
    """
    chat = dial.chat()
    path = f"/api/chats/ws/{chat.id}"
    async with dial.socket(path, "alice") as alice, dial.socket(path, "bob") as bob:
        await say(alice, type="MESSAGE", content=ALL_SCRIPTS, messageType="TEXT")
        first, second, other = (
            await next_event(alice),
            await next_event(alice),
            await next_event(bob),
        )
        assert first == second == other
        assert other["message"]["content"] == ALL_SCRIPTS
        assert other["message"]["userId"] == dial.state.test_users["alice"].id
        await say(alice, type="MESSAGE", content="end")
        assert await nothing_before(bob) == []
    assert next(iter(dial.state.messages)) == other["message"]["messageId"]


async def test_what_is_sent_by_rest_arrives_on_every_pod(dial: RunningService) -> None:
    """Once for each socket: the bus alone carries it."""
    chat = dial.chat()
    path = f"/api/chats/ws/{chat.id}"
    async with (
        dial.socket(path, "alice") as alice,
        dial.socket(path, "bob") as bob,
        dial.http("alice") as http,
    ):
        sent = (
            await http.post(f"/api/chats/messages/{chat.id}", json={"content": "by rest"})
        ).json()
        assert [(await next_event(each))["message"] for each in (alice, bob)] == [sent, sent]


async def test_a_chat_is_heard_in_its_own_room_only(dial: RunningService) -> None:
    """Bob in one chat hears nothing of another that he is in."""
    here, there = dial.chat(), dial.chat()
    async with dial.socket(f"/api/chats/ws/{here.id}", "bob") as bob, dial.http("alice") as http:
        await http.post(f"/api/chats/messages/{there.id}", json={"content": "elsewhere"})
        await http.post(f"/api/chats/messages/{here.id}", json={"content": "end"})
        assert await nothing_before(bob) == []


async def test_typing_and_reading_stay_on_the_pod(dial: RunningService) -> None:
    """A second tab of alice's hears them, bob on the other pod does not; reading is remembered."""
    chat = dial.chat()
    path, alice_id = f"/api/chats/ws/{chat.id}", dial.state.test_users["alice"].id
    async with (
        dial.socket(path, "alice") as alice,
        dial.socket(path, "alice") as tab,
        dial.socket(path, "bob") as bob,
    ):
        await say(alice, type="TYPING_START")
        assert await next_event(tab) == {
            "type": "USER_TYPING",
            "userId": alice_id,
            "chatId": chat.id,
        }
        await say(alice, type="TYPING_STOP")
        assert (await next_event(tab))["type"] == "USER_TYPING_STOP"
        await say(alice, type="READ_MESSAGE", messageId=chat.id)
        assert await next_event(tab) == {
            "type": "MESSAGE_READ",
            "messageId": chat.id,
            "userId": alice_id,
        }
        await say(alice, type="MESSAGE", content="end")
        assert await nothing_before(bob) == []
    assert alice_id in chat.last_read


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "MESSAGE"}, "SEND_FAILED"),
        ({"type": "READ_MESSAGE"}, "INVALID_MESSAGE_ID"),
        ({}, "INVALID_MESSAGE"),
    ],
)
async def test_what_cannot_be_done_is_told_to_the_sender(
    dial: RunningService, event: dict[str, str], code: str
) -> None:
    """With a code, and to nobody else."""
    chat = dial.chat()
    path = f"/api/chats/ws/{chat.id}"
    async with dial.socket(path, "alice") as alice, dial.socket(path, "bob") as bob:
        await say(alice, **event)
        answer = await next_event(alice)
        assert (answer["type"], answer["code"]) == ("ERROR", code)
        await say(alice, type="MESSAGE", content="end")
        assert await nothing_before(bob) == []


async def test_an_apps_ping_gets_no_answer(dial: RunningService) -> None:
    """On a chat; only the presence socket answers its heartbeat (contract §5.2)."""
    async with dial.socket(f"/api/chats/ws/{dial.chat().id}", "alice") as alice:
        await say(alice, type="ping")
        await say(alice, type="MESSAGE", content="end")
        assert await nothing_before(alice) == []


@pytest.mark.parametrize(("size", "code"), [(500 * 1024, None), (513 * 1024, 1009)])
async def test_a_frame_over_512_kb_ends_the_socket(
    dial: RunningService, size: int, code: int | None
) -> None:
    """A long message below it arrives whole."""
    async with dial.socket(f"/api/chats/ws/{dial.chat().id}", "alice") as alice:
        await say(alice, type="MESSAGE", content="x" * size)
        if code is None:
            assert len((await next_event(alice))["message"]["content"]) == size
            return
        with pytest.raises(websockets.ConnectionClosed) as ended:
            await alice.recv()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == code


async def test_presence_knows_who_is_there_and_who_has_left(dial: RunningService) -> None:
    """By either kind of socket; who leaves one of two is still there."""
    alice, bob = dial.state.test_users["alice"].id, dial.state.test_users["bob"].id
    async with dial.http("bob") as http:

        async def online() -> list[str]:
            return [row["userId"] for row in (await http.get(ONLINE)).json()["message"]]

        async def status() -> str:
            return str(
                (await http.get(f"/api/chats/presence/status/{alice}")).json()["message"]["status"]
            )

        async with dial.socket(f"/api/chats/ws/{dial.chat().id}", "bob"):
            async with dial.socket(PRESENCE, "alice"):
                async with dial.socket(PRESENCE, "alice"):
                    assert sorted(await online()) == sorted([alice, bob])
                assert alice in await online()
                assert await status() == "ONLINE"
            await left(http, alice)
            assert await online() == [bob]
            assert await status() == "OFFLINE"


async def left(http: httpx.AsyncClient, user: str) -> None:
    """Ask until the server has noticed."""
    while user in (await http.get(ONLINE)).text:
        pass


async def test_the_bus_is_down(dial: RunningService) -> None:
    """Fault chat-bus-down: the other pod hears nothing, the sender's own hears once, REST reaches
    no socket.
    """
    dial.state.faults = {"chat-bus-down"}
    chat = dial.chat()
    path = f"/api/chats/ws/{chat.id}"
    async with (
        dial.socket(path, "alice") as alice,
        dial.socket(path, "bob") as bob,
        dial.http("alice") as http,
    ):
        await say(alice, type="MESSAGE", content="lost")
        assert (await next_event(alice))["message"]["content"] == "lost"
        await http.post(f"/api/chats/messages/{chat.id}", json={"content": "lost too"})
        dial.state.faults = set()
        await http.post(f"/api/chats/messages/{chat.id}", json={"content": "end"})
        assert await nothing_before(alice) == await nothing_before(bob) == []


async def test_messages_are_delivered_twice(dial: RunningService) -> None:
    """Fault chat-delivers-twice: a copy with an id of its own, on the socket and in the list."""
    dial.state.faults = {"chat-delivers-twice"}
    chat = dial.chat()
    async with dial.socket(f"/api/chats/ws/{chat.id}", "bob") as bob, dial.http("alice") as http:
        await http.post(f"/api/chats/messages/{chat.id}", json={"content": "one"})
        one, two = (await next_event(bob))["message"], (await next_event(bob))["message"]
        listed = (await http.get(f"/api/chats/messages/{chat.id}")).json()["message"]
    assert one["content"] == two["content"]
    assert one["messageId"] != two["messageId"]
    assert [row["messageId"] for row in listed] == [one["messageId"], two["messageId"]]


async def test_text_is_mangled(dial: RunningService) -> None:
    """Fault chat-mangles-text: ASCII alone survives."""
    dial.state.faults = {"chat-mangles-text"}
    async with dial.socket(f"/api/chats/ws/{dial.chat().id}", "alice") as alice:
        await say(alice, type="MESSAGE", content="한글 abc")
        assert (await next_event(alice))["message"]["content"] == "?? abc"


async def test_presence_never_forgets(dial: RunningService) -> None:
    """Fault presence-never-forgets: who has left is online; without the fault nobody is any
    more.
    """
    dial.state.faults = {"presence-never-forgets"}
    alice = dial.state.test_users["alice"].id
    async with dial.socket(PRESENCE, "alice"):
        pass
    async with dial.http("bob") as http:
        assert [row["userId"] for row in (await http.get(ONLINE)).json()["message"]] == [alice]
        dial.state.faults = set()
        await left(http, alice)
        assert (await http.get(ONLINE)).json()["message"] == []


async def test_who_speaks_is_dropped(dial: RunningService) -> None:
    """Fault chat-drops-who-speaks: with the code of a server that failed, and nobody hears
    anything.
    """
    dial.state.faults = {"chat-drops-who-speaks"}
    async with dial.socket(f"/api/chats/ws/{dial.chat().id}", "alice") as alice:
        await say(alice, type="MESSAGE", content="hello")
        with pytest.raises(ConnectionClosedError, match="1011"):
            await next_event(alice)
    assert dial.state.messages == {}
