"""Sockets of the Go services: refused before the upgrade with a status of its own, then one line
each way.

A browser sees 1006 for every refusal; the status is the proof for whoever can read it (contract
§5.2).
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import jwt
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from replica.live_connections import Event
from replica.services.response_formats import GinJSON, Refusal, refuse_unauthorized
from replica.services.token_validation import validate_token
from replica.state import ReplicaState

DROPPED = 1012  # a server that restarts
TOO_BIG = 1009
GOING_AWAY = 1001
REFUSED_LATE = 4401
CUT_AFTER_S = 60  # seconds in weAlist
NO_SOCKET = (
    "Bad Request\nwebsocket: the client is not using the websocket protocol: 'upgrade' token "
    "not found\n"
)


class Connection:
    """One open socket: what is told leaves in order, without the teller waiting for it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket, self._is_binary = socket, False
        self._outgoing: asyncio.Queue[Event | int] = asyncio.Queue()

    def send(self, event: Event) -> None:
        self._outgoing.put_nowait(event)

    def drop(self, code: int = DROPPED) -> None:
        """Close it, after what has been told so far."""
        self._outgoing.put_nowait(code)

    async def incoming(self) -> AsyncIterator[str]:
        """What comes in, until either side ends it."""
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                got = await self._socket.receive()
                if got["type"] == "websocket.disconnect":
                    return
                yield got.get("text") or (got.get("bytes") or b"").decode(errors="replace")

    def send_binary(self) -> None:
        """From now on all frames are binary."""
        self._is_binary = True

    async def deliver(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it ended while we spoke
            while not isinstance(event := await self._outgoing.get(), int):
                text = json.dumps(event, ensure_ascii=False)
                if self._is_binary:
                    await self._socket.send_bytes(text.encode())
                else:
                    await self._socket.send_text(text)
            await self._socket.close(event)


@dataclass(frozen=True, slots=True)
class SocketSession:
    """An open socket, whose it is, and what it is about (a chat's or a project's id)."""

    state: ReplicaState
    user: str
    topic_id: str
    connection: Connection


Authorize = Callable[
    [ReplicaState, HTTPConnection], tuple[str, str]
]  # raises Refusal; else who it is, and about what
Serve = Callable[[SocketSession], Awaitable[None]]


def upgrade(
    kind: str, path: str, authorize: Authorize, serve: Serve, refuse: Callable[[Refusal], Response]
) -> list[BaseRoute]:
    """A socket at `path`; a plain GET meets the same checks, and then learns that it is no
    socket.
    """

    async def opened(socket: WebSocket) -> None:
        state: ReplicaState = socket.app.state.replica
        try:
            user, topic_id = authorize(state, socket)
        except Refusal as no:
            clear = not state.is_fault_active("socket-refuses-with-500")
            shown = no if clear else Refusal(500, "INTERNAL_ERROR", "Internal server error")
            await socket.send_denial_response(refuse(shown))
            return
        await socket.accept()
        line = Connection(socket)
        _apply_faults(state, kind, user, line)
        delivering = asyncio.create_task(line.deliver())
        try:
            with state.live.sockets.register(kind, line):
                await serve(SocketSession(state, user, topic_id, line))
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

    async def not_a_socket(request: Request) -> Response:
        try:
            authorize(request.app.state.replica, request)
        except Refusal as no:
            return refuse(no)
        return PlainTextResponse(NO_SOCKET, 400, headers={"sec-websocket-version": "13"})

    return [WebSocketRoute(path, opened), Route(path, not_a_socket)]


def _apply_faults(state: ReplicaState, kind: str, user: str, line: Connection) -> None:
    """What a sick second pod does to the sockets that land on it."""
    if not is_on_second_pod(state, user):
        return
    if kind == "presence" and state.is_fault_active("presence-closes-at-once"):
        line.drop(REFUSED_LATE)
    if kind == "chat" and state.is_fault_active("chat-sends-binary"):
        line.send_binary()
    if kind == "board" and state.is_fault_active("board-cuts-sockets"):
        loop = asyncio.get_running_loop()
        loop.call_later(CUT_AFTER_S * state.scale, line.drop, GOING_AWAY)


def is_on_second_pod(state: ReplicaState, user: str) -> bool:
    """A user's sockets land on the pod of their place in the list of users."""
    return next((place for place, known in enumerate(state.users) if known == user), 0) % 2 == 1


def json_refusal(no: Refusal) -> Response:
    return GinJSON({"error": {"code": no.code, "message": no.message}}, no.status)


def empty_refusal(no: Refusal) -> Response:
    return Response(status_code=no.status)


def validate_query_token(state: ReplicaState, asked: HTTPConnection) -> dict[str, Any]:
    """Claims of the query's token as SmartValidator sees them: auth-service first, the JWKS when
    that says no.
    """
    token = asked.query_params.get("token", "")
    if not token:
        raise refuse_unauthorized("Token required")
    return claims_of_expired_token(state, token) or validate_token(state, token)


def claims_of_expired_token(state: ReplicaState, token: str) -> dict[str, Any] | None:
    """The claims of an access token that has ended, while nobody looks at that; of any other,
    nothing.
    """
    if not state.is_fault_active("socket-accepts-expired-token"):
        return None
    try:
        claims = state.key.read(token, expired=True)
    except jwt.InvalidTokenError:
        return None
    return claims if claims.get("type") == "access" and claims["exp"] <= time.time() else None


def parse_event(text: str) -> Event:
    """What a socket said; nothing where it is no JSON object."""
    try:
        event = json.loads(text)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
