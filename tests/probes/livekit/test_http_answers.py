"""Every answer that LiveKit, or what stands in its place, can give has its own name."""

import pytest

from probes.finding import Code, Finding
from probes.livekit import http_answers
from probes.transport.http import Answer

HTML = b"<!doctype html><div id=root></div>"


def answer(
    status: int, body: bytes | str = b"", kind: str = "text/plain", **headers: str
) -> Answer:
    said = {
        "content-type": kind,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    raw = body.encode() if isinstance(body, str) else body
    return Answer("GET", "https://livekit.x/rtc/validate", status, said, raw)


def code(finding: Finding | None) -> Code | None:
    return finding.code if finding else None


PAGE = answer(200, HTML, "text/html")
NO_PODS = answer(503, "no healthy upstream", server="istio-envoy")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answer(200, "OK"), None),
        (answer(406, "Not Ready\nNode Updated At 1"), Code.LIVEKIT_NOT_READY),
        (PAGE, Code.LIVEKIT_EDGE_HTML),
        (answer(403, HTML, "text/html"), Code.LIVEKIT_EDGE_HTML),
        (NO_PODS, Code.LIVEKIT_UPSTREAM_ABSENT),
        (answer(502), Code.LIVEKIT_UPSTREAM_ABSENT),
        (answer(504, "upstream request timeout"), Code.LIVEKIT_UPSTREAM_ABSENT),
        (answer(404), Code.LIVEKIT_ROUTE_MISSING),
        (answer(301, location="https://x/"), Code.LIVEKIT_ROUTE_MISSING),
        (answer(200, '{"status":"ok"}', "application/json"), Code.LIVEKIT_ROUTE_MISSING),
        (answer(500, "oops"), Code.LIVEKIT_NOT_READY),
    ],
)
def test_the_root_tells_who_answers(said: Answer, wanted: Code | None) -> None:
    """`OK` is a node whose word to Redis is fresh; all else is somebody else, or not ready."""
    assert code(http_answers.explain_root(said)) == wanted


def test_who_answered_in_its_place_is_told() -> None:
    """Envoy and S3 are told apart by what they call themselves."""
    finding = http_answers.explain_root(NO_PODS)
    assert finding
    assert "server: istio-envoy" in finding.observed
    assert "no healthy upstream" in finding.observed
    assert "pods" in finding.cause


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answer(401, http_answers.NO_PERMISSIONS, access_control_allow_origin="*"), None),
        (answer(401, http_answers.NO_PERMISSIONS), Code.LIVEKIT_ROUTE_MISSING),
        (answer(200, "success", access_control_allow_origin="*"), Code.LIVEKIT_ROUTE_MISSING),
        (answer(401, '{"error":{}}', "application/json"), Code.LIVEKIT_ROUTE_MISSING),
        (PAGE, Code.LIVEKIT_EDGE_HTML),
        (NO_PODS, Code.LIVEKIT_UPSTREAM_ABSENT),
    ],
)
def test_a_stranger_is_refused_as_livekit_does(said: Answer, wanted: Code | None) -> None:
    """The very words and the CORS header are a fingerprint that no page's host has."""
    assert code(http_answers.explain_without_token(said)) == wanted


@pytest.mark.parametrize(
    "said",
    [
        answer(404, "404 page not found"),
        answer(400, "join_request is required", access_control_allow_origin="*"),
        answer(401, http_answers.NO_PERMISSIONS, access_control_allow_origin="*"),
        answer(403, "words of a later version", access_control_allow_origin="*"),
    ],
)
def test_livekits_own_answer_on_the_newer_path_locks_nobody_out(said: Answer) -> None:
    """Whatever the version says there: SDKs fall back on 404, the rest has its CORS header."""
    assert http_answers.explain_newer(said) is None


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_page_on_the_newer_path_is_no_answer(status: int) -> None:
    """HTML is the edge's, whatever its status."""
    page = answer(status, HTML, "text/html", access_control_allow_origin="*")
    assert code(http_answers.explain_newer(page)) is Code.LIVEKIT_EDGE_HTML


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (200, Code.LIVEKIT_UPGRADE_BLOCKED),
        (400, Code.LIVEKIT_UPGRADE_BLOCKED),
        (503, Code.LIVEKIT_UPSTREAM_ABSENT),
    ],
)
def test_who_answers_the_newer_path_otherwise_locks_sdks_out(status: int, wanted: Code) -> None:
    """An edge that says 200 or 503 to what it does not know breaks the fallback."""
    assert code(http_answers.explain_newer(answer(status, "x"))) == wanted


def test_what_is_for_developers_is_seen_when_it_is_served() -> None:
    """A page in its place is none of it, and neither is a refusal."""
    assert (
        code(http_answers.explain_debug(answer(200, "goroutine profile: total 9")))
        is Code.LIVEKIT_DEBUG_EXPOSED
    )
    assert http_answers.explain_debug(answer(404)) is None
    assert http_answers.explain_debug(PAGE) is None


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (Code.SERVICE_STALLED, Code.LIVEKIT_NOT_READY),
        (Code.SERVICE_UNAVAILABLE, Code.LIVEKIT_NOT_READY),
        (Code.TLS_INVALID, Code.TLS_INVALID),
        (Code.HOST_UNREACHABLE, Code.HOST_UNREACHABLE),
    ],
)
def test_silence_is_livekits_and_the_way_there_is_not(found: Code, wanted: Code) -> None:
    """What the ladder of any host names keeps its name."""
    assert (
        http_answers.explain_no_answer(
            Finding(found, "edge at livekit.x never answered", "edge")
        ).code
        == wanted
    )
