"""What is said in a chat, and what has been read."""

import pytest

from replica.models import ChatModel
from replica.state import ReplicaState, add
from tests.support.service_fixtures import Ask

MESSAGES = "/api/chats/messages"


@pytest.fixture
def chat(state: ReplicaState) -> ChatModel:
    people = [state.test_users["alice"].id, state.test_users["bob"].id]
    row = ChatModel(
        workspace=state.home.id,
        project=None,
        kind="DM",
        name="",
        created_by=people[0],
        participants=people,
    )
    return add(state.chats, row)


async def test_what_one_says_the_other_reads(ask: Ask, chat: ChatModel) -> None:
    """Unchanged in any script, oldest first, page by page."""
    for text in ("안녕 👋", "שלום", "last"):
        sent = await ask("chat", "alice").post(f"{MESSAGES}/{chat.id}", json={"content": text})
        assert (sent.status_code, sent.json()["content"], sent.json()["messageType"]) == (
            201,
            text,
            "TEXT",
        )
    bob = ask("chat", "bob")
    newest = (await bob.get(f"{MESSAGES}/{chat.id}", params={"limit": "2"})).json()["message"]
    assert [said["content"] for said in newest] == ["שלום", "last"]
    older = await bob.get(f"{MESSAGES}/{chat.id}", params={"before": newest[0]["messageId"]})
    assert [said["content"] for said in older.json()["message"]] == ["안녕 👋"]


async def test_unread_counts_what_others_said_since(ask: Ask, chat: ChatModel) -> None:
    """One's own words are read at once."""
    alice, bob = ask("chat", "alice"), ask("chat", "bob")
    said = (await alice.post(f"{MESSAGES}/{chat.id}", json={"content": "hi"})).json()
    assert (await bob.get(f"{MESSAGES}/{chat.id}/unread")).json() == {"unreadCount": 1}
    assert (await alice.get(f"{MESSAGES}/{chat.id}/unread")).json() == {"unreadCount": 0}
    await bob.put(f"{MESSAGES}/{chat.id}/last-read")
    assert (await bob.get(f"{MESSAGES}/{chat.id}/unread")).json() == {"unreadCount": 0}
    read = await bob.post(f"{MESSAGES}/read", json={"messageIds": [said["messageId"]]})
    assert read.json() == {"success": True, "message": "Messages marked as read"}
    assert (await bob.post(f"{MESSAGES}/read", json={})).status_code == 400


async def test_only_who_said_it_takes_it_back(ask: Ask, chat: ChatModel) -> None:
    """Then nobody sees it."""
    said = (
        await ask("chat", "alice").post(f"{MESSAGES}/{chat.id}", json={"content": "oops"})
    ).json()
    path = f"{MESSAGES}/{said['messageId']}"
    assert (await ask("chat", "bob").delete(path)).status_code == 403
    assert (await ask("chat", "alice").delete(path)).status_code == 204
    assert (await ask("chat", "bob").get(f"{MESSAGES}/{chat.id}")).json()["message"] == []
    assert (await ask("chat", "alice").delete(f"{MESSAGES}/{chat.id}")).status_code == 404


async def test_a_message_needs_words_and_a_seat(ask: Ask, chat: ChatModel) -> None:
    """Nothing to say is 400, nobody to hear it from is 403."""
    assert (await ask("chat", "bob").post(f"{MESSAGES}/{chat.id}", json={})).status_code == 400
    assert (
        await ask("chat", "stranger").post(f"{MESSAGES}/{chat.id}", json={"content": "x"})
    ).status_code == 403
