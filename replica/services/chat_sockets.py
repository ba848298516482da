"""chat-service, sockets: what is said in a chat, and who is online (contract §5.2).

A message goes to the sender's pod at once and to every pod over the bus, so the sender's pod hears
it twice under one id. What is typed and read stays on the pod. Nothing answers an app's ping on a
chat, and no socket ends with its token.
"""

from typing import Any

from starlette.requests import HTTPConnection

from replica.live_connections import EVERYWHERE, Event, Rooms
from replica.models import ChatModel, now
from replica.services import chat_messages
from replica.services.gin import as_id
from replica.services.response_formats import Refusal, forbidden, not_found
from replica.services.sockets import Talk, in_json, parsed, smart, upgrade
from replica.state import ReplicaState

FAILED = 1011
ECHOES = {"TYPING_START": "USER_TYPING", "TYPING_STOP": "USER_TYPING_STOP"}


def admit_to_chat(state: ReplicaState, asked: HTTPConnection) -> tuple[str, str]:
    user = str(smart(state, asked)["sub"])
    chat = state.chats.get(as_id(asked.path_params["chat"], "Invalid chat ID"))
    if chat is None:
        raise not_found("Chat not found")
    if user not in chat.participants:
        raise forbidden("Not a participant")
    return user, chat.id


def admit_to_presence(state: ReplicaState, asked: HTTPConnection) -> tuple[str, str]:
    return str(smart(state, asked)["sub"]), EVERYWHERE


async def hold_chat(talk: Talk) -> None:
    live, room = talk.state.live, chat_messages.room(talk.about)
    pod = pod_of(talk.state, talk.user)
    here = live.presence.at(EVERYWHERE, talk.user, now)
    with pod.joined(room, talk.line.tell), live.bus.joined(room, talk.line.tell), here:
        async for text in talk.line.said():
            _hear(talk, pod, parsed(text))


def pod_of(state: ReplicaState, user: str) -> Rooms:
    pods = state.live.chat_pods
    place = next((number for number, known in enumerate(state.users) if known == user), 0)
    return pods[place % len(pods)]


def _hear(talk: Talk, pod: Rooms, event: Event) -> None:
    kind, room = event.get("type"), chat_messages.room(talk.about)
    chat = talk.state.chats.get(talk.about)
    match kind:
        case None:
            _complain(talk, "INVALID_MESSAGE", "Invalid message format")
        case "MESSAGE" if talk.state.is_fault_active("chat-drops-who-speaks"):
            talk.line.drop(FAILED)
        case "MESSAGE":
            _say(talk, pod, chat, event)
        case "TYPING_START" | "TYPING_STOP":
            pod.tell(room, {"type": ECHOES[kind], "userId": talk.user, "chatId": talk.about})
        case "READ_MESSAGE":
            _read(talk, pod, chat, event.get("messageId"))


def _say(talk: Talk, pod: Rooms, chat: ChatModel | None, event: dict[str, Any]) -> None:
    try:
        if chat is None:
            raise not_found("Chat not found")
        said = chat_messages.say(talk.state, chat, talk.user, event)
    except Refusal:
        _complain(talk, "SEND_FAILED", "Failed to send message")
        return
    for each in chat_messages.copies(talk.state, said):
        chat_messages.publish(talk.state, each)
        pod.tell(chat_messages.room(each.chat), chat_messages.received(each))


def _read(talk: Talk, pod: Rooms, chat: ChatModel | None, sent: object) -> None:
    try:
        number = as_id(sent, "Invalid message ID")
    except Refusal:
        _complain(talk, "INVALID_MESSAGE_ID", "Invalid message ID")
        return
    if chat is not None:
        chat.last_read[talk.user] = now()
    pod.tell(
        chat_messages.room(talk.about),
        {"type": "MESSAGE_READ", "messageId": number, "userId": talk.user},
    )


def _complain(talk: Talk, code: str, message: str) -> None:
    talk.line.tell({"type": "ERROR", "code": code, "message": message})


async def hold_presence(talk: Talk) -> None:
    with talk.state.live.presence.at(EVERYWHERE, talk.user, now):
        async for text in talk.line.said():
            if parsed(text).get("type") == "heartbeat":
                talk.line.tell({"type": "pong"})


# The fixed word stands before the chat's id, as in gin.
ROUTES = [
    *upgrade("presence", "/api/chats/ws/presence", admit_to_presence, hold_presence, in_json),
    *upgrade("chat", "/api/chats/ws/{chat}", admit_to_chat, hold_chat, in_json),
]
