"""What a Go service writes to its log of a request that it failed (contract 9.5): zap's JSON, a
line of the handler with the error and a line of the middleware with the request's id.
"""

import json
import secrets
from collections import deque

from starlette.requests import Request

from replica.services.response_formats import Refusal
from replica.tempo import keep_failure

LOGGED = 200  # lines of one service that are kept


def log_failure(request: Request, refusal: Refusal) -> None:
    keep_failure(
        request.app.state.replica,
        request,
        f"{request.app.state.service}-service",
        refusal.log_message,
    )
    span = secrets.token_hex(8)
    name = f"{request.app.state.service}-service"
    lines = request.app.state.replica.pod_logs.setdefault(name, deque(maxlen=LOGGED))
    handler = {"message": "service error", "error": refusal.log_message, "span_id": span}
    middleware = {
        "message": "Server error",
        "span_id": span,
        "http.request_id": request.scope["request_id"],
        "http.method": request.method,
        "http.target": request.scope["path"],
        "http.status_code": refusal.status,
    }
    for row in (handler, middleware):
        lines.append(json.dumps({"level": "error", **row}))
