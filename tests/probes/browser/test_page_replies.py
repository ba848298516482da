"""What a page got, and whether it is a complaint: by table, without a browser."""

from dataclasses import replace
from typing import cast

import pytest
from playwright.async_api import Error, TimeoutError  # noqa: A004 - Playwright's own

from probes.browser.page_replies import (
    Reply,
    expect_none,
    expect_project,
    explain,
    explain_document,
    is_judged_elsewhere,
    is_upload,
    too_few,
    with_resource,
)
from probes.config.environment import Target, Workspace
from probes.finding import Broken, CannotAsk, Code
from probes.recording.recorder import Exchange
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
        ("[Notifications] 알림 로드 실패: AxiosError: code 503", "https://x/assets/a.js", True),
        ("[Notifications] 알림 로드 실패: TypeError: no list", "https://x/assets/a.js", False),
        ("❌ No access token", "https://x/assets/a.js", True),
        # What its replies tell, or what the page or the probe has withdrawn.
        (FAILED, "https://x/api/workspaces/all?next=/stream", True),
        ("Failed to load resource: net::ERR_INTERNET_DISCONNECTED", "https://x/api/a", True),
        ("Failed to load resource: net::ERR_ABORTED", "https://x/image.png", True),
        (FAILED, "https://x/image.png", False),
        (FAILED, "https://bucket.s3.amazonaws.com/storage/w-1/1.PNG?X-Amz-Date=1", True),
        (FAILED, "https://bucket.s3.amazonaws.com/storage/w-1/app.js", False),
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
    ("text", "url", "told"),
    [
        (FAILED, "https://x/assets/a.js?v=1", f"{FAILED}: https://x/assets/a.js"),
        (FAILED, "https://x/login#accessToken=t", f"{FAILED}: https://x/login"),
        (FAILED, "", FAILED),
        ("[MembersTab] 데이터 로드 실패", "https://x/assets/a.js", "[MembersTab] 데이터 로드 실패"),
    ],
)
def test_what_could_not_be_loaded_is_named(text: str, url: str, told: str) -> None:
    """The browser's line names no resource, and a script's line names what it is about itself."""
    assert with_resource(text, url) == told


@pytest.mark.parametrize(
    ("method", "url", "is_one"),
    [
        ("PUT", "https://bucket.s3.amazonaws.com/chat/w-1/1.png?X-Amz-Signature=0", True),
        ("PUT", "http://localhost:8080/api/minio/files/1.png?X-Amz-Signature=0", True),
        ("PUT", "https://x/workspace/undefined", True),
        # weAlist's page marks a chat as read as soon as it opens it.
        ("PUT", "https://x/api/svc/chat/api/chats/messages/c-1/last-read", False),
        ("POST", "https://bucket.s3.amazonaws.com/chat/w-1/1.png", False),
    ],
)
def test_a_call_is_no_upload(method: str, url: str, *, is_one: bool) -> None:
    """An upload is looked for wherever it went, and not among the calls of the API."""
    reply = Reply(Answer(method, url, 200, {}, b""), cast("Exchange", None))
    assert is_upload(reply) is is_one


def test_a_workspace_without_a_project_has_no_board_to_hear(target: Target) -> None:
    """A page of weAlist's opens a board socket for a project only."""
    unnamed = replace(target, workspace=Workspace("w-1"))
    with pytest.raises(CannotAsk, match="names no board project"):
        expect_project(unnamed, {"board"})
    expect_project(unnamed, {"chat"})
    expect_project(replace(target, workspace=Workspace("w-1", "p-1")), {"board"})


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


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("Uncaught TypeError: x is undefined", "the page"),
        ("저장소를 불러오지 못했습니다", "the page"),
        ("Failed to load resource: net::ERR_CONNECTION_RESET (/api/x)", "the way there"),
        ("Failed to load module script: Expected a JavaScript module script but", "site bucket"),
        ("Failed to load resource: the server responded with a status of 404 ()", "site bucket"),
    ],
)
def test_the_page_is_blamed_for_what_its_script_says(line: str, cause: str) -> None:
    """What did not come has another cause than a mistake in a script."""
    with pytest.raises(Broken) as caught:
        expect_none([line])
    assert cause in caught.value.finding.cause
