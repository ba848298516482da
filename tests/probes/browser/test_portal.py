"""Every silent way back to the portal's login page has a name, by what the portal was answered."""

from types import SimpleNamespace
from typing import Any

import pytest

from probes.browser.portal import explain, is_app_page
from probes.finding import Code
from probes.services import ops
from probes.transport.envelopes import explain as explain_answer
from probes.transport.http import Answer
from tests.probes.services.test_oauth import PROMISED, TOKENS, begun, came_back
from tests.support.signed import signed

HTML = {"content-type": "text/html"}
ME = f"https://wealist.co.kr{ops.ME}"
LANDED = came_back(f"{PROMISED.portal}login?{TOKENS}")


def visit(*answers: Answer, token: str = "") -> Any:
    """A page by what it got."""
    exchange = SimpleNamespace(request_headers={"authorization": f"Bearer {token or signed()}"})
    replies = [SimpleNamespace(answer=answer, exchange=exchange) for answer in answers]
    return SimpleNamespace(
        target=SimpleNamespace(oauth=PROMISED), replies=replies, blame=lambda _: None
    )


def me(status: int, body: bytes = b"{}") -> Answer:
    return Answer("GET", ME, status, {"content-type": "application/json"}, body)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ((begun(), LANDED), Code.OAUTH_TOKEN_MISSING),
        ((begun(), LANDED, me(401)), Code.OPS_SESSION_REJECTED),
        ((begun(), LANDED, me(403)), Code.OPS_USER_MISSING),
        ((begun(), came_back(f"{PROMISED.landing}?{TOKENS}")), Code.OAUTH_LANDING_HIJACKED),
        (
            (Answer("GET", f"{PROMISED.portal}login", 200, {**HTML, "server": "AmazonS3"}, b""),),
            Code.EDGE_HTML_FALLBACK,
        ),
    ],
)
def test_a_way_back_to_login_is_named(seen: tuple[Answer, ...], code: Code) -> None:
    """No token, 401, 403, another's landing, another's page."""
    finding = explain(visit(*seen))
    assert finding
    assert finding.code is code


def test_html_for_data_is_left_to_the_page() -> None:
    """What every page's check says of it is said once."""
    html = Answer("GET", ME, 200, HTML, b"<!doctype html>")
    assert explain(visit(begun(), LANDED, html)) is None
    told = explain_answer(html, 200)
    assert told
    assert told.code is Code.EDGE_HTML_FALLBACK


def test_a_token_without_email_is_suspected_by_what_it_lacks() -> None:
    """The request's own token is looked at."""
    finding = explain(visit(begun(), LANDED, me(401), token=signed(email="")))
    assert finding
    assert "email claim" in finding.cause


def test_before_sign_in_nobody_asks_who_came() -> None:
    """At the login page that is as it should be."""
    assert explain(visit(), asked=False) is None


def test_the_sites_answers_are_known() -> None:
    """By S3's name, or CloudFront's word for an error."""
    assert is_app_page(Answer("GET", "x", 200, {"x-cache": "Error from cloudfront"}, b""))
    assert not is_app_page(Answer("GET", "x", 200, {"server": "istio-envoy"}, b""))
