"""A chat as its members have it: open one, sit down in it, say, hear; what members lose there has a
name.

Paths, events and envelopes are those of contract 5.1 and 5.2.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from probes.auth.users import User
from probes.finding import Broken, Code, Finding, broken_promise
from probes.polling import poll_until
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.services import presign
from probes.services.chat_rows import (
    EVENTS,
    RECEIVED,
    ChatRow,
    ImageTicket,
    MadeChat,
    MessageRow,
    SentImage,
)
from probes.transport.envelopes import Envelope, expect_shape
from probes.transport.http import Answer, Web
from probes.transport.open_websocket import Event, WebSocket
from probes.transport.typed_answers import url_problem
from probes.transport.websocket import expect_refusal, open_socket

CHATS = "/api/svc/chat/api/chats"
CREATED = 201
NOT_OURS = "chat-service: whom it sends a message to (its rooms, or its channels in Redis)"
WINDOWS = 3  # enough to sit on more than one pod behind the gateway


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat. `name` is what its members see in their list; `members` are ids of users, none where
    they are not known.
    """

    id: str
    name: str
    members: frozenset[str] = frozenset()

    @property
    def socket(self) -> str:
        return f"{CHATS}/ws/{self.id}"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """What somebody said."""

    id: str
    user: str
    text: str


async def call(web: Web, user: User, method: str, path: str, body: Any = None) -> Answer:
    return await web.ask(
        method, f"{web.target.hosts.apex}{CHATS}{path}", token=await user.token(), json=body
    )


async def create_chat(web: Web, user: User, others: Sequence[User], ledger: Ledger) -> Chat:
    """A chat of `user` with `others`, in the ledger before it exists."""
    name = ledger.enter("chat", "chat")
    body = {
        "workspaceId": web.target.workspace.id,
        "chatType": "GROUP",
        "chatName": name,
        "participants": [other.id for other in others],
    }
    answer = await call(web, user, "POST", "", body)
    made = expect_shape(answer, Envelope.RAW, MadeChat, CREATED)
    ledger.identify(name, made["chatId"])
    members = frozenset([user.id, *(other.id for other in others)])
    expect_own(members, made.get("participants"), "the new chat's participants")
    return Chat(made["chatId"], name, members)


async def send(web: Web, user: User, room: Chat, text: str) -> ChatMessage:
    """Say it by REST."""
    answer = await call(
        web, user, "POST", f"/messages/{room.id}", {"content": text, "messageType": "TEXT"}
    )
    return parse_message(expect_shape(answer, Envelope.RAW, MessageRow, CREATED))


async def send_image(web: Web, user: User, room: Chat, content: bytes) -> None:
    """Upload an image and send it to the chat, as the page does. Raises Broken."""
    body = {
        "workspaceId": web.target.workspace.id,
        "fileName": "probe.png",
        "contentType": "image/png",
        "fileSize": len(content),
    }
    answer = await call(web, user, "POST", "/files/presigned-url", body)
    presign.expect_issued(answer)
    ticket = expect_shape(answer, Envelope.DATA, ImageTicket)
    signed = presign.expect_trusted(ticket["uploadUrl"], web.target.presign)
    headers = {"content-type": "image/png"}
    put = await web.ask("PUT", signed.url, content=content, headers=headers, kind="s3")
    presign.expect_stored(put)
    message = {
        "content": "probe.png",
        "messageType": "IMAGE",
        "fileUrl": ticket["downloadUrl"],
        "fileName": "probe.png",
        "fileSize": len(content),
    }
    sent = await call(web, user, "POST", f"/messages/{room.id}", message)
    expect_shape(sent, Envelope.RAW, SentImage, CREATED)


async def _rows(web: Web, user: User, room: Chat) -> list[MessageRow]:
    answer = await call(web, user, "GET", f"/messages/{room.id}")
    return expect_shape(answer, Envelope.MESSAGE, list[MessageRow])


async def _images(web: Web, user: User, room: Chat) -> list[MessageRow]:
    rows = await _rows(web, user, room)
    return [row for row in rows if row.get("messageType") == "IMAGE"]


async def expect_image(web: Web, user: User, room: Chat, content: bytes) -> None:
    """`user` finds an image in the chat in time, and its bytes where it says. Raises Broken."""
    timeout_s = web.target.realtime.deliver_seconds
    images = await poll_until(lambda: _images(web, user, room), timeout_s)
    if not images:
        observed = f"an image was sent, and {user.name} finds none after {timeout_s:g} s"
        raise broken_promise(Code.CHAT_NOT_DELIVERED, observed, "chat-service")
    url = str(images[-1].get("fileUrl") or "")
    if url_problem(url):
        observed = f"the image's message names {url or 'no file'}"
        cause = "who sent it (contract 3.6), or chat-service, which did not keep its fileUrl"
        raise broken_promise(Code.CHAT_ALTERED, observed, cause)
    got = await web.ask("GET", url, kind="s3")
    if got.status != 200 or got.body != content:
        observed = f"{got} with {len(got.body)} bytes for an image of {len(content)}"
        cause = "the address that chat-service makes of the file's key, or the CDN (5749e107)"
        raise broken_promise(Code.UPLOAD_LOST, observed, cause)


async def history(web: Web, user: User, room: Chat) -> list[ChatMessage]:
    """What was said, as `user` reads it who was not there."""
    rows = await _rows(web, user, room)
    expect_own(room.members, rows, "the chat's history")
    return [parse_message(row) for row in rows]


async def list_chats(web: Web, user: User) -> list[Chat]:
    answer = await call(web, user, "GET", "/my")
    rows = expect_shape(answer, Envelope.MESSAGE, list[ChatRow])
    return [Chat(row["chatId"], row["chatName"]) for row in rows]


async def delete_chat(web: Web, user: User, identity: str) -> bool:
    """Whether the service says that the chat is gone; one that is not there refuses like a foreign
    one (403).
    """
    answer = await call(web, user, "DELETE", f"/{identity}")
    current().note(f"DELETE {CHATS}/{identity}: {answer.status}")
    return answer.status == 204 or (answer.json is not None and answer.status in (200, 403, 404))


def expect_own(members: frozenset[str], rows: Any, what: str) -> None:
    """Nothing in `rows` is of a user outside `members`. Raises Broken."""
    if finding := explain_users(members, rows, what):
        raise Broken(finding)


def explain_users(members: frozenset[str], rows: Any, what: str) -> Finding | None:
    """Name a user in `rows` who is not of the chat; None where all are, or nobody knows who is;
    pure.
    """
    users = [str(row.get("userId") or "") for row in rows or () if isinstance(row, dict)]
    others = [user for user in users if user and user not in members]
    if not members or not others:
        return None
    observed = f"{what}: of {others[0]}, who is not in this chat"
    return Finding(Code.FOREIGN_DATA, observed, NOT_OURS)


def parse_message(row: MessageRow) -> ChatMessage:
    return ChatMessage(row["messageId"], row["userId"], row["content"])


class JoinedChat:
    """A member's open socket in a chat. A message that comes again under its id is heard once
    (contract 5.2).
    """

    def __init__(self, socket: WebSocket, user: User, timeout_s: float) -> None:
        self.socket, self._user, self._timeout_s = socket, user, timeout_s
        self._heard: set[str] = set()

    async def say(self, text: str) -> None:
        await self.socket.send({"type": "MESSAGE", "content": text, "messageType": "TEXT"})

    async def hear(self, speaker: User) -> ChatMessage:
        """The next message of `speaker`. Raises Broken when none comes in the stated time."""
        event = await self.socket.receive(
            lambda event: self._is_new(event, speaker), self._timeout_s, EVENTS
        )
        if event is None:
            raise Broken(silence_finding(self._user.name, speaker.name, self._timeout_s))
        message = parse_message(event["message"])
        self._heard.add(message.id)
        return message

    async def hear_until(self, speaker: User, last: str) -> list[ChatMessage]:
        """All that `speaker` says, up to what is `last`."""
        heard = [await self.hear(speaker)]
        while heard[-1].text != last:
            heard.append(await self.hear(speaker))
        return heard

    def _is_new(self, event: Event, speaker: User) -> bool:
        if event["type"] != RECEIVED:
            return False
        message = event["message"]
        return message["userId"] == speaker.id and message["messageId"] not in self._heard


@asynccontextmanager
async def join(web: Web, room: Chat, user: User) -> AsyncIterator[JoinedChat]:
    """A socket in the chat for as long as the block lasts."""
    async with open_socket(web, room.socket, await user.token()) as socket:
        socket.checks.append(partial(_explain_event, room))
        yield JoinedChat(socket, user, web.target.realtime.deliver_seconds)


def _explain_event(room: Chat, event: Event) -> Finding | None:
    what = f"{event.get('type')} on the open socket of a chat"
    return explain_users(room.members, (event, event.get("message")), what)


@asynccontextmanager
async def join_everywhere(web: Web, room: Chat, user: User) -> AsyncIterator[list[JoinedChat]]:
    """Some sockets at once, as somebody with several windows has; chance spreads them over the
    pods.
    """
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(join(web, room, user)) for _ in range(WINDOWS)]


async def expect_stranger_refused(web: Web, room: Chat, stranger: User) -> None:
    """A valid token from outside the chat opens no socket in it."""
    leak = Finding(
        Code.STRANGER_ADMITTED,
        "the chat's socket opened for somebody who is not in the chat",
        "chat-service: its participant check at the upgrade",
    )
    await expect_refusal(web, room.socket, await stranger.token(), leak, status=403)


def expect_same_messages(sent: Sequence[str], received: Sequence[ChatMessage]) -> None:
    """What was received is what was sent, each once. Raises Broken."""
    if finding := explain(sent, [message.text for message in received]):
        raise Broken(finding)


def silence_finding(listener: str, speaker: str, timeout_s: float) -> Finding:
    return Finding(
        Code.CHAT_NOT_DELIVERED,
        f"{listener} has the chat open and received nothing more from {speaker} within "
        f"{timeout_s:g} s",
        "chat's bus between its pods: Redis (contract 5.5)",
    )


def explain(sent: Sequence[str], received: Sequence[str]) -> Finding | None:
    """Name how what was received differs from what was sent; None where it does not; pure."""
    if list(received) == list(sent):
        return None
    if strange := [text for text in received if text not in sent]:
        return Finding(
            Code.CHAT_ALTERED,
            f"{strange[0]!a} was received, and nobody sent it; sent was {sent[0]!a}",
            "chat-service, or a proxy or a database with another encoding",
        )
    if twice := [text for text in sent if list(received).count(text) > sent.count(text)]:
        return Finding(
            Code.CHAT_DUPLICATED,
            f"sent {sent.count(twice[0])} times, received {list(received).count(twice[0])} times, "
            "each under its own id",
            "chat-service: the message is published twice",
        )
    return Finding(
        Code.CHAT_NOT_DELIVERED,
        f"{len(sent)} messages were sent, {len(received)} received, or in another order",
        "chat-service, or its bus between pods",
    )
