"""chat-service: chats, in three styles of answer."""

from typing import Any

import pytest

from replica.models import new_id
from replica.state import ReplicaState
from tests.support.service_fixtures import Ask

CHATS = "/api/chats"


async def begun(ask: Ask, state: ReplicaState, **fields: Any) -> dict[str, Any]:
    people = [state.test_users["bob"].id]
    asked = {
        "workspaceId": state.home.id,
        "chatType": "GROUP",
        "chatName": "Team",
        "participants": people,
    }
    chat: dict[str, Any] = (await ask("chat", "alice").post(CHATS, json=asked | fields)).json()
    return chat


async def test_a_chat_is_begun_seen_and_ended(ask: Ask, state: ReplicaState) -> None:
    """Raw when made, told when read, nothing when removed; only its maker removes it."""
    chat = await begun(ask, state)
    people = [person["userId"] for person in chat["participants"]]
    assert people == [state.test_users["alice"].id, state.test_users["bob"].id]
    bob, path = ask("chat", "bob"), f"{CHATS}/{chat['chatId']}"
    assert (await bob.get(f"{CHATS}/my")).json()["message"][0] == chat | {"unreadCount": 0}
    assert (await bob.get(f"{CHATS}/workspace/{state.home.id}")).json()["message"] == [chat]
    assert (await bob.get(path)).json() == {"success": True, "message": chat}
    assert (await bob.delete(path)).status_code == 403
    assert (await ask("chat", "alice").delete(path)).status_code == 204
    assert state.leftovers()["chats"] == []


async def test_a_stranger_cannot_look_in(ask: Ask, state: ReplicaState) -> None:
    """Nor can anybody into a chat that is not there: both are 403."""
    chat = await begun(ask, state)
    answers = [
        await ask("chat", "stranger").get(f"{CHATS}/{one}") for one in (chat["chatId"], new_id())
    ]
    assert [answer.status_code for answer in answers] == [403, 403]


@pytest.mark.parametrize(
    "fields", [{"chatType": "ROOM"}, {"participants": []}, {"workspaceId": "x"}]
)
async def test_a_bad_chat_is_refused(ask: Ask, state: ReplicaState, fields: dict[str, Any]) -> None:
    """With a code, and without a row."""
    assert (await begun(ask, state, **fields))["error"]["code"] == "BAD_REQUEST"
    assert state.leftovers()["chats"] == []


async def test_people_come_and_go(ask: Ask, state: ReplicaState) -> None:
    """The maker stays, and nobody throws out the maker."""
    chat = await begun(ask, state)
    people = f"{CHATS}/{chat['chatId']}/participants"
    alice, guest = ask("chat", "alice"), state.test_users["stranger"].id
    grown = (await alice.post(people, json={"userIds": [guest]})).json()["message"]
    assert len(grown["participants"]) == 3
    assert (await alice.post(people, json={})).status_code == 400
    assert (await ask("chat", "bob").delete(f"{people}/{guest}")).status_code == 403
    assert (await ask("chat", "stranger").delete(f"{people}/{guest}")).status_code == 204
    assert (await alice.delete(f"{people}/{state.test_users['alice'].id}")).status_code == 403


async def test_nobody_is_online_without_a_socket(ask: Ask, state: ReplicaState) -> None:
    """An empty list, and 404 for one person."""
    assert (await ask("chat", "bob").get(f"{CHATS}/presence/online")).json() == {
        "success": True,
        "message": [],
    }
    answer = await ask("chat", "bob").get(f"{CHATS}/presence/status/{state.test_users['alice'].id}")
    assert answer.status_code == 404


async def test_an_image_url_is_numbered(ask: Ask, state: ReplicaState) -> None:
    """`{"data", "requestId"}`: the envelope that the page does not unwrap (contract §3.6)."""
    asked = {
        "workspaceId": state.home.id,
        "fileName": "a.png",
        "contentType": "image/png",
        "fileSize": 1,
    }
    answer = (await ask("chat", "bob").post(f"{CHATS}/files/presigned-url", json=asked)).json()
    assert set(answer["data"]) == {"uploadUrl", "downloadUrl", "fileKey", "expiresIn"}
    assert answer["data"]["fileKey"].startswith(f"chat/{state.home.id}/")
    assert answer["requestId"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"contentType": "text/plain"}, "INVALID_FILE_TYPE"),
        ({"fileSize": 51 * 2**20}, "FILE_TOO_LARGE"),
    ],
)
async def test_only_small_images_go_up(
    ask: Ask, state: ReplicaState, fields: dict[str, Any], code: str
) -> None:
    """Everything else has a code of its own."""
    asked = {
        "workspaceId": state.home.id,
        "fileName": "a.png",
        "contentType": "image/png",
        "fileSize": 1,
    }
    answer = await ask("chat", "bob").post(f"{CHATS}/files/presigned-url", json=asked | fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
