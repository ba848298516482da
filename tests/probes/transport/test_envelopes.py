"""Every answer of weAlist's API is as promised, or has a name."""

import json
from typing import Any

import pytest

from probes.finding import Broken, Code
from probes.transport.envelopes import FELL_BACK, MASKED, Envelope, expect, explain
from probes.transport.http import Answer
from probes.transport.redirects import DOUBLED_SLASH
from tests.support.site import SHELL

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
TEXT = {"content-type": "text/plain"}
DRIVE = b'{"data": [{"projectId": "p-1"}], "requestId": "r-1"}'
S3 = {**HTML, "server": "AmazonS3", "x-cache": "Error from cloudfront"}


def answer(
    status: int, body: bytes = b"{}", headers: dict[str, str] = JSON, path: str = "/api/svc/board/x"
) -> Answer:
    return Answer("GET", "https://wealist.co.kr" + path, status, headers, body)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (answer(200), 200),
        (answer(404), 404),
        (answer(403), 403),
        (answer(204, b"", {}), 204),
        (answer(200, b"[]", {"x-cache": "Miss from cloudfront", "server": "istio-envoy"}), 200),
        (answer(404, b"{}", {"x-cache": "Error from cloudfront", "server": "istio-envoy"}), 404),
    ],
)
def test_what_was_promised_needs_no_name(given: Answer, wanted: int) -> None:
    """An honest error is kept as a promise too."""
    assert explain(given, wanted) is None


@pytest.mark.parametrize(
    ("given", "wanted", "code", "cause"),
    [
        (answer(200, SHELL, HTML), 200, Code.EDGE_HTML_FALLBACK, FELL_BACK),
        (answer(200, SHELL), 200, Code.EDGE_HTML_FALLBACK, FELL_BACK),
        (answer(200, b"{}", {"server": "AmazonS3"}), 200, Code.EDGE_HTML_FALLBACK, FELL_BACK),
        (
            answer(200, b"{}", {"x-cache": "Error from cloudfront"}),
            200,
            Code.EDGE_HTML_FALLBACK,
            FELL_BACK,
        ),
        (answer(200, SHELL, HTML), 404, Code.EDGE_MASKS_ERRORS, MASKED),
        (answer(404, SHELL, HTML), 404, Code.EDGE_MASKS_ERRORS, MASKED),
        (answer(200, b"ok", TEXT), 200, Code.CONTRACT_BROKEN, "board-service"),
        (answer(200, b"<p>", HTML, "/health"), 200, Code.CONTRACT_BROKEN, "edge"),
        (answer(200, SHELL, HTML), 400, Code.EDGE_MASKS_ERRORS, MASKED),
        (answer(301, b"", {"location": "/y"}), 200, Code.ROUTE_BROKEN, "the gateway's rewrite"),
        (answer(301, b"", {"location": "/x"}), 200, Code.ROUTE_BROKEN, DOUBLED_SLASH),
        (answer(300, b"<p>", HTML), 403, Code.ROUTE_BROKEN, "the gateway's rewrite"),
        (answer(400), 200, Code.CONTRACT_BROKEN, "board-service"),
        (answer(401), 400, Code.CONTRACT_BROKEN, "board-service"),
        (
            answer(404, b"404 page not found", TEXT),
            200,
            Code.ROUTE_BROKEN,
            "the gateway's route or rewrite",
        ),
        (answer(404, b"", {}), 403, Code.ROUTE_BROKEN, "the gateway's route or rewrite"),
        (
            answer(503, b"no healthy upstream", TEXT),
            200,
            Code.SERVICE_UNAVAILABLE,
            "no pod of board-service is ready, or the gateway's subset of it selects none",
        ),
        (answer(503), 200, Code.SERVICE_UNAVAILABLE, "board-service"),
        (answer(500), 404, Code.SERVICE_UNAVAILABLE, "board-service"),
        (answer(401), 200, Code.ACCESS_REFUSED, "token or membership check of board-service"),
        (answer(403), 201, Code.ACCESS_REFUSED, "token or membership check of board-service"),
        (answer(200, DRIVE), 403, Code.STRANGER_ADMITTED, "access check of board-service"),
        (answer(201, DRIVE), 401, Code.STRANGER_ADMITTED, "access check of board-service"),
        (answer(401), 403, Code.CONTRACT_BROKEN, "board-service"),
        (answer(404), 200, Code.CONTRACT_BROKEN, "board-service"),
        (answer(200), 404, Code.CONTRACT_BROKEN, "board-service"),
        (answer(200), 201, Code.CONTRACT_BROKEN, "board-service"),
    ],
)
def test_every_way_to_break_the_promise_has_a_name(
    given: Answer, wanted: int, code: Code, cause: str
) -> None:
    """And a cause."""
    finding = explain(given, wanted)
    assert finding
    assert (finding.code, finding.cause) == (code, cause)


@pytest.mark.parametrize(
    ("given", "wanted", "words"),
    [
        (
            answer(200, b"<p>", S3),
            200,
            (
                "200 text/html where JSON with 200 was promised, by the app's index.html "
                "(server: AmazonS3, x-cache: Error from cloudfront)"
            ),
        ),
        (answer(200, SHELL, HTML), 404, "by the app's index.html (no server named)"),
        (answer(308, b"", {"location": "/a"}), 200, "answered 308 no type, a redirect to /a"),
        (answer(302, b"", {}), 200, "a redirect to nowhere"),
        (answer(404, b"", {}), 200, "answered 404 no type: no route there"),
        (
            answer(503, b"no healthy upstream", TEXT),
            200,
            "answered 503 text/plain: no healthy upstream",
        ),
        (answer(401), 200, "answered 401 application/json to a member"),
        (answer(200, DRIVE), 403, "answered 200 application/json to a stranger"),
        (
            answer(200, b"ok", TEXT),
            200,
            'where JSON was promised (Expecting value at character 0), "ok"',
        ),
    ],
)
def test_what_was_observed_is_told_in_words(given: Answer, wanted: int, words: str) -> None:
    """They are what the person on call reads first."""
    finding = explain(given, wanted)
    assert finding
    assert finding.observed.endswith(words)


GO_ERROR = {"error": {"code": "NOT_FOUND", "message": "no such board"}, "requestId": "r"}
AUTH_ERROR = {"code": "AUTH006", "message": "expired"}


@pytest.mark.parametrize(
    ("envelope", "body", "inside"),
    [
        (Envelope.SUCCESS, {"success": True, "data": {"a": 1}}, {"a": 1}),
        (Envelope.SUCCESS, {"success": True}, {}),
        (Envelope.SUCCESS, {"success": False, "data": {}}, None),
        (Envelope.SUCCESS, {"data": {}}, None),
        (Envelope.SUCCESS, [], None),
        (Envelope.DATA, {"data": [1], "requestId": "r"}, [1]),
        (Envelope.DATA, {"data": [1]}, None),
        (Envelope.DATA, "data", None),
        (Envelope.MESSAGE, {"success": True, "message": {"a": 1}}, {"a": 1}),
        (Envelope.MESSAGE, {"success": 1, "message": {}}, None),
        (Envelope.MESSAGE, [], None),
        (Envelope.RAW, {"a": 1}, {"a": 1}),
        (Envelope.GO_ERROR, GO_ERROR, GO_ERROR["error"]),
        (Envelope.GO_ERROR, {"error": "no such board"}, None),
        (Envelope.GO_ERROR, {"error": {"code": 4, "message": "x"}}, None),
        (Envelope.AUTH_ERROR, AUTH_ERROR, AUTH_ERROR),
        (Envelope.AUTH_ERROR, {"code": "NOT_FOUND"}, None),
        (Envelope.AUTH_ERROR, {"code": 6}, None),
    ],
)
def test_an_envelope_opens_its_own_wrapping_only(
    envelope: Envelope, body: Any, inside: Any
) -> None:
    """Services wrap in six ways, and a client of one cannot read another."""
    assert envelope.open(body) == inside


def test_what_is_inside_is_handed_over() -> None:
    """Status, wrapping, kind and keys being right."""
    body = json.dumps({"success": True, "data": {"a": 1, "b": None}}).encode()
    assert expect(answer(201, body), Envelope.SUCCESS, 201, keys=("a", "b")) == {"a": 1, "b": None}
    assert (
        expect(
            answer(200, b'{"data": [], "requestId": "r"}'), Envelope.DATA, kind=list, keys=("a",)
        )
        == []
    )


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (
            {"success": True, "data": {"a": 1}},
            dict,
            "application/json, without b, c (success envelope around an object)",
        ),
        (
            {"data": {"a": 1, "b": 2, "c": 3}},
            dict,
            ", which is not the promised envelope (success envelope around an object)",
        ),
        (
            {"success": True, "data": {"a": 1, "b": 2, "c": 3}},
            list,
            ", which is not the promised envelope (success envelope around a list)",
        ),
    ],
)
def test_another_shape_is_a_broken_contract(body: Any, kind: type, words: str) -> None:
    """The service's own: the edge passed on what it said."""
    with pytest.raises(Broken) as failure:
        expect(
            answer(200, json.dumps(body).encode()),
            Envelope.SUCCESS,
            kind=kind,
            keys=("a", "b", "c"),
        )
    finding = failure.value.finding
    assert (finding.code, finding.cause) == (Code.CONTRACT_BROKEN, "board-service")
    assert finding.observed.endswith(words)


def test_a_wrong_status_is_told_before_a_wrong_shape() -> None:
    """It says more."""
    with pytest.raises(Broken) as failure:
        expect(answer(503), Envelope.SUCCESS)
    assert failure.value.finding.code is Code.SERVICE_UNAVAILABLE
