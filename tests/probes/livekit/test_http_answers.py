"""Every answer that LiveKit, or what stands in its place, can give has its own name."""

from datetime import UTC, datetime

import pytest

from probes.finding import Code, Finding
from probes.livekit import http_answers
from probes.transport.http import Answer

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"
HTML = b"<!doctype html><div id=root></div>"
CLOCK = "clocks"


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


@pytest.mark.parametrize("status", [401, 404])
def test_who_does_not_know_the_newer_path_says_404(status: int) -> None:
    """SDKs fall back on nothing else."""
    assert http_answers.explain_newer(answer(status, "404 page not found")) is None
    assert (
        code(http_answers.explain_newer(answer(status, HTML, "text/html")))
        is Code.LIVEKIT_EDGE_HTML
    )


@pytest.mark.parametrize(
    ("status", "wanted"), [(200, Code.LIVEKIT_UPGRADE_BLOCKED), (503, Code.LIVEKIT_UPSTREAM_ABSENT)]
)
def test_who_answers_the_newer_path_otherwise_locks_sdks_out(status: int, wanted: Code) -> None:
    """An edge that says 200 or 503 to what it does not know breaks the fallback."""
    assert code(http_answers.explain_newer(answer(status, "x"))) == wanted


INVALID = f"invalid token: {TOKEN}, error: "


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answer(200, "success"), None),
        (answer(401, http_answers.NO_PERMISSIONS), Code.LIVEKIT_GRANT_MISSING),
        (answer(401, "invalid authorization token"), Code.CONTRACT_BROKEN),
        (
            answer(401, "invalid authorization header. Must start with Bearer "),
            Code.CONTRACT_BROKEN,
        ),
        (answer(401, "invalid API key: APIabc"), Code.LIVEKIT_KEY_UNKNOWN),
        (
            answer(401, INVALID + "go-jose/go-jose: error in cryptographic primitive"),
            Code.LIVEKIT_SECRET_MISMATCH,
        ),
        (
            answer(401, INVALID + "token signature is invalid: signature is invalid"),
            Code.LIVEKIT_SECRET_MISMATCH,
        ),
        (
            answer(401, INVALID + "go-jose/go-jose/jwt: validation failed, token is expired (exp)"),
            Code.LIVEKIT_CLOCK_SKEW,
        ),
        (
            answer(401, INVALID + "validation failed, token not valid yet (nbf)"),
            Code.LIVEKIT_CLOCK_SKEW,
        ),
        (answer(401, INVALID + "token is expired"), Code.LIVEKIT_CLOCK_SKEW),
        (answer(401, INVALID + "token used before issued"), Code.LIVEKIT_CLOCK_SKEW),
        (answer(400, "identity cannot be empty"), Code.LIVEKIT_GRANT_MISSING),
        (answer(400, "no room name"), Code.LIVEKIT_GRANT_MISSING),
        (answer(404, "requested room does not exist"), Code.LIVEKIT_NOT_READY),
        (answer(404, "404 page not found"), Code.LIVEKIT_ROUTE_MISSING),
        (answer(503, "node has exceeded its configured limit"), Code.LIVEKIT_NOT_READY),
        (NO_PODS, Code.LIVEKIT_UPSTREAM_ABSENT),
        (PAGE, Code.LIVEKIT_EDGE_HTML),
        (answer(418, "?"), Code.LIVEKIT_ROUTE_MISSING),
    ],
)
def test_a_good_tokens_answer_has_a_name(said: Answer, wanted: Code | None) -> None:
    """Every row of the server's own table, 1.7.2 to 1.13.5."""
    assert code(http_answers.explain_token(said)) == wanted


@pytest.mark.parametrize("why", ["error in cryptographic primitive", "token is expired (exp)", ""])
def test_a_token_that_is_echoed_is_not_told(why: str) -> None:
    """The refusal of a wrong secret repeats the whole token: it stays out of what is observed and
    suspected.
    """
    finding = http_answers.explain_token(answer(401, f"{INVALID}{why}"))
    assert finding
    assert "eyJ" not in finding.observed + finding.cause
    assert why in finding.observed


@pytest.mark.parametrize(
    ("body", "date"), [(INVALID + "token is expired", True), (INVALID + "token is expired", False)]
)
def test_a_clock_that_runs_away_is_told_by_how_much(body: str, *, date: bool) -> None:
    """The Date header says how far; without one, only that."""
    headers = {"date": "Fri, 02 Jan 2026 04:04:05 GMT"} if date else {}
    finding = http_answers.explain_token(answer(401, body, **headers))
    assert finding
    assert ("its clock is" in finding.observed) is date


def test_the_skew_is_counted_in_seconds() -> None:
    """Ahead is positive; a header that is no date says nothing."""
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert http_answers.skew(answer(401, date="Fri, 02 Jan 2026 04:04:05 GMT"), now) == 3600
    assert http_answers.skew(answer(401, date="soon"), now) is None
    assert http_answers.skew(answer(401), now) is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            answer(
                401, '{"code":"unauthenticated","msg":"permissions denied"}', "application/json"
            ),
            Code.LIVEKIT_GRANT_MISSING,
        ),
        (
            answer(
                500, '{"code":"internal","msg":"redis: connection refused"}', "application/json"
            ),
            Code.LIVEKIT_NOT_READY,
        ),
        (answer(401, "invalid API key: k"), Code.LIVEKIT_KEY_UNKNOWN),
        (PAGE, Code.LIVEKIT_EDGE_HTML),
        (answer(404, '{"code":"bad_route"}', "application/json"), Code.LIVEKIT_ROUTE_MISSING),
    ],
)
def test_a_list_of_rooms_that_does_not_come_has_a_name(said: Answer, wanted: Code) -> None:
    """Twirp's own errors, the middleware's in plain text, and the edge's."""
    assert http_answers.explain_rooms(said).code == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answer(404), Code.LIVEKIT_UPGRADE_BLOCKED),
        (answer(200, "success"), Code.LIVEKIT_UPGRADE_BLOCKED),
        (answer(426), Code.LIVEKIT_UPGRADE_BLOCKED),
        (PAGE, Code.LIVEKIT_UPGRADE_BLOCKED),
        (answer(401, "invalid API key: k"), Code.LIVEKIT_KEY_UNKNOWN),
        (answer(500, "could not find any available nodes"), Code.LIVEKIT_JOIN_TIMEOUT),
        (answer(503, "timed out while waiting for signal response"), Code.LIVEKIT_JOIN_TIMEOUT),
        (answer(500, "oops"), Code.LIVEKIT_JOIN_TIMEOUT),
        (NO_PODS, Code.LIVEKIT_UPSTREAM_ABSENT),
    ],
)
def test_a_socket_that_does_not_open_has_a_name(said: Answer, wanted: Code) -> None:
    """The token was taken a moment ago: what is refused now is the upgrade, or nobody signals."""
    assert http_answers.explain_upgrade(said).code == wanted


@pytest.mark.parametrize(
    ("said", "kind", "wanted"),
    [
        (answer(401, "invalid API key: devkey"), "chart", None),
        (answer(401, INVALID + "error in cryptographic primitive"), "random", None),
        (answer(200, "success"), "chart", Code.LIVEKIT_DEV_KEYS_ACCEPTED),
        (answer(200, "success"), "random", Code.TOKEN_FORGERY_ACCEPTED),
        (PAGE, "chart", Code.LIVEKIT_EDGE_HTML),
        (NO_PODS, "random", Code.LIVEKIT_UPSTREAM_ABSENT),
        (answer(401, "go away"), "random", Code.LIVEKIT_ROUTE_MISSING),
    ],
)
def test_only_livekits_own_refusal_keeps_strangers_out(
    said: Answer, kind: str, wanted: Code | None
) -> None:
    """An error of somebody else's is no refusal."""
    assert code(http_answers.explain_open(said, kind)) == wanted


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
