"""Judge an answer of weAlist's API: right status, JSON, its own envelope; and name every way it is
not.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from probes.finding import Broken, Code, Finding
from probes.transport import cloudfront_pages, identity
from probes.transport.author import Author
from probes.transport.http import Answer, service
from probes.transport.redirects import explain_redirect
from probes.transport.typed_answers import quote_value, shape_problem
from probes.transport.wrong_status import explain_status, quote

T = TypeVar("T")


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
WAF = (
    "WAF: ask for a rule that allows the User-Agent wealist-probes from the probes' address, "
    "before the rate and bot rules"
)
RATE_LIMIT = (
    "rate limit: ask for an exception for the User-Agent wealist-probes, or for a limit above "
    "the probes' 600 requests a minute"
)
PROXY = "the proxy between the probes and weAlist"
MARKS = ("server", "x-cache", "via", "age", "x-amzn-waf-action", "x-amz-error-code")
# Who answers in a service's place, beside the app's own index.
_ELSEWHERE = {
    Author.LOAD_BALANCER: (
        Code.LOAD_BALANCER_ERROR,
        "load balancer: no healthy target behind it (the gateway's pods)",
    ),
    Author.S3: (Code.EDGE_S3_ERROR, "edge behaviour: /api/* goes to the bucket of the pages"),
    Author.PROXY: (Code.PROXY_ERROR, "a proxy between the probes and the gateway, or before it"),
    Author.UNKNOWN: (
        Code.UNKNOWN_PAGE,
        "somebody between the probes and the service; compare the same path on the api host",
    ),
}


class Envelope(Enum):
    """How a service wraps what it answers; the value opens the wrapping and gives None where it is
    another.
    """

    SUCCESS = (_success, "data")
    DATA = (_data, "data")
    MESSAGE = (_message, "message")
    RAW = (_raw, "")
    GO_ERROR = (_go_error, "error")
    AUTH_ERROR = (_auth_error, "")

    def open(self, body: Any) -> Any:
        unwrap: Callable[[Any], Any] = self.value[0]
        return unwrap(body)

    @property
    def path(self) -> str:
        """Where in the answer its content stands."""
        return str(self.value[1])


def expect_shape(answer: Answer, envelope: Envelope, shape: type[T], status: int = 200) -> T:
    """What is inside the envelope, of the type `shape`: a TypedDict, or a list of them. Raises
    Broken, which names the field that is not as promised and what stood there.
    """

    def judge(other: Answer) -> Finding | None:
        return explain(other, status) or explain_shape(other, envelope, shape)

    if finding := judge(answer):
        raise Broken(finding, judge)
    inside: T = envelope.open(answer.json)
    return inside


def explain_shape(answer: Answer, envelope: Envelope, shape: Any) -> Finding | None:
    """Name the field of a successful answer that is not of the promised type; pure."""
    inside = envelope.open(answer.json)
    if inside is None and envelope is not Envelope.RAW:
        wrong = f"{quote_value(answer.json)}, not the promised {envelope.name.lower()} envelope"
    else:
        wrong = shape_problem(inside, shape, envelope.path)
    if not wrong:
        return None
    return Finding(Code.CONTRACT_BROKEN, f"{answer}: {wrong}", service(answer.url))


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

    def judge(other: Answer) -> Finding | None:
        return explain(other, status) or _explain_inside(other, envelope, kind, keys)

    if finding := judge(answer):
        raise Broken(finding, judge)
    return envelope.open(answer.json)


def _explain_inside(
    answer: Answer, envelope: Envelope, kind: type, keys: tuple[str, ...]
) -> Finding | None:
    """Name the envelope, kind or key that a successful answer lacks; pure."""
    inside = envelope.open(answer.json)
    missing = [key for key in keys if isinstance(inside, dict) and key not in inside]
    if isinstance(inside, kind) and not missing:
        return None
    saw = f"without {', '.join(missing)}" if missing else "which is not the promised envelope"
    around = "a list" if kind is list else "an object"
    wanted = f"{envelope.name.lower()} envelope around {around}"
    observed = f"{answer}, {saw} ({wanted})"
    return Finding(Code.CONTRACT_BROKEN, observed, service(answer.url))


def explain(answer: Answer, wanted: int) -> Finding | None:
    """Name what is wrong with `answer` where `wanted` was promised; None where nothing is; pure."""
    foreign = explain_foreign(answer) if wanted < 400 else None
    if foreign:
        return foreign
    wrote = answer.author
    refusal = _refusal_of_probes(answer, wrote) if wanted != 429 else None
    if refusal:
        return refusal
    if 300 <= answer.status < 400:
        return explain_redirect(answer)
    another = _of_another(answer, wrote, wanted) if _is_api(answer) else None
    if another:
        return another
    who = service(answer.url)
    if answer.status == wanted:
        return _content(answer, wanted, who)
    return explain_status(answer, wanted, who)


def explain_foreign(answer: Answer) -> Finding | None:
    """Name whose data an answer holds in place of the asker's, or of what was asked for; None
    where it holds nobody else's; pure.
    """
    if answer.request is None or answer.status >= 300 or not _is_api(answer):
        return None
    scope = identity.scope_of(answer.request)
    cause = identity.cause_of(service(answer.url), answer.headers)
    found = identity.find_foreign(scope, answer.json)
    return identity.foreign_data(str(answer), found, scope.users, cause)


def _is_api(answer: Answer) -> bool:
    return urlsplit(answer.url).path.startswith("/api/")


def _refusal_of_probes(answer: Answer, wrote: Author) -> Finding | None:
    """What a firewall or a rate limit did to the probes' own traffic says nothing about users."""
    if wrote in (Author.WAF_BLOCK, Author.WAF_CHALLENGE):
        return Finding(
            Code.UNKNOWN, f"{answer}: {wrote} of the probes' own requests ({_marks(answer)})", WAF
        )
    if answer.status == 407:
        return Finding(Code.UNKNOWN, f"{answer}: a proxy in between wants a password", PROXY)
    if answer.status != 429:
        return None
    after = answer.headers.get("retry-after", "")
    wait = f", Retry-After {after}" if after else ""
    limit = f"{answer}: the probes' own requests were throttled{wait}"
    return Finding(Code.UNKNOWN, limit, RATE_LIMIT)


def _of_another(answer: Answer, wrote: Author, wanted: int) -> Finding | None:
    """Name who answered in the service's place; None where the service did, or the gateway."""
    observed = f"{answer} where JSON with {wanted} was promised, by {wrote} ({_marks(answer)})"
    if wrote is Author.APP_INDEX:
        if wanted >= 400:
            return Finding(Code.EDGE_MASKS_ERRORS, observed, MASKED)
        return Finding(Code.EDGE_HTML_FALLBACK, observed, FELL_BACK)
    if wrote is Author.UNKNOWN and not answer.is_html:
        return None
    if wrote is Author.CLOUDFRONT:
        return Finding(Code.EDGE_ERROR_PAGE, observed, cloudfront_pages.cause(answer))
    if found := _ELSEWHERE.get(wrote):
        code, cause = found
        return Finding(code, observed, cause)
    return None


def _marks(answer: Answer) -> str:
    shown = [f"{name}: {answer.headers[name]}" for name in MARKS if name in answer.headers]
    return ", ".join(shown) or "no server named"


def _content(answer: Answer, wanted: int, who: str) -> Finding | None:
    if wanted == 204:
        return None
    if problem := answer.json_problem:
        observed = f"{answer} where JSON was promised ({problem}){quote(answer)}"
        return Finding(Code.CONTRACT_BROKEN, observed, who)
    if answer.media_type == "text/html":
        return Finding(Code.CONTRACT_BROKEN, f"{answer}: JSON that is labelled text/html", who)
    return None
