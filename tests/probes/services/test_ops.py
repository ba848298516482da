"""Every no of ops-service has its own name and its own cause."""

import json

import pytest

from probes.finding import Code
from probes.services import ops
from probes.transport.http import Answer
from tests.support.signed import signed
from tests.support.site import SHELL


def answer(status: int, body: object) -> Answer:
    said = json.dumps(body).encode()
    return Answer(
        "GET", "https://api.x" + ops.ME, status, {"content-type": "application/json"}, said
    )


def test_a_portal_user_is_let_be() -> None:
    """200 JSON is what is promised."""
    assert ops.explain(answer(200, {"success": True, "data": {}}), signed()) is None


@pytest.mark.parametrize(
    ("status", "body", "token", "code", "cause"),
    [
        (
            401,
            {"error": {"message": "Email not found in token"}},
            signed(email=""),
            Code.OPS_SESSION_REJECTED,
            "f4687cde",
        ),
        (
            401,
            {"error": {"message": "Invalid or expired token"}},
            signed(),
            Code.OPS_SESSION_REJECTED,
            "90cd4d3e",
        ),
        (
            403,
            {"message": "Access denied: Not a portal user"},
            signed(),
            Code.OPS_USER_MISSING,
            "portal_users",
        ),
        (
            403,
            {"error": {"message": "Access denied: User is inactive"}},
            signed(),
            Code.OPS_USER_MISSING,
            "is_active=false",
        ),
        (
            403,
            {"error": {"message": "Access denied: Insufficient permissions"}},
            signed(),
            Code.OPS_USER_MISSING,
            "Insufficient permissions",
        ),
        (
            401,
            {"error": {"message": "Email not found in token"}},
            signed(),
            Code.OPS_SESSION_REJECTED,
            "no token validator",
        ),
        (
            401,
            {"error": {"message": "No token validator configured"}},
            signed(email=""),
            Code.OPS_SESSION_REJECTED,
            "no token validator",
        ),
        (
            401,
            {"error": {"message": "Authorization header required"}},
            signed(),
            Code.OPS_SESSION_REJECTED,
            "what stands before ops-service",
        ),
        (401, {}, signed(), Code.OPS_SESSION_REJECTED, "its log tells"),
        (404, {"message": "gone"}, signed(), Code.CONTRACT_BROKEN, "ops-service"),
    ],
)
def test_a_refusal_is_named(status: int, body: object, token: str, code: Code, cause: str) -> None:
    """By status, by what the token lacks, and in ops-service's own words."""
    finding = ops.explain(answer(status, body), token)
    assert finding
    assert (finding.code, cause in finding.cause) == (code, True)


def test_a_masked_refusal_is_the_edges() -> None:
    """HTML where JSON belongs says nothing of portal users."""
    page = Answer("GET", "https://x" + ops.ME, 403, {"content-type": "text/html"}, SHELL)
    finding = ops.explain(page, signed())
    assert finding
    assert finding.code is Code.EDGE_HTML_FALLBACK
