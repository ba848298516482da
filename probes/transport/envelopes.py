"""Judge an answer of weAlist's API: right status, JSON, its own envelope; and name every way it is
not.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from probes.finding import Broken, Code, Finding
from probes.transport.http import Answer, service


def _success(body: Any) -> Any:
    """The reply of storage, ops and video: {"success": true, "data": ...}; data is absent when
    there is none.
    """
    match body:
        case {"success": True, **rest}:
            return rest.get("data", {})
    return None


def _data(body: Any) -> Any:
    """The reply of the shared Go package: {"data": ..., "requestId": ...} (contract 4.5)."""
    return body["data"] if isinstance(body, dict) and {"data", "requestId"} <= body.keys() else None


def _message(body: Any) -> Any:
    """One of chat's three styles: {"success": true, "message": payload} (contract 5.1)."""
    return body.get("message") if isinstance(body, dict) and body.get("success") is True else None


def _raw(body: Any) -> Any:
    return body


def _go_error(body: Any) -> Any:
    """The error of every Go service: {"error": {"code", "message"}} (contract 2.5, 4.2)."""
    match body:
        case {"error": {"code": str(), "message": str()} as error}:
            return error
    return None


def _auth_error(body: Any) -> Any:
    """The error of auth-service: {"code": "AUTH006", ...} (contract 2.3)."""
    match body:
        case {"code": str(code)} if code.startswith("AUTH"):
            return body
    return None


# Until the ladder knows better.
MASKED = "CloudFront custom error response: it replaces the service's own errors"
FELL_BACK = "the edge's fallback to index.html, or the route behind it"


class Envelope(Enum):
    """How a service wraps what it answers; the value opens the wrapping and gives None where it is
    another.
    """

    SUCCESS = (_success,)
    DATA = (_data,)
    MESSAGE = (_message,)
    RAW = (_raw,)
    GO_ERROR = (_go_error,)
    AUTH_ERROR = (_auth_error,)

    def open(self, body: Any) -> Any:
        unwrap: Callable[[Any], Any] = self.value[0]
        return unwrap(body)


def expect(
    answer: Answer,
    envelope: Envelope,
    status: int = 200,
    kind: type = dict,
    keys: tuple[str, ...] = (),
) -> Any:
    """What is inside the envelope. Raises Broken when status, type, envelope, kind or keys are not
    as promised.
    """
    if finding := explain(answer, status):
        raise Broken(finding)
    inside = envelope.open(answer.json)
    missing = [key for key in keys if isinstance(inside, dict) and key not in inside]
    if not isinstance(inside, kind) or missing:
        saw = f"without {', '.join(missing)}" if missing else "which is not the promised envelope"
        wanted = (
            f"{envelope.name.lower()} envelope around {'a list' if kind is list else 'an object'}"
        )
        raise Broken(
            Finding(Code.CONTRACT_BROKEN, f"{answer}, {saw} ({wanted})", service(answer.url))
        )
    return inside


def explain(answer: Answer, wanted: int) -> Finding | None:
    """Name what is wrong with `answer` where `wanted` was promised; None where nothing is; pure."""
    who, status = service(answer.url), answer.status
    if 300 <= status < 400:
        location = answer.headers.get("location", "nowhere")
        return Finding(
            Code.ROUTE_BROKEN, f"{answer}, a redirect to {location}", "the gateway's rewrite"
        )
    if urlsplit(answer.url).path.startswith("/api/") and (
        answer.is_html or _from_the_pages(answer)
    ):
        code, cause = (
            (Code.EDGE_MASKS_ERRORS, MASKED)
            if wanted >= 400
            else (Code.EDGE_HTML_FALLBACK, FELL_BACK)
        )
        marks = ", ".join(
            f"{k}: {answer.headers[k]}" for k in ("server", "x-cache") if k in answer.headers
        )
        return Finding(
            code,
            f"{answer} where JSON with {wanted} was promised ({marks or 'no server named'})",
            cause,
        )
    if status == wanted:
        return None if answer.json is not None or wanted == 204 else _not_json(answer, who)
    return _wrong_status(answer, wanted, who)


def _from_the_pages(answer: Answer) -> bool:
    """S3 or CloudFront's error response answered in the service's place (V6 §1).

    CloudFront writes the x-cache line on every origin answer from 400 on; with the service's own
    JSON it says nothing.
    """
    passed_on = answer.status >= 400 and answer.json is not None
    marked = answer.headers.get("x-cache") == "Error from cloudfront" and not passed_on
    return marked or answer.headers.get("server") == "AmazonS3"


def _not_json(answer: Answer, who: str) -> Finding:
    return Finding(Code.CONTRACT_BROKEN, f"{answer} where JSON was promised", who)


def _wrong_status(answer: Answer, wanted: int, who: str) -> Finding:
    match answer.status:
        case 404 if answer.json is None:
            return Finding(
                Code.ROUTE_BROKEN, f"{answer}: no route there", "the gateway's route or rewrite"
            )
        case 503 if b"no healthy upstream" in answer.body:
            return Finding(
                Code.SERVICE_UNAVAILABLE,
                f"{answer}: no healthy upstream",
                f"gateway subset of {who}: no pods match",
            )
        case status if status >= 500:
            return Finding(Code.SERVICE_UNAVAILABLE, f"{answer} where {wanted} was promised", who)
        case 401 | 403 if wanted < 400:
            return Finding(
                Code.ACCESS_REFUSED,
                f"{answer} to a member",
                f"token or membership check of {who}",
            )
        case status if status < 300 and wanted in (401, 403):
            return Finding(
                Code.STRANGER_ADMITTED, f"{answer} to a stranger", f"access check of {who}"
            )
    return Finding(Code.CONTRACT_BROKEN, f"{answer} where {wanted} was promised", who)


def error_message(answer: Answer) -> str:
    """What a service says of its refusal, in whichever of weAlist's envelopes; empty where it says
    nothing; pure.
    """
    match answer.json:
        case {"error": {"message": str(text)}} | {"message": str(text)} | {"error": str(text)}:
            return text
    return ""
