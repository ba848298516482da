"""Does livekit-server answer, and is it ready? What its answers without a token say; pure."""

from probes.finding import Code, Finding
from probes.livekit.causes import BOOT, REDIS
from probes.transport.http import Answer

OK, SUCCESS = b"OK", b"success"
NO_PERMISSIONS = "no permissions to access the room"
CORS = "access-control-allow-origin"
GATEWAY = (502, 503, 504)


def text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace").strip()


def explain_root(answer: Answer) -> Finding | None:
    """`GET /` is 200 OK from a node whose statistics in Redis are fresh; None where it is."""
    if finding := explain_other_server(answer):
        return finding
    if answer.status == 406:
        return Finding(Code.LIVEKIT_NOT_READY, f"{answer}: {short(answer)}", REDIS)
    if answer.status == 200 and answer.body.strip() == OK:
        return None
    return explain_other(answer, "200 OK")


def explain_without_token(answer: Answer) -> Finding | None:
    """`GET /rtc/validate` without a token is LiveKit's own refusal, which no page's host gives;
    None where it is.
    """
    if finding := explain_other_server(answer):
        return finding
    if answer.status == 401 and text(answer) == NO_PERMISSIONS:
        if answer.headers.get(CORS):
            return None
        return Finding(
            Code.LIVEKIT_ROUTE_MISSING,
            f"{answer}, without {CORS}: pages cannot read it",
            "what stands before livekit-server and takes its CORS headers away",
        )
    return explain_other(answer, f"401 {NO_PERMISSIONS!r}")


def explain_newer(answer: Answer) -> Finding | None:
    """`GET /rtc/v1/validate`, known since 1.9.10: SDKs begin there, and fall back to /rtc on 404
    alone; None where livekit-server itself answers.

    What it says without a token differs: 404 up to 1.9.9, 400 `join_request is required` in 1.9.12,
    401 in 1.13.5. Its CORS header on the path is what an edge's own 4xx lacks.
    """
    if answer.is_html:
        return explain_other_server(answer)
    if answer.status == 404 or (400 <= answer.status < 500 and answer.headers.get(CORS)):
        return None
    return explain_other_server(answer) or Finding(
        Code.LIVEKIT_UPGRADE_BLOCKED,
        f"{answer}, which is no answer of livekit-server: {short(answer)}",
        "gateway or edge: an unknown path must answer as livekit-server does, so that SDKs "
        "fall back to /rtc",
    )


def explain_debug(answer: Answer) -> Finding | None:
    """Developer endpoints are not reachable from outside; None where they are not."""
    if answer.status != 200 or answer.is_html:
        return None
    return Finding(
        Code.LIVEKIT_DEBUG_EXPOSED,
        f"{answer} to anybody",
        "livekit-server runs with development: true, or --dev",
    )


def explain_no_answer(finding: Finding) -> Finding:
    """A stalled or broken answer under LiveKit's own code; names and certificates keep theirs."""
    if finding.code not in (Code.SERVICE_STALLED, Code.SERVICE_UNAVAILABLE):
        return finding
    return Finding(
        Code.LIVEKIT_NOT_READY, finding.observed.replace("edge at", "livekit-server at"), REDIS
    )


def explain_other_server(answer: Answer) -> Finding | None:
    """Whether the edge, or another server, answered in its place; None where nothing says so."""
    marks = ", ".join(
        f"{name}: {answer.headers[name]}" for name in ("server", "via") if name in answer.headers
    )
    observed = f"{answer} ({marks or 'no server named'})"
    if answer.is_html:
        return Finding(
            Code.LIVEKIT_EDGE_HTML,
            observed,
            "DNS or gateway: the host leads to pages (S3, CloudFront), not to LiveKit",
        )
    if answer.status in GATEWAY and "exceeded" not in text(answer):
        return Finding(
            Code.LIVEKIT_UPSTREAM_ABSENT,
            f"{observed}: {short(answer)}",
            BOOT,
        )
    if 300 <= answer.status < 400:
        location = answer.headers.get("location", "nowhere")
        return Finding(
            Code.LIVEKIT_ROUTE_MISSING,
            f"{observed}, a redirect to {location}",
            "HTTPRoute of LiveKit's host",
        )
    return None


def explain_other(answer: Answer, wanted: str) -> Finding:
    """An answer that is none of LiveKit's known ones, where `wanted` was promised."""
    observed = f"{answer} where {wanted} was promised: {short(answer) or 'an empty body'}"
    if answer.status == 404 and not answer.body:
        return Finding(
            Code.LIVEKIT_ROUTE_MISSING,
            observed,
            "HTTPRoute of LiveKit's host: the gateway has none (Envoy's 404)",
        )
    if answer.status < 500:
        return Finding(
            Code.LIVEKIT_ROUTE_MISSING,
            observed,
            "HTTPRoute of LiveKit's host: another service answers",
        )
    return Finding(Code.LIVEKIT_NOT_READY, observed, "livekit-server: its log says more")


def short(answer: Answer) -> str:
    """The beginning of a body, without a token that it echoes."""
    body = text(answer)
    return (
        f"invalid token,{body.rpartition('error')[2]}"
        if body.startswith("invalid token")
        else body[:120]
    )
