"""Why a browser could not open a page."""

import pytest
from playwright.async_api import Error, TimeoutError  # noqa: A004 - Playwright's own

from probes.finding import Code
from probes.page import explain, is_about_live_parts

URL = "https://wealist.co.kr/workspace/w-1/storage"


@pytest.mark.parametrize(
    ("error", "code", "observed", "suspect"),
    [
        (
            TimeoutError("Timeout 5000ms exceeded."),
            Code.SERVICE_STALLED,
            "wealist.co.kr did not give the page in time",
            "edge",
        ),
        (
            Error("Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://x\nCall log:\n  - navigating"),
            Code.TLS_INVALID,
            "the browser refuses wealist.co.kr: Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://x",
            "certificate",
        ),
        (
            Error("Page.goto: net::ERR_CONNECTION_REFUSED at https://x"),
            Code.HOST_UNREACHABLE,
            "the browser cannot open wealist.co.kr: Page.goto: net::ERR_CONNECTION_REFUSED at https://x",
            "DNS, load balancer or listener",
        ),
    ],
)
def test_every_way_not_to_open_has_a_name(error: Error, code: Code, observed: str, suspect: str) -> None:
    """In the browser's first line; the log under it is the trace's."""
    finding = explain(URL, error)
    assert (finding.code, finding.observed, finding.suspect) == (code, observed, suspect)


@pytest.mark.parametrize(
    ("text", "url", "is_one"),
    [
        ("WebSocket connection to 'wss://x/ws/presence' failed: ...", "https://x/assets/sockets.js", True),
        ("Failed to load resource: the server responded with 401", "https://x/api/notifications/stream?token=t", True),
        ("EventSource's response has a MIME type that is not text/event-stream", "https://x/", True),
        ("Failed to load resource: the server responded with 401", "https://x/api/workspaces/all?next=/stream", False),
        ("Uncaught TypeError in streams", "https://x/assets/stream.js", False),
    ],
)
def test_the_end_of_a_socket_is_no_complaint_of_the_page(text: str, url: str, is_one: bool) -> None:
    """A drive that works is not broken by a presence socket that does not; other scenarios judge that."""
    assert is_about_live_parts(text, url) is is_one
