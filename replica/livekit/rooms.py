"""RoomService over Twirp, as far as weAlist and its probes use it: rooms listed, made, ended."""

import json
from collections.abc import Callable

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from livekit.protocol import room as messages
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from replica.livekit import TWIRP
from replica.livekit.node import LiveKitNode
from replica.livekit.tokens import Grants

JSON, PROTOBUF = "application/json", "application/protobuf"


class TwirpError(Exception):
    """An error in Twirp's words; `meta`: what it says besides."""

    def __init__(self, status: int, code: str, message: str, **meta: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.meta = status, code, message, meta

    @property
    def body(self) -> dict[str, object]:
        payload: dict[str, object] = {"code": self.code, "msg": self.message}
        return {**payload, "meta": self.meta} if self.meta else payload


Action = Callable[[LiveKitNode, Message], Message]


def list_rooms(node: LiveKitNode, request_message: Message) -> Message:
    assert isinstance(request_message, messages.ListRoomsRequest)
    found = [
        room
        for name, room in node.rooms.items()
        if not request_message.names or name in request_message.names
    ]
    return messages.ListRoomsResponse(rooms=[room.to_message() for room in found])


def create_room(node: LiveKitNode, request_message: Message) -> Message:
    assert isinstance(request_message, messages.CreateRoomRequest)
    return node.room(request_message.name, request_message.empty_timeout).to_message()


def delete_room(node: LiveKitNode, request_message: Message) -> Message:
    assert isinstance(request_message, messages.DeleteRoomRequest)
    if request_message.room not in node.rooms:
        prefix = "twirp error unknown: " if node.is_at_least(1, 9, 12) else ""
        raise TwirpError(404, "not_found", f"{prefix}requested room does not exist")
    node.delete(node.rooms[request_message.room])
    return messages.DeleteRoomResponse()


METHODS: dict[str, tuple[type[Message], str, Action]] = {
    "ListRooms": (messages.ListRoomsRequest, "roomList", list_rooms),
    "CreateRoom": (messages.CreateRoomRequest, "roomCreate", create_room),
    "DeleteRoom": (messages.DeleteRoomRequest, "roomCreate", delete_room),
}


async def answer(node: LiveKitNode, request: Request, grants: Grants | None) -> Response:
    """What RoomService answers to one call."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    try:
        message, grant, action = _method(request, kind)
        request_message = _decode(message, await request.body(), kind)
        _require(node, grants, grant)
        return _encode(action(node, request_message), kind)
    except TwirpError as error:
        return JSONResponse(error.body, error.status)


def _method(request: Request, kind: str) -> tuple[type[Message], str, Action]:
    path = request.url.path
    if path.removeprefix(TWIRP) not in METHODS or request.method != "POST":
        route = f"{request.method} {path}"
        raise TwirpError(
            404, "bad_route", f'no handler for path "{path}"', twirp_invalid_route=route
        )
    if kind not in {JSON, PROTOBUF}:
        raise TwirpError(404, "bad_route", f'unexpected Content-Type: "{kind}"')
    return METHODS[path.removeprefix(TWIRP)]


def _require(node: LiveKitNode, grants: Grants | None, grant: str) -> None:
    if grants is None or not grants.allows(grant):
        raise TwirpError(401, "unauthenticated", "permissions denied")
    if node.is_fault_active("livekit-loses-redis"):
        raise TwirpError(500, "internal", "dial tcp: lookup ${REDIS_HOST}: no such host")


def _decode(message: type[Message], body: bytes, kind: str) -> Message:
    try:
        if kind == PROTOBUF:
            return message.FromString(body)
        return json_format.Parse(body, message(), ignore_unknown_fields=True)
    except (DecodeError, json_format.ParseError):
        raise TwirpError(400, "malformed", "the request could not be decoded") from None


def _encode(message: Message, kind: str) -> Response:
    if kind == PROTOBUF:
        return Response(message.SerializeToString(), media_type=PROTOBUF)
    as_dict = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return Response(json.dumps(as_dict), media_type=JSON)
