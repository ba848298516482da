"""A Go service of weAlist seen from outside: gin's 404, DefaultCORS, request ids,
health, tokens.

Sources: contract §1.5 (CORS), §8 (health).
"""

import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from replica.services.request_log import log_failure
from replica.services.response_formats import (
    ErrorFormat,
    GinJSON,
    Refusal,
    bad_request,
    plain_error,
)
from replica.services.token_validation import claims_of_request
from replica.state import ReplicaState

REDIS_LIARS = {"board", "chat", "noti", "storage"}
CORS = {
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": (
        "Origin, Content-Type, Accept, Authorization, X-Request-ID, X-Workspace-Id"
    ),
    "access-control-expose-headers": "X-Request-ID",
}


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One call of a handler: who asks (empty where no token is needed), and for what."""

    state: ReplicaState
    request: Request
    claims: dict[str, Any]
    body: dict[str, Any]

    @property
    def user(self) -> str:
        return str(self.claims["sub"])

    def id(self, name: str, what: str) -> str:
        """The id at `name` in the path."""
        return as_id(self.request.path_params[name], f"Invalid {what} ID")

    def text(self, field: str) -> str:
        """A text that the body must have."""
        value = self.body.get(field)
        if not isinstance(value, str) or not value:
            raise Refusal(400, "VALIDATION_ERROR", f"Field '{field}' is required")
        return value

    def number(self, field: str) -> int:
        """A positive number that the body must have."""
        value = self.body.get(field)
        if not isinstance(value, int) or value < 1:
            raise Refusal(400, "VALIDATION_ERROR", f"Field '{field}' must be at least 1")
        return value

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def page(self, size: str = "pageSize") -> tuple[int, int]:
        """Page number and size, with the services' own fallbacks for nonsense."""
        page, count = self.query("page", "1"), self.query(size, "20")
        number = int(page) if page.isdigit() and int(page) else 1
        return number, int(count) if count.isdigit() and 1 <= int(count) <= 100 else 20


Handler = Callable[[ServiceCall], Awaitable[Response]]


def as_id(value: object, message: str) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise bad_request(message) from None


def route(method: str, path: str, handler: Handler) -> Route:
    """A route that asks for an access token."""
    return _route(method, path, handler, claims_of_request)


def public(method: str, path: str, handler: Handler) -> Route:
    """A route that asks for nothing."""
    return _route(method, path, handler, lambda _request: {})


def _route(
    method: str, path: str, handler: Handler, claims: Callable[[Request], dict[str, Any]]
) -> Route:
    async def endpoint(request: Request) -> Response:
        return await handler(
            ServiceCall(request.app.state.replica, request, claims(request), await body_of(request))
        )

    return Route(path, endpoint, methods=[method])


async def body_of(request: Request) -> dict[str, Any]:
    sent = await request.body()
    try:
        body = json.loads(sent or b"{}")
    except ValueError:
        raise Refusal(400, "VALIDATION_ERROR", "Invalid request body") from None
    return body if isinstance(body, dict) else {}


def engine(
    state: ReplicaState,
    service: str,
    routes: Sequence[BaseRoute],
    *,
    base: str = "",
    error_format: ErrorFormat = plain_error,
    hangs: str | None = None,
    served: Callable[[str], str] = str,
) -> Starlette:
    """A service: its routes, and health below the root and below `base`.

    `hangs` names a fault that leaves every call unanswered; `served` tells which path of the table
    serves a path.
    """
    app = Starlette(
        routes=[
            *_health_routes(state, service, ""),
            *(_health_routes(state, service, base) if base else ()),
            *routes,
            WebSocketRoute("/{path:path}", _no_socket),
        ],
        middleware=[Middleware(Gin, state=state, hangs=hangs, served=served)],
        exception_handlers={HTTPException: _no_route, Refusal: _answer_refusal(error_format)},
    )
    app.router.redirect_slashes = False
    app.state.replica, app.state.service = state, service
    return app


def _health_routes(state: ReplicaState, service: str, base: str) -> list[BaseRoute]:
    async def live(_request: Request) -> Response:
        is_down = service == "chat" and state.is_fault_active("chat-says-it-is-down")
        return GinJSON({"status": "down" if is_down else "alive"})

    async def ready(_request: Request) -> Response:
        checks = {
            "database": database_check(state, service),
            "redis": redis_check(state, service),
        }
        if "disconnected" in checks.values():
            return GinJSON({"status": "not_ready", "checks": checks}, 503)
        return GinJSON({"status": "ready", "checks": checks})

    async def metrics(_request: Request) -> Response:
        text = f'# TYPE up gauge\nup{{service="{service}-service"}} 1\n'
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    health = [Route(f"{base}/health{part}", ready) for part in ("", "/ready")]
    return [
        Route(f"{base}/health/live", live),
        *health,
        *([] if base else [Route("/metrics", metrics)]),
    ]


def database_check(state: ReplicaState, service: str) -> str:
    lost = service == "noti" and state.is_fault_active("database-unreachable")
    return "disconnected" if lost else "ok"


def redis_check(state: ReplicaState, service: str) -> str:
    """User-service never hands its Redis to the health check, so it always says that there is none
    (contract §5.5).
    """
    if service == "chat" and state.is_fault_active("redis-unreachable"):
        return "disconnected"
    lying = service in REDIS_LIARS and state.is_fault_active("redis-not-configured")
    return "not_configured" if lying or service == "user" else "ok"


async def _no_route(_asked: HTTPConnection, _error: Exception | None) -> Response:
    return Response("404 page not found", 404, headers={"content-type": "text/plain"})


async def _no_socket(socket: WebSocket) -> None:
    await socket.send_denial_response(await _no_route(socket, None))


def _answer_refusal(
    error_format: ErrorFormat,
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log_failure(request, error)
        return error_format(request, error)

    return answer


class Gin:
    """What stands before every route of a Go service."""

    def __init__(
        self, app: ASGIApp, state: ReplicaState, hangs: str | None, served: Callable[[str], str]
    ) -> None:
        self.app, self.state, self.hangs, self.served = app, state, hangs, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and self.state.is_fault_active("upgrade-hangs"):
            await _until_gone(receive)
        elif scope["type"] != "http":
            await self.app(scope, receive, send)
        elif self.hangs and self.state.is_fault_active(self.hangs):
            await _until_gone(receive)
        else:
            headers = Headers(scope=scope)
            number = str(uuid.uuid4())  # whatever id the request brought (contract 9.5)
            inner = {**scope, "path": self.served(scope["path"]), "request_id": number}
            answer = _PREFLIGHT if scope["method"] == "OPTIONS" else self.app
            await answer(inner, receive, _mark_answers(send, number, headers.get("origin")))


_PREFLIGHT = Response(status_code=204)


def _mark_answers(send: Send, number: str, origin: str | None) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = number
            if origin:
                headers["access-control-allow-origin"] = origin
                headers.update(CORS)
        await send(message)

    return marked


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] not in {"http.disconnect", "websocket.disconnect"}:
        pass
