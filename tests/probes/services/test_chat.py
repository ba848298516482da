"""A chat: what was said is heard once and unchanged, and every way it is not has its name."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from probes.auth.users import User, Users
from probes.config.environment import Target, UserConfig
from probes.config.timeouts import Realtime
from probes.finding import Broken, Code
from probes.recording.ledger import Entry, Ledger
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from probes.services import chat
from probes.services.chat import Chat, ChatMessage
from probes.transport.http import Web
from tests.support.chat_socket import talking
from tests.support.site import NOWHERE, Said, Site, js

ROOM = Chat("c-1", "n")
CHATS = "/api/svc/chat/api/chats"


@pytest.fixture
def target(target: Target) -> Target:
    users = {"alice": UserConfig("u-1", token="A"), "bob": UserConfig("u-2", token="B")}
    identity = replace(target.identity, way="static")
    return replace(target, users=users, identity=identity, realtime=Realtime(deliver_seconds=20))


@pytest.fixture
def users(target: Target, web: Web) -> Users:
    return Users(target, web, Redactor(), {"A": "alices.own.token", "B": "bobs.own.token"})


@pytest.fixture
def alice(users: Users) -> User:
    return users.user("alice")


@pytest.fixture
def bob(users: Users) -> User:
    return users.user("bob")


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = Ledger(tmp_path / "20260102T030405Z-abc123")
    yield ledger
    ledger.close()


def received(number: str, text: str, user: str = "u-1") -> str:
    return json.dumps(
        {
            "type": "MESSAGE_RECEIVED",
            "message": {"messageId": number, "userId": user, "content": text},
        }
    )


async def test_a_chat_is_in_the_ledger_before_it_exists(
    site: Site, web: Web, alice: User, bob: User, ledger: Ledger
) -> None:
    """Under its id once the service has told it; an answer without one is no chat."""
    site.says[f"POST apex{CHATS}"] = js({"chatId": "c-1"}, 201)
    room = await chat.create_chat(web, alice, [bob], ledger)
    assert ledger.open_entries == [Entry("chat", room.name, "c-1")]
    assert json.loads(site.asked[0].body)["participants"] == ["u-2"]
    site.says[f"POST apex{CHATS}"] = js({}, 201)
    with pytest.raises(Broken, match="contract-broken"):
        await chat.create_chat(web, alice, [bob], ledger)
    assert [entry.id for entry in ledger.open_entries] == ["c-1", ""]


async def test_what_is_sent_is_in_the_history(site: Site, web: Web, alice: User) -> None:
    """Raw when it is sent, wrapped when it is listed (contract 5.1)."""
    row = {"messageId": "m-1", "userId": "u-1", "content": "한글"}
    site.says[f"POST apex{CHATS}/messages/c-1"] = js(row, 201)
    site.says[f"GET apex{CHATS}/messages/c-1"] = js({"success": True, "message": [row]})
    assert await chat.send(web, alice, ROOM, "한글") == ChatMessage("m-1", "u-1", "한글")
    assert await chat.history(web, alice, ROOM) == [ChatMessage("m-1", "u-1", "한글")]


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        (Said(204), True),
        (js({"error": {}}, 403), True),
        (NOWHERE, False),
        (js({}, 500), False),
        (Said(200), False),
    ],
)
async def test_a_chat_is_gone_when_its_service_says_so(
    site: Site, web: Web, alice: User, said: Said, gone: bool
) -> None:
    """One that is not there refuses like a foreign one; the edge's word counts for nothing."""
    site.says[f"DELETE apex{CHATS}/c-1"] = said
    assert await chat.delete_chat(web, alice, "c-1") is gone


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"userId": "u-1"}, False),
        ({"userId": "u-9"}, True),
        ({"userId": None}, False),
        ("nonsense", False),
    ],
)
def test_who_is_not_in_the_chat_says_nothing_there(row: object, found: bool) -> None:
    """In its history, among its participants and on its sockets."""
    finding = chat.explain_users(frozenset({"u-1", "u-2"}), [row], "a message")
    assert (finding is not None and finding.code is Code.FOREIGN_DATA) is found
    assert chat.explain_users(frozenset(), [row], "a message") is None


async def test_a_message_is_heard_once_by_its_id(
    target: Target, recorder: Recorder, alice: User, bob: User
) -> None:
    """The sender's pod tells it twice under one id (contract 5.2); others' messages are not the
    speaker's.
    """

    async def pod(connection: ServerConnection) -> None:
        said = json.loads(await connection.recv())
        assert said == {"type": "MESSAGE", "content": "one", "messageType": "TEXT"}
        for line in (
            received("m-0", "hm", "u-2"),
            received("m-1", "one"),
            '{"type": "USER_TYPING"}',
        ):
            await connection.send(line)
        for line in (received("m-1", "one"), received("m-2", "two"), received("m-3", "last")):
            await connection.send(line)
        await connection.wait_closed()

    async with talking(target, pod) as web, chat.join(web, ROOM, bob) as seat:
        await seat.say("one")
        heard = await seat.hear_until(alice, "last")
    assert [message.text for message in heard] == ["one", "two", "last"]


async def test_silence_is_named(target: Target, recorder: Recorder, alice: User, bob: User) -> None:
    """After the stated time, with who heard nothing from whom."""

    async def pod(connection: ServerConnection) -> None:
        await connection.wait_closed()

    hasty = replace(target, realtime=Realtime(deliver_seconds=0.01))
    async with talking(hasty, pod) as web, chat.join_everywhere(web, ROOM, bob) as seats:
        assert len(seats) == chat.WINDOWS
        with pytest.raises(
            Broken,
            match="chat-not-delivered: bob has the chat open and received nothing more from alice",
        ):
            await seats[-1].hear(alice)


async def test_a_stranger_who_gets_a_seat_is_the_finding(
    site: Site, target: Target, recorder: Recorder, web: Web, bob: User
) -> None:
    """403 is what they are promised; a seat is the worst."""
    site.says[f"GET apex{CHATS}/ws/c-1"] = js({"error": {}}, 403)
    await chat.expect_stranger_refused(web, ROOM, bob)

    async def pod(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with talking(target, pod) as open_to_all:
        with pytest.raises(Broken, match="stranger-admitted"):
            await chat.expect_stranger_refused(open_to_all, ROOM, bob)


@pytest.mark.parametrize(
    ("said", "heard", "code"),
    [
        (["a", "b"], ["a", "b"], None),
        (["a", "b"], ["?", "b"], Code.CHAT_ALTERED),
        (["a", "b"], ["a", "a", "b"], Code.CHAT_DUPLICATED),
        (["a", "a", "b"], ["a", "a", "b"], None),
        (["a", "b"], ["b"], Code.CHAT_NOT_DELIVERED),
        (["a", "b"], ["b", "a"], Code.CHAT_NOT_DELIVERED),
        (["a"], [], Code.CHAT_NOT_DELIVERED),
        (["e\u0301"], ["é"], Code.CHAT_ALTERED),
    ],
)
def test_what_was_heard_is_judged_by_what_was_said(
    said: list[str], heard: list[str], code: Code | None
) -> None:
    """Unchanged to the code point, each once, in order."""
    finding = chat.explain(said, heard)
    assert (finding and finding.code) == code
    messages = [ChatMessage(str(number), "u", text) for number, text in enumerate(heard)]
    if code:
        with pytest.raises(Broken, match=code):
            chat.expect_same_messages(said, messages)
    else:
        chat.expect_same_messages(said, messages)
