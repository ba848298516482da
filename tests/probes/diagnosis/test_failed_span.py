"""Of a trace the span that failed first is found, and of what is no trace nothing."""

import base64
from typing import Any

import pytest

from probes.diagnosis.failed_span import FailedSpan, first_failure

SENT = "00000000000000aa"


def b64(number: int) -> str:
    return base64.b64encode(number.to_bytes(8)).decode()


def hexed(number: int) -> str:
    return f"{number:016x}"


def span(own: str, parent: str, name: str, ended: int, **more: Any) -> dict[str, Any]:
    usual = {"spanId": own, "parentSpanId": parent, "name": name, "endTimeUnixNano": str(ended)}
    return {**usual, **more}


def failed(code: int | str = 2, message: str = "") -> dict[str, Any]:
    return {"status": {"code": code, "message": message}}


def batch(service: str, *spans: dict[str, Any]) -> dict[str, Any]:
    label = {"key": "service.name", "value": {"stringValue": service}}
    return {"resource": {"attributes": [label]}, "scopeSpans": [{"spans": list(spans)}]}


def through(write: Any, code: int | str) -> list[dict[str, Any]]:
    """chat-service fails since user-service does, whose query failed first."""
    return [
        batch("chat-service", span(write(1), write(0xAA), "POST /chats", 90, **failed(code))),
        batch(
            "user-service",
            span(write(2), write(1), "GET /members", 80, **failed(code)),
            span(write(3), write(2), "gorm.Query", 70, **failed(code, "no such table")),
            span(write(4), write(2), "gorm.Ping", 10, status={}),
        ),
    ]


FIRST = FailedSpan("user-service", "gorm.Query", "no such table")


@pytest.mark.parametrize(
    "trace",
    [
        {"batches": through(b64, "STATUS_CODE_ERROR")},
        {"resourceSpans": through(hexed, 2)},
        {"trace": {"resourceSpans": through(b64, "STATUS_CODE_ERROR")}},
    ],
    ids=["tempo", "otlp", "tempo-v2"],
)
def test_the_span_that_failed_before_its_callers_is_first(trace: Any) -> None:
    """Whichever way its ids and enums are written."""
    assert first_failure(trace, SENT) == FIRST
    assert str(FIRST) == "user-service's span 'gorm.Query' ended in error: no such table"


def test_another_request_of_the_run_is_not_this_ones() -> None:
    """A run is one trace: who failed elsewhere in it is not to blame here."""
    other = batch("noti-service", span(hexed(7), hexed(0xBB), "GET /x", 1, **failed()))
    assert first_failure({"batches": [other]}, SENT) is None


def test_an_exception_is_quoted_where_the_status_says_nothing() -> None:
    said = {"key": "exception.message", "value": {"stringValue": "pool timed out"}}
    own = span(hexed(1), SENT, "x", 1, **failed(), events=[{"attributes": [said]}])
    found = first_failure({"batches": [batch("a", own)]}, SENT)
    assert found
    assert found.words == "pool timed out"


def test_spans_that_are_their_own_ancestors_end() -> None:
    loop = [
        span(hexed(1), SENT, "x", 1),
        span(hexed(0xAA), hexed(1), "y", 1),
        span(hexed(1), hexed(1), "z", 1, **failed()),
    ]
    assert first_failure({"batches": [batch("a", *loop)]}, SENT) is None


@pytest.mark.parametrize(
    "trace",
    [
        None,
        [],
        "trace",
        {"batches": None},
        {"batches": [7, {"scopeSpans": [None, {"spans": ["x"]}]}]},
        {"batches": [batch("", span(hexed(1), SENT, "x", 1, **failed()))]},
        {"batches": [batch("a", span("zz", SENT, "x", 1, **failed()))]},
        {"batches": [batch("a", span(hexed(1), SENT, "x", 1, status={"code": 1}))]},
        {"batches": [batch("a", {"spanId": 4, "parentSpanId": {}, "status": []})]},
    ],
)
def test_what_tells_of_no_failure_claims_nothing(trace: Any) -> None:
    """Whatever its shape, without a word of a traceback."""
    assert first_failure(trace, SENT) is None
