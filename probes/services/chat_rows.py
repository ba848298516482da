"""What chat-service answers and sends, as types (contract 5.1, 5.2)."""

from typing import NotRequired, TypedDict

from probes.transport.typed_answers import Identity, WebUrl


class ChatRow(TypedDict):
    """A chat as chat-service lists it (contract 5.1)."""

    chatId: Identity
    chatName: str


class Participant(TypedDict):
    userId: Identity


class MadeChat(TypedDict):
    chatId: Identity
    participants: NotRequired[list[Participant]]


class MessageRow(TypedDict):
    """A message in an answer, or in the event of a socket (contract 5.2)."""

    messageId: Identity
    userId: Identity
    content: str
    messageType: NotRequired[str]
    fileUrl: NotRequired[str | None]


class Received(TypedDict):
    message: MessageRow


RECEIVED = "MESSAGE_RECEIVED"
EVENTS = {RECEIVED: Received}


class SentImage(TypedDict):
    messageId: Identity


class ImageTicket(TypedDict):
    uploadUrl: WebUrl
    downloadUrl: str
