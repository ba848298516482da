"""What a page got, and whether it is a complaint: by table, without a browser."""

import pytest
from playwright.async_api import Error, TimeoutError  # noqa: A004 - Playwright's own

from probes.browser.page_replies import explain, explain_document, is_judged_elsewhere, too_few
from probes.finding import CannotAsk, Code
from probes.transport.http import Answer

URL = "https://wealist.co.kr/workspace/w-1/storage"


@pytest.mark.parametrize(
    ("error", "code", "observed", "cause"),
    [
        (
            TimeoutError("Timeout 5000ms exceeded."),
            Code.SERVICE_STALLED,
            "wealist.co.kr did not give the page in time",
            "edge",
        ),
        (
            Error(
                "Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://x\nCall log:\n  - navigating"
            ),
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
def test_every_way_not_to_open_has_a_name(
    error: Error, code: Code, observed: str, cause: str
) -> None:
    """In the browser's first line; the log under it is the trace's."""
    finding = explain(URL, error)
    assert (finding.code, finding.observed, finding.cause) == (code, observed, cause)


FAILED = "Failed to load resource: the server responded with a status of 401 ()"


@pytest.mark.parametrize(
    ("text", "url", "is_one"),
    [
        ("WebSocket connection to 'wss://x/ws/presence' failed", "https://x/assets/ws.js", True),
        (FAILED, "https://x/api/notifications/stream?token=t", True),
        ("EventSource's response has a MIME type", "https://x/", True),
        # The app's own words about its sockets and its stream (contract 3.5).
        ("❌ [Chat WS] 토큰 갱신 실패, 재연결 중단", "https://x/assets/a.js", True),
        ("[Notifications SSE] 에러: Event", "https://x/assets/a.js", True),
        ("❌ No access token", "https://x/assets/a.js", True),
        # What its replies tell, or what the page or the probe has withdrawn.
        (FAILED, "https://x/api/workspaces/all?next=/stream", True),
        ("Failed to load resource: net::ERR_INTERNET_DISCONNECTED", "https://x/api/a", True),
        ("Failed to load resource: net::ERR_ABORTED", "https://x/image.png", True),
        (FAILED, "https://x/image.png", False),
        (FAILED, "http://localhost:8080/api/workspaces/all", False),
        ("Failed to load resource: net::ERR_CONNECTION_REFUSED", "https://x/api/a", False),
        ("Uncaught TypeError in streams", "https://x/assets/stream.js", False),
        ("TypeError: socket.send is not a function", "https://x/assets/ws.js", False),
        ("[MembersTab] 데이터 로드 실패", "https://x/assets/a.js", False),
    ],
)
def test_what_is_judged_by_what_was_seen_is_no_complaint(
    text: str, url: str, *, is_one: bool
) -> None:
    """A drive that works is not broken by a presence socket that does not; other scenarios judge
    that. What the page threw is its own.
    """
    assert is_judged_elsewhere(text, url, "https://x") is is_one


@pytest.mark.parametrize(
    ("path", "status", "code", "cause"),
    [
        ("/api/ops-portal", 400, Code.ROUTE_BROKEN, "without its last slash (9f5c7be5)"),
        ("/api/ops-portal/login", 404, Code.ROUTE_BROKEN, "route of /api/ops-portal/login"),
        ("/workspace/w-1", 403, Code.ASSET_BROKEN, "site bucket"),
    ],
)
def test_a_page_answered_with_an_error_is_its_hosts(
    path: str, status: int, code: Code, cause: str
) -> None:
    """The gateway's below /api/, the site's elsewhere; not the page's, which never ran."""
    finding = explain_document(Answer("GET", f"https://wealist.co.kr{path}", status, {}, b""))
    assert (finding.code, cause in finding.cause) == (code, True), finding


@pytest.mark.parametrize(
    ("calls", "refused", "has_refreshed", "why"),
    [
        (0, 0, False, "made no call"),
        (0, 0, True, "made no call"),
        (3, 0, True, "renewed its expired token before"),
        (3, 0, False, "0 of the page's calls were refused"),
        (3, 1, True, "1 of the page's calls were refused"),
    ],
)
def test_too_few_refused_calls_have_a_reason(
    calls: int, refused: int, why: str, *, has_refreshed: bool
) -> None:
    """Services that refuse nothing are accused only where they were asked with that token."""
    error = too_few(calls, refused, 2, has_refreshed=has_refreshed)
    assert why in str(error)
    assert isinstance(error, CannotAsk) == (calls == 0)
