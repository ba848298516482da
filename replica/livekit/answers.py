"""LiveKit over HTTP, answer by answer (livekit.md §2): a token is looked at before the path is,
whatever the path.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from replica.livekit import rooms, tokens
from replica.livekit.media_sockets import MediaSockets
from replica.livekit.node import NEEDS_ROOM, SINGLE_PEER, LiveKitNode
from replica.livekit.signalling import Signalling
from replica.livekit.tokens import LiveKitRefusal

VALIDATE = ("/rtc/validate", "/rtc/v1/validate")
STALE_AFTER_S = 4


def app(node: LiveKitNode, media: MediaSockets) -> Starlette:
    """The server's public port."""
    signalling = Signalling(node, media)
    answers = Answers(node)
    routes: list[BaseRoute] = [
        Route("/", answers.health),
        Route("/rtc", answers.nothing),
        Route(VALIDATE[0], answers.validate),
        Route("/rtc/v1", answers.join_new),
        Route(VALIDATE[1], answers.validate_new),
        Route("/twirp/{path:path}", answers.twirp, methods=["GET", "POST"]),
        Route("/debug/{what}", answers.debug),
        WebSocketRoute("/rtc", signalling.join_v0),
        WebSocketRoute("/rtc/v1", _only_new(node, signalling)),
        WebSocketRoute("/{path:path}", _no_socket),
    ]
    found = Starlette(
        routes=routes,
        middleware=[Middleware(AuthMiddleware, node=node)],
        exception_handlers={HTTPException: _no_route},
    )
    found.router.redirect_slashes = False
    return found


class Answers:
    """What one node answers."""

    def __init__(self, node: LiveKitNode) -> None:
        self._node = node

    async def health(self, _request: Request) -> Response:
        if self._node.is_fault_active("livekit-loses-redis"):
            since = datetime.fromtimestamp(time.time() - 60 * STALE_AFTER_S, UTC)
            return PlainTextResponse(
                f"Not Ready\nNode Updated At {since:%Y-%m-%d %H:%M:%S +0000 UTC}", 406
            )
        return PlainTextResponse("OK")

    async def nothing(self, _request: Request) -> Response:
        return Response(status_code=404)

    async def validate(self, request: Request) -> Response:
        tokens.may_join(request.scope["grants"], needs_room=self._node.is_at_least(*NEEDS_ROOM))
        return PlainTextResponse("success")

    async def validate_new(self, request: Request) -> Response:
        if not self._node.is_at_least(*SINGLE_PEER):
            return await _no_route(request, None)
        grants = request.scope["grants"]
        asks_grants_first = self._node.is_at_least(1, 13, 5)
        is_granted = bool(grants and grants.video) or not asks_grants_first
        if is_granted and "join_request" not in request.query_params:
            return PlainTextResponse("join_request is required", 400)
        return await self.validate(request)

    async def join_new(self, request: Request) -> Response:
        """A join that is no socket."""
        if self._node.is_at_least(*SINGLE_PEER):
            return await self.nothing(request)
        return await _no_route(request, None)

    async def twirp(self, request: Request) -> Response:
        return await rooms.answer(self._node, request, request.scope["grants"])

    async def debug(self, request: Request) -> Response:
        """Open with --dev alone."""
        shown = {
            "goroutine": f"goroutine profile: total {len(asyncio.all_tasks())}\n",
            "rooms": "{}\n",
        }
        if (
            not self._node.is_fault_active("livekit-shows-debug")
            or request.path_params["what"] not in shown
        ):
            return await _no_route(request, None)
        return PlainTextResponse(shown[request.path_params["what"]])


class AuthMiddleware:
    """What stands before every path: CORS, the token, the server's clock."""

    def __init__(self, app: ASGIApp, node: LiveKitNode) -> None:
        self._app, self._node = app, node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        sending = self._with_headers(scope, send)
        try:
            scope["grants"] = self._grants(scope)
            await self._forward(scope, receive, sending)
        except LiveKitRefusal as no:
            await _refuse(scope, receive, sending, no)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await Response(status_code=204)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _grants(self, scope: Scope) -> tokens.Grants | None:
        asked = QueryParams(scope["query_string"]).get("access_token", "")
        token = tokens.token_of_request(Headers(scope=scope).get("authorization", ""), asked)
        return tokens.read(token, self._node.checks) if token else None

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        known = VALIDATE if self._node.is_at_least(*SINGLE_PEER) else VALIDATE[:1]
        origin = "*" if scope["path"] in known else Headers(scope=scope).get("origin")

        async def send_with_headers(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                headers = MutableHeaders(scope=message)
                headers["date"] = format_datetime(
                    datetime.fromtimestamp(self._node.now(), UTC), usegmt=True
                )
                if origin:
                    headers["access-control-allow-origin"] = origin
                    headers["access-control-allow-headers"] = "*"
            await send(message)

        return send_with_headers


async def _refuse(scope: Scope, receive: Receive, send: Send, no: LiveKitRefusal) -> None:
    """Go's http.Error: the text, and the end of a line."""
    answer = PlainTextResponse(f"{no.text}\n", no.status)
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(answer)
    else:
        await answer(scope, receive, send)


def _only_new(node: LiveKitNode, signalling: Signalling) -> Callable[[WebSocket], Awaitable[None]]:
    async def door(socket: WebSocket) -> None:
        is_known = node.is_at_least(*SINGLE_PEER)
        await (signalling.join_v1(socket) if is_known else _no_socket(socket))

    return door


async def _no_route(_asked: HTTPConnection, _error: Exception | None) -> Response:
    return PlainTextResponse("404 page not found\n", 404)


async def _no_socket(socket: WebSocket) -> None:
    await socket.send_denial_response(await _no_route(socket, None))
