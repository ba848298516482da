"""How weAlist's Go services phrase an answer: each service has a style of its own (contract §2.5,
§4.2, §4.5, §5.1).
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class GinJSON(JSONResponse):
    """JSON with the charset that gin adds."""

    media_type = "application/json; charset=utf-8"


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """What a handler raises to say no: a status, a code and a message, phrased in the service's own
    style. `log_message`: what only the service's log says of it.
    """

    def __init__(self, status: int, code: str, message: str, logged: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.log_message = logged or message


ErrorFormat = Callable[[Request, Refusal], Response]


def bad_request(message: str) -> Refusal:
    return Refusal(400, "BAD_REQUEST", message)


def refuse_unauthorized(message: str) -> Refusal:
    return Refusal(401, "UNAUTHORIZED", message)


def forbidden(message: str) -> Refusal:
    return Refusal(403, "FORBIDDEN", message)


def not_found(message: str) -> Refusal:
    return Refusal(404, "NOT_FOUND", message)


def raw_json(payload: Any, status: int = 200) -> Response:
    return GinJSON(payload, status)


def no_content() -> Response:
    return Response(status_code=204)


def success_data(data: Any, status: int = 200) -> Response:
    """`{"success": true, "data": ...}`: storage and ops."""
    return GinJSON({"success": True, "data": data}, status)


def success_message(message: Any) -> Response:
    """`{"success": true, "message": ...}`: storage after a deed, chat for whole payloads."""
    return GinJSON({"success": True, "message": message})


def with_request_id(request: Request, data: Any, status: int = 200) -> Response:
    """`{"data": ..., "requestId": ...}`: board, and the upload URL of chat."""
    return GinJSON({"data": data, "requestId": request.scope["request_id"]}, status)


def plain_error(_request: Request, no: Refusal) -> Response:
    return GinJSON({"error": {"code": no.code, "message": no.message}}, no.status)


def error_with_request_id(request: Request, no: Refusal) -> Response:
    error = {"code": no.code, "message": no.message}
    return GinJSON({"error": error, "requestId": request.scope["request_id"]}, no.status)


def ops_error(request: Request, no: Refusal) -> Response:
    """Ops phrases a failed sign-in like the others, for the shared middleware does it, and all else
    its own way.
    """
    if no.status == 401:
        return plain_error(request, no)
    return GinJSON({"success": False, "message": no.message}, no.status)


def without_nones(**fields: Any) -> dict[str, Any]:
    """Go's omitempty: a field without a value is absent, not null."""
    return {name: value for name, value in fields.items() if value is not None}
