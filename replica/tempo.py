"""Tempo, as far as a reader of one trace needs it: spans of the requests that a service failed.

weAlist's collector keeps traces with errors and one in ten of the others (contract 9.5); of the
others this one keeps none. JSON as Tempo's GET /api/traces/{id} writes it: ids in base64, enums by
name.
"""

import base64
import secrets
import time
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from replica.state import ReplicaState

KEPT = 500  # traces, the oldest goes first
Span = dict[str, Any]


def app(state: ReplicaState) -> Starlette:
    """GET /api/traces/{id}: 404 where nothing failed."""

    async def trace(request: Request) -> Response:
        spans = state.traces.get(request.path_params["trace"].lower())
        if spans is None:
            return PlainTextResponse("trace not found", HTTPStatus.NOT_FOUND)
        return JSONResponse({"batches": spans})

    return Starlette(routes=[Route("/api/traces/{trace}", trace)])


def keep_failure(state: ReplicaState, request: Request, service: str, error: str) -> None:
    """A service's own span of `request` and the one below it that failed; none where the request
    belongs to no trace (W3C traceparent).
    """
    parts = request.headers.get("traceparent", "").split("-")
    if len(parts) != 4:
        return
    _, trace, parent, _ = parts
    server, query = secrets.token_bytes(8), secrets.token_bytes(8)
    ended = time.time_ns()
    name = f"{request.method} {request.scope['path']}"
    spans = [
        _span(name, server, bytes.fromhex(parent), ended),
        _span("gorm.Query", query, server, ended - 1_000_000, error),
    ]
    label = {"key": "service.name", "value": {"stringValue": service}}
    batch = {"resource": {"attributes": [label]}, "scopeSpans": [{"spans": spans}]}
    state.traces.setdefault(trace, []).append(batch)
    while len(state.traces) > KEPT:
        del state.traces[next(iter(state.traces))]


def _span(name: str, own: bytes, parent: bytes, ended_ns: int, error: str = "") -> Span:
    status = {"code": "STATUS_CODE_ERROR", **({"message": error} if error else {})}
    return {
        "spanId": base64.b64encode(own).decode(),
        "parentSpanId": base64.b64encode(parent).decode(),
        "name": name,
        "kind": "SPAN_KIND_CLIENT" if error else "SPAN_KIND_SERVER",
        "startTimeUnixNano": str(ended_ns - 5_000_000),
        "endTimeUnixNano": str(ended_ns),
        "status": status,
    }
