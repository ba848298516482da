"""A redirect blames whoever sends it, by where it leads."""

import pytest

from probes.finding import Code
from probes.transport import cloudfront_pages
from probes.transport.http import Answer
from probes.transport.redirects import explain_redirect

URL = "https://wealist.co.kr/api/svc/board/api/projects"


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("https://www.wealist.co.kr/api/svc/board/api/projects", "to another host: www.wealist"),
        ("http://wealist.co.kr/api/svc/board/api/projects", "a redirect to plain HTTP"),
        ("http://localhost:8080/api/projects", "a development address"),
        ("/login?next=/", "counts as not signed in"),
        ("/api/svc/board/api/projects/", "differs by the last slash"),
        ("/api/svc/board/api/projects", "to the same address again"),
        ("/api/projects", "doubled slash (f53a0b5e)"),
        ("/elsewhere", "the gateway's rewrite"),
    ],
)
def test_a_redirect_is_named_by_its_target(location: str, cause: str) -> None:
    """One incident's redirect is not every redirect."""
    finding = explain_redirect(Answer("GET", URL, 302, {"location": location}, b""))
    assert finding.code is Code.ROUTE_BROKEN
    assert cause in finding.cause


@pytest.mark.parametrize(
    ("status", "text", "cause"),
    [
        (502, "CloudFront wasn't able to connect to the origin.", "cannot get an answer"),
        (502, "CloudFront wasn't able to resolve the origin domain name.", "does not resolve"),
        (503, "The Lambda function associated with the distribution is invalid", "function at the"),
        (403, "not configured to allow the HTTP request method that was used", "lack PUT"),
        (403, "is configured to block access from your country.", "geographic restriction"),
        (403, "Bad request. We can't connect to the server for this app", "alternate domain names"),
        (400, "Bad request.", "CloudFront itself refuses the request with 400"),
    ],
)
def test_cloudfronts_own_page_says_why(status: int, text: str, cause: str) -> None:
    """An origin that does not answer is one reason of many."""
    answer = Answer("PUT", URL, status, {"server": "CloudFront"}, f"<H1>{text}</H1>".encode())
    assert cause in cloudfront_pages.cause(answer)
