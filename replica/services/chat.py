"""chat-service: its sockets, and REST in three styles of answer (contract §5.1): raw, told as
`message`, numbered.
"""

from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response

from replica.live_connections import ALL_WORKSPACES
from replica.models import NIL_ID, ChatModel, now
from replica.services import chat_messages, chat_sockets
from replica.services.boards_attachments import object_key
from replica.services.gin import ServiceCall, as_id, engine, route
from replica.services.presigning import PUT_SECONDS, upload_url
from replica.services.response_formats import (
    Refusal,
    bad_request,
    forbidden,
    no_content,
    not_found,
    raw_json,
    success_message,
    with_request_id,
)
from replica.state import ReplicaState, add

BASE = "/api/chats"
CHAT = f"{BASE}/{{chat}}"
MAX_SIZE_BYTES = 50 * 1024 * 1024
KINDS = {"DM", "GROUP", "PROJECT"}
IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}


def app(state: ReplicaState) -> Starlette:
    routes = [
        route("POST", BASE, create),
        route("GET", f"{BASE}/my", my_chats),
        route("GET", f"{BASE}/workspace/{{workspace}}", in_workspace),
        route("GET", f"{BASE}/presence/online", online),
        route("GET", f"{BASE}/presence/status/{{user}}", status),
        route("POST", f"{BASE}/files/presigned-url", image_url),
        *chat_sockets.ROUTES,
        *chat_messages.ROUTES,
        route("GET", CHAT, chat),
        route("DELETE", CHAT, delete),
        route("POST", f"{CHAT}/participants", add_participants),
        route("DELETE", f"{CHAT}/participants/{{user}}", remove_participant),
    ]
    return engine(state, "chat", routes, base=BASE)


async def create(call: ServiceCall) -> Response:
    """Whether the participants belong to the workspace is not asked."""
    kind, others = call.text("chatType"), call.body.get("participants")
    if kind not in KINDS or not isinstance(others, list) or not others:
        raise bad_request("chatType must be DM, GROUP or PROJECT, participants at least one")
    people = [call.user, *(as_id(user, "Invalid participant ID") for user in others)]
    row = ChatModel(
        workspace=as_id(call.body.get("workspaceId"), "Invalid workspace ID"),
        project=call.body.get("projectId"),
        kind=kind,
        name=str(call.body.get("chatName") or "")[:100],
        created_by=call.user,
        participants=list(dict.fromkeys(people)),
    )
    return raw_json(show(add(call.state.chats, row)), 201)


async def my_chats(call: ServiceCall) -> Response:
    rows = [row for row in call.state.chats.values() if call.user in row.participants]
    return success_message(
        [
            show(row) | {"unreadCount": chat_messages.unread(call.state, row, call.user)}
            for row in rows
        ]
    )


async def in_workspace(call: ServiceCall) -> Response:
    workspace = call.id("workspace", "workspace")
    return success_message(
        [show(row) for row in call.state.chats.values() if row.workspace == workspace]
    )


async def chat(call: ServiceCall) -> Response:
    return success_message(show(chat_messages.chat_of_participant(call)))


async def delete(call: ServiceCall) -> Response:
    row = chat_messages.chat_of_participant(call)
    if row.created_by != call.user:
        raise forbidden("Only the creator can delete a chat")
    del call.state.chats[row.id]
    for message in [each.id for each in call.state.messages.values() if each.chat == row.id]:
        del call.state.messages[message]
    return no_content()


async def add_participants(call: ServiceCall) -> Response:
    row, people = chat_messages.chat_of_participant(call), call.body.get("userIds")
    if not isinstance(people, list) or not people:
        raise bad_request("userIds is required")
    row.participants = list(
        dict.fromkeys([*row.participants, *(as_id(user, "Invalid user ID") for user in people)])
    )
    row.updated_at = now()
    return success_message(show(row))


async def remove_participant(call: ServiceCall) -> Response:
    row, leaver = chat_messages.chat_of_participant(call), call.id("user", "user")
    if leaver == row.created_by or call.user not in {leaver, row.created_by}:
        raise forbidden("Not allowed to remove this participant")
    row.participants = [user for user in row.participants if user != leaver]
    return no_content()


async def online(call: ServiceCall) -> Response:
    """Whoever has come by a chat or presence socket, and has not left since by either."""
    return success_message([_presence(call.state, user) for user in _online(call.state)])


async def status(call: ServiceCall) -> Response:
    user = call.id("user", "user")
    if call.state.live.presence.last_change(ALL_WORKSPACES, user) is None:
        raise not_found("User presence not found")
    return success_message(_presence(call.state, user))


def _online(state: ReplicaState) -> list[str]:
    there = state.live.presence.online(
        ALL_WORKSPACES, forgetting=not state.is_fault_active("presence-never-forgets")
    )
    if not state.is_fault_active("presence-outlives-its-pod"):
        return there
    # A pod that was killed has left the rows of whoever was on it.
    return list(dict.fromkeys([*there, state.test_users["bob"].id]))


def _presence(state: ReplicaState, user: str) -> dict[str, Any]:
    now_online = "ONLINE" if user in _online(state) else "OFFLINE"
    seen = state.live.presence.last_change(ALL_WORKSPACES, user)
    return {"userId": user, "workspaceId": NIL_ID, "status": now_online, "updatedAt": seen}


async def image_url(call: ServiceCall) -> Response:
    name, kind = call.text("fileName"), call.text("contentType")
    if call.number("fileSize") > MAX_SIZE_BYTES:
        raise Refusal(400, "FILE_TOO_LARGE", "File size exceeds 50MB limit")
    if kind not in IMAGES:
        raise Refusal(
            400, "INVALID_FILE_TYPE", "Only image files are allowed (jpeg, png, gif, webp)"
        )
    key = object_key("chat", call, name)
    url = upload_url(call.state, "chat", key)
    shown = f"{call.state.hosts.cdn}/{key}"
    issued = {"uploadUrl": url, "downloadUrl": shown, "fileKey": key, "expiresIn": PUT_SECONDS}
    return with_request_id(call.request, issued)


def show(row: ChatModel) -> dict[str, Any]:
    people = [
        {
            "id": f"{row.id}:{user}",
            "chatId": row.id,
            "userId": user,
            "joinedAt": row.created_at,
            "isActive": True,
        }
        for user in row.participants
    ]
    return {
        "chatId": row.id,
        "workspaceId": row.workspace,
        "projectId": row.project,
        "chatType": row.kind,
        "chatName": row.name,
        "createdBy": row.created_by,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
        "participants": people,
    }
