"""chat-service, messages: what is said in a chat, and who has read how far (contract §5.1)."""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from replica.live_connections import Event
from replica.models import ChatModel, MessageModel, new_id, now
from replica.services.gin import ServiceCall, route
from replica.services.response_formats import (
    bad_request,
    forbidden,
    no_content,
    not_found,
    raw_json,
    success_message,
)
from replica.state import ReplicaState, add

MESSAGES = "/api/chats/messages/{chat}"
FILE_FIELDS = ("fileUrl", "fileName", "fileSize")


async def list_messages(call: ServiceCall) -> Response:
    """The newest page, oldest first; `before` names the message that ends it."""
    row, before = chat_of_participant(call), call.query("before")
    rows = _messages_of(call.state, row)
    if call.state.is_fault_active("chat-history-mixes-rooms"):
        rows = [*rows, _message_of_others(call.state)]
    end = next((place for place, message in enumerate(rows) if message.id == before), len(rows))
    limit = call.query("limit", "50")
    count = int(limit) if limit.isdigit() and 1 <= int(limit) <= 100 else 50
    return success_message([show(message) for message in rows[max(0, end - count) : end]])


async def send(call: ServiceCall) -> Response:
    """A message sent by REST reaches sockets over the bus alone (contract §5.5)."""
    message = say(call.state, chat_of_participant(call), call.user, call.body)
    for each in copies(call.state, message):
        publish(call.state, each)
    return raw_json(show(message), 201)


def say(state: ReplicaState, chat: ChatModel, user: str, body: dict[str, Any]) -> MessageModel:
    """The message, kept; sockets say theirs here too."""
    content = body.get("content")
    kind = str(body.get("messageType") or "TEXT")
    if not isinstance(content, str) or (kind == "TEXT" and not content):
        raise bad_request("content is required")
    if state.is_fault_active("chat-mangles-text"):
        content = content.encode("ascii", "replace").decode()
    file = {name: body[name] for name in FILE_FIELDS if name in body}
    if state.is_fault_active("chat-loses-file-url"):
        file.pop("fileUrl", None)
    chat.updated_at = now()
    return add(
        state.messages, MessageModel(chat=chat.id, user=user, content=content, kind=kind, file=file)
    )


def copies(state: ReplicaState, message: MessageModel) -> list[MessageModel]:
    """What members see of one message: itself, and another with an id of its own while that fault
    is on.
    """
    if not state.is_fault_active("chat-delivers-twice"):
        return [message]
    return [message, add(state.messages, replace(message, id=new_id()))]


def publish(state: ReplicaState, message: MessageModel) -> None:
    """To the members on every pod, as long as the pods have a bus."""
    if state.is_fault_active("chat-reaches-other-rooms"):
        state.live.bus.publish(room(message.chat), received_event(_message_of_others(state)))
    lost = state.is_fault_active("chat-bus-down") or state.is_fault_active("redis-unreachable")
    if not lost:
        state.live.bus.publish(room(message.chat), received_event(message))


def _message_of_others(state: ReplicaState) -> MessageModel:
    """What the stranger said in a chat of theirs."""
    user = state.test_users["stranger"].id
    return MessageModel(chat=new_id(), user=user, content="Between us", kind="TEXT", file={})


def received_event(message: MessageModel) -> Event:
    return {"type": "MESSAGE_RECEIVED", "message": show(message)}


def room(chat: str) -> str:
    return f"chat:{chat}"


async def delete(call: ServiceCall) -> Response:
    row = call.state.messages.get(call.id("chat", "message"))
    if row is None:
        raise not_found("Message not found")
    if row.user != call.user:
        raise forbidden("Not the message owner")
    row.deleted_at = now()
    return no_content()


async def read(call: ServiceCall) -> Response:
    ids = call.body.get("messageIds")
    if not isinstance(ids, list) or not ids:
        raise bad_request("messageIds is required")
    return success_message("Messages marked as read")


async def unread_count(call: ServiceCall) -> Response:
    return raw_json({"unreadCount": unread(call.state, chat_of_participant(call), call.user)})


async def last_read(call: ServiceCall) -> Response:
    chat_of_participant(call).last_read[call.user] = now()
    return success_message("Last read updated")


def unread(state: ReplicaState, chat: ChatModel, user: str) -> int:
    seen = chat.last_read.get(user, "")
    return sum(
        message.user != user and message.created_at > seen for message in _messages_of(state, chat)
    )


def chat_of_participant(call: ServiceCall) -> ChatModel:
    """The chat, for one of its participants; a chat that is not there refuses like a foreign
    one.
    """
    row = call.state.chats.get(call.id("chat", "chat"))
    if row is None or call.user not in row.participants:
        raise forbidden("Not a participant")
    return row


def _messages_of(state: ReplicaState, chat: ChatModel) -> list[MessageModel]:
    return [row for row in state.messages.values() if row.chat == chat.id and not row.deleted_at]


def show(row: MessageModel) -> dict[str, Any]:
    return {
        "messageId": row.id,
        "chatId": row.chat,
        "userId": row.user,
        "content": row.content,
        "messageType": row.kind,
        **row.file,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }


ROUTES = [
    route("POST", "/api/chats/messages/read", read),
    route("GET", MESSAGES, list_messages),
    route("POST", MESSAGES, send),
    route("DELETE", MESSAGES, delete),
    route("GET", f"{MESSAGES}/unread", unread_count),
    route("PUT", f"{MESSAGES}/last-read", last_read),
]
