"""The lines of a service's log that belong to one request."""

import json

import pytest

from probes.diagnosis.request_log import QUOTED_CHARS, error_of

ASKED = "0b2e6a5c-6f1f-4a5e-9a57-0f4c1d0c2a11"
SUMMARY = {"message": "Server error", "http.request_id": ASKED, "span_id": "aa"}
HANDLER = {"message": "GetBoard service error", "error": "connection refused", "span_id": "aa"}
OF_OTHERS = {"message": "GetBoard service error", "error": "no such table", "span_id": "bb"}


def log(*rows: object) -> list[str]:
    return [row if isinstance(row, str) else json.dumps(row) for row in rows]


def test_the_error_of_the_same_span_is_the_requests() -> None:
    """An error beside it, of another request, is not taken for it."""
    lines = log(OF_OTHERS, HANDLER, SUMMARY, OF_OTHERS)
    assert error_of(lines, ASKED) == "GetBoard service error: connection refused"


def test_the_middleware_may_know_the_error_itself() -> None:
    lines = log({**SUMMARY, "error.message": "Error #01: pool exhausted"})
    assert error_of(lines, ASKED) == "Server error: Error #01: pool exhausted"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        log(SUMMARY),
        log(HANDLER, OF_OTHERS),
        log({**SUMMARY, "http.request_id": "another"}, HANDLER),
        log("ERROR [auth-service,1,2] boom", "{", "[1]", "null"),
        log({"message": "x", "request_id": None, "error": "boom"}),
    ],
)
def test_a_log_without_the_request_or_its_error_says_nothing(lines: list[str]) -> None:
    assert error_of(lines, ASKED) == ""


def test_an_answer_without_an_id_matches_no_line() -> None:
    assert error_of(log({"message": "x", "request_id": "", "error": "boom"}), "") == ""


def test_a_stack_trace_is_cut() -> None:
    lines = log({**SUMMARY, "error": "x" * 5000})
    assert len(error_of(lines, ASKED)) == QUOTED_CHARS
