"""chat-service, sockets: what is said in a chat, and who is online (contract §5.2).

A message goes to the sender's pod at once and to every pod over the bus, so the sender's pod hears
it twice under one id. What is typed and read stays on the pod. Nothing answers an app's ping on a
chat, and no socket ends with its token.
"""

import asyncio
import contextlib
from typing import Any

from starlette.requests import HTTPConnection

from replica.live_connections import ALL_WORKSPACES, Event, Rooms
from replica.models import ChatModel, now
from replica.services import chat_messages
from replica.services.gin import as_id
from replica.services.response_formats import Refusal, forbidden, not_found
from replica.services.sockets import (
    CUT_AFTER_S,
    SocketSession,
    is_on_second_pod,
    json_refusal,
    parse_event,
    upgrade,
    validate_query_token,
)
from replica.state import ReplicaState

FAILED = 1011
ECHOES = {"TYPING_START": "USER_TYPING", "TYPING_STOP": "USER_TYPING_STOP"}


def authorize_chat(state: ReplicaState, asked: HTTPConnection) -> tuple[str, str]:
    user = str(validate_query_token(state, asked)["sub"])
    chat = state.chats.get(as_id(asked.path_params["chat"], "Invalid chat ID"))
    if chat is None:
        raise not_found("Chat not found")
    if user not in chat.participants:
        raise forbidden("Not a participant")
    return user, chat.id


def authorize_presence(state: ReplicaState, asked: HTTPConnection) -> tuple[str, str]:
    return str(validate_query_token(state, asked)["sub"]), ALL_WORKSPACES


async def serve_chat(session: SocketSession) -> None:
    live, room = session.state.live, chat_messages.room(session.topic_id)
    pod = pod_of(session.state, session.user)
    with (
        contextlib.ExitStack() as heard,
        live.presence.at(ALL_WORKSPACES, session.user, now, "chat"),
    ):
        for rooms in (pod, live.bus):
            heard.enter_context(rooms.subscribe(room, session.connection.send))
        if session.state.is_fault_active("chat-goes-deaf") and is_on_second_pod(
            session.state, session.user
        ):
            loop = asyncio.get_running_loop()
            loop.call_later(CUT_AFTER_S * session.state.scale, heard.close)
        async for text in session.connection.incoming():
            _hear(session, pod, parse_event(text))


def pod_of(state: ReplicaState, user: str) -> Rooms:
    pods = state.live.chat_pods
    place = next((number for number, known in enumerate(state.users) if known == user), 0)
    return pods[place % len(pods)]


def _hear(session: SocketSession, pod: Rooms, event: Event) -> None:
    kind, room = event.get("type"), chat_messages.room(session.topic_id)
    chat = session.state.chats.get(session.topic_id)
    match kind:
        case None:
            _complain(session, "INVALID_MESSAGE", "Invalid message format")
        case "MESSAGE" if session.state.is_fault_active("chat-drops-who-speaks"):
            session.connection.drop(FAILED)
        case "MESSAGE":
            _say(session, pod, chat, event)
        case "TYPING_START" | "TYPING_STOP":
            pod.publish(
                room, {"type": ECHOES[kind], "userId": session.user, "chatId": session.topic_id}
            )
        case "READ_MESSAGE":
            _read(session, pod, chat, event.get("messageId"))


def _say(session: SocketSession, pod: Rooms, chat: ChatModel | None, event: dict[str, Any]) -> None:
    try:
        if chat is None:
            raise not_found("Chat not found")
        message = chat_messages.say(session.state, chat, session.user, event)
    except Refusal:
        _complain(session, "SEND_FAILED", "Failed to send message")
        return
    for each in chat_messages.copies(session.state, message):
        chat_messages.publish(session.state, each)
        pod.publish(chat_messages.room(each.chat), chat_messages.received_event(each))


def _read(session: SocketSession, pod: Rooms, chat: ChatModel | None, sent: object) -> None:
    try:
        number = as_id(sent, "Invalid message ID")
    except Refusal:
        _complain(session, "INVALID_MESSAGE_ID", "Invalid message ID")
        return
    if chat is not None:
        chat.last_read[session.user] = now()
    pod.publish(
        chat_messages.room(session.topic_id),
        {"type": "MESSAGE_READ", "messageId": number, "userId": session.user},
    )


def _complain(session: SocketSession, code: str, message: str) -> None:
    session.connection.send({"type": "ERROR", "code": code, "message": message})


async def serve_presence(session: SocketSession) -> None:
    deaf = session.state.is_fault_active("presence-ignores-heartbeats")
    presence = session.state.live.presence
    with presence.at(ALL_WORKSPACES, session.user, now, "presence"):
        async for text in session.connection.incoming():
            if parse_event(text).get("type") == "heartbeat" and not deaf:
                presence.come(ALL_WORKSPACES, session.user, now)
                session.connection.send({"type": "pong"})


# The fixed word stands before the chat's id, as in gin.
ROUTES = [
    *upgrade(
        "presence", "/api/chats/ws/presence", authorize_presence, serve_presence, json_refusal
    ),
    *upgrade("chat", "/api/chats/ws/{chat}", authorize_chat, serve_chat, json_refusal),
]
