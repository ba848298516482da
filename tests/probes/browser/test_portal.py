"""Every silent way back to the portal's login page has a name, by what the portal was answered."""

import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from probes.browser.page_replies import Reply
from probes.browser.portal import (
    SAYS_WHY,
    explain,
    explain_data,
    explain_greeting,
    explain_zeros,
    is_app_page,
    is_beside,
)
from probes.finding import Code
from probes.recording.recorder import Exchange, Recorder
from probes.services import ops
from probes.transport.http import Answer, Web
from tests.probes.services.test_oauth import PROMISED, TOKENS, begun, came_back
from tests.support.signed import signed
from tests.support.site import NOWHERE, SHELL, Said, Site, js, target_at

HTML = {"content-type": "text/html"}
ME = f"https://wealist.co.kr{ops.ME}"
LANDED = came_back(f"{PROMISED.portal}login?{TOKENS}")
NOBODY = cast("Web", None)  # nothing is to be asked


def visit(*answers: Answer, token: str = "", failure: str = "") -> Any:
    """A page by what it got."""
    headers = {"authorization": f"Bearer {token or signed()}"}
    exchange = cast("Exchange", SimpleNamespace(request_headers=headers))
    failures = ["" if answer.status else failure for answer in answers]
    replies = [Reply(answer, exchange, why) for answer, why in zip(answers, failures, strict=True)]
    return SimpleNamespace(
        target=SimpleNamespace(oauth=PROMISED), replies=replies, blame=lambda _: None
    )


def me(status: int, body: bytes = b"{}", url: str = ME) -> Answer:
    return Answer("GET", url, status, {"content-type": "application/json"}, body)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ((begun(), LANDED), Code.OAUTH_TOKEN_MISSING),
        ((begun(), LANDED, me(401)), Code.OPS_SESSION_REJECTED),
        ((begun(), LANDED, me(403)), Code.OPS_USER_MISSING),
        # Wherever the portal asks (754f0fac).
        (
            (begun(), LANDED, me(403, url="https://wealist.co.kr/api/svc/ops/api/users/me")),
            Code.OPS_USER_MISSING,
        ),
        # It asks several times, and withdraws the last one when it goes back to its login page.
        ((begun(), LANDED, me(401), me(0)), Code.OPS_SESSION_REJECTED),
        ((begun(), came_back(f"{PROMISED.landing}?{TOKENS}")), Code.OAUTH_LANDING_HIJACKED),
        (
            (Answer("GET", f"{PROMISED.portal}login", 200, {**HTML, "server": "AmazonS3"}, b""),),
            Code.EDGE_HTML_FALLBACK,
        ),
    ],
)
async def test_a_way_back_to_login_is_named(seen: tuple[Answer, ...], code: Code) -> None:
    """No token, 401, 403, another's landing, another's page."""
    finding = await explain(visit(*seen, failure="net::ERR_ABORTED"), NOBODY)
    assert finding
    assert finding.code is code


async def test_a_question_that_was_withdrawn_is_no_missing_token() -> None:
    """The portal asked who came, and went on before it was answered."""
    seen = visit(begun(), LANDED, me(0), failure="net::ERR_ABORTED")
    assert await explain(seen, NOBODY) is None


async def test_a_portal_that_asks_elsewhere_has_its_token() -> None:
    """Who it is may stand under another path; that the portal has a token shows in what it asks."""
    url = "https://wealist.co.kr/api/ops/api/session"
    seen = visit(begun(), LANDED, me(200, url=url))
    assert await explain(seen, NOBODY) is None


@pytest.fixture
async def web(site: Site, recorder: Recorder) -> AsyncIterator[Web]:
    web = Web(target_at(site))
    yield web
    await web.close()


@pytest.mark.parametrize(
    ("behind", "code"),
    [
        (js({"error": {"message": "Access denied: Not a portal user"}}, 403), "ops-user-missing"),
        (js({"error": {"message": "Email not found in token"}}, 401), "ops-session-rejected"),
        (js({"success": True, "data": {}}), "edge-html-fallback"),
        (NOWHERE, None),
    ],
)
async def test_what_the_edge_masks_the_api_host_tells(
    site: Site, web: Web, behind: Said, code: str | None
) -> None:
    """HTML for the user is not the page's path against the service's where the api host has its
    answer; where that has none either, it is left to the page.
    """
    site.says[f"GET api{ops.ME}"] = behind
    html = Answer("GET", ME, 200, HTML, SHELL)
    finding = await explain(visit(begun(), LANDED, html), web)
    assert (finding and finding.code) == code


async def test_a_token_without_email_is_suspected_by_what_it_lacks() -> None:
    """The request's own token is looked at."""
    finding = await explain(visit(begun(), LANDED, me(401), token=signed(email="")), NOBODY)
    assert finding
    assert "email claim" in finding.cause


async def test_before_sign_in_nobody_asks_who_came() -> None:
    """At the login page that is as it should be."""
    assert await explain(visit(), NOBODY, asked=False) is None


@pytest.mark.parametrize(
    ("path", "beside"),
    [
        ("/api/ops/api/monitoring/applications", True),
        ("/api/svc/ops/api/admin/users", True),
        ("/api/ops/api/users/me", False),
    ],
)
def test_what_stands_beside_the_dashboard_is_not_its_cause(path: str, *, beside: bool) -> None:
    """A monitoring call that fails leaves the dashboard where it is."""
    answer = Answer("GET", f"https://wealist.co.kr{path}", 500, {}, b"")
    assert is_beside(Reply(answer, cast("Exchange", None))) is beside


def test_the_sites_answers_are_known() -> None:
    """By S3's name, or CloudFront's word for an error."""
    assert is_app_page(Answer("GET", "x", 200, {"x-cache": "Error from cloudfront"}, b""))
    assert not is_app_page(Answer("GET", "x", 200, {"server": "istio-envoy"}, b""))


def account(**row: str) -> Answer:
    body = json.dumps({"success": True, "data": {"email": "a@x.test", **row}}).encode()
    return Answer("GET", "https://apex/api/ops/api/users/me", 200, {}, body)


def listed(*rows: dict[str, str]) -> Answer:
    body = json.dumps({"success": True, "data": list(rows)}).encode()
    return Answer("GET", "https://apex/api/ops/api/admin/users", 200, {}, body)


@pytest.mark.parametrize(
    ("text", "answers", "observed"),
    [
        ("Welcome back, Alice", [account(name="Alice")], ""),
        ("Dashboard", [account(name="Alice")], ""),
        ("Welcome back, Kim Min\nNodes", [account(name="Kim  Min ")], ""),
        ("Welcome back, Bob", [account(name="Alice")], "greets 'Bob', and its user is 'Alice'"),
        ("", [account(name="Alice"), listed({"email": "a@x.test", "name": "Alice"})], ""),
        (
            "",
            [account(name="Al"), listed({"email": "a@x.test", "name": "Bob"})],
            "list of users 'Bob'",
        ),
        ("Welcome back, Bob", [listed({"email": "a@x.test", "name": "Bob"})], ""),
    ],
)
def test_the_dashboard_greets_its_user(text: str, answers: list[Answer], observed: str) -> None:
    """By the name that ops-service gives everywhere; a greeting of other words tells nothing."""
    finding = explain_greeting(text, answers)
    assert observed in (finding.observed if finding else "")
    assert bool(finding) is bool(observed)


def monitored(data: object, status: int = 200) -> Answer:
    said = js({"success": True, "data": data}, status)
    url = "https://wealist.co.kr/api/ops/api/monitoring/applications"
    return Answer("GET", url, said.status, {"content-type": "application/json"}, said.body)


@pytest.mark.parametrize(
    ("answer", "text", "breaks"),
    [
        (monitored([{"name": "user-service"}]), "", False),
        (monitored([]), "Total Requests 0", True),
        (monitored(None), "Total Requests 0", True),
        (monitored(None), "No applications found", False),
        (monitored([], 500), "No applications found", True),
    ],
)
def test_an_answer_with_nothing_in_it_is_named(answer: Answer, text: str, *, breaks: bool) -> None:
    """Unless the dashboard says that nothing was found, which weAlist's says of failures too."""
    assert bool(explain_data(answer, text)) is breaks


@pytest.mark.parametrize(
    ("metrics", "breaks"),
    [
        ([{"totalRequests": 0, "avgResponseTime": 0}, {"nodeCount": 0, "cpuUsage": 0}], True),
        ([{"totalRequests": 0, "avgResponseTime": 0}, {"nodeCount": 4, "cpuUsage": 0}], False),
        ([[{"name": "user-service"}], {"nodeCount": 0}], True),
        ([[{"name": "user-service"}]], False),
    ],
)
def test_a_dashboard_of_zeros_is_named(metrics: list[object], *, breaks: bool) -> None:
    """Ops-service makes zeros of a Prometheus that it cannot ask; a quiet hour is none of it."""
    finding = explain_zeros([monitored(each) for each in metrics])
    assert bool(finding) is breaks


@pytest.mark.parametrize(
    ("text", "says_why"),
    [
        # What stands on weAlist's dashboard at all times, whatever it was answered.
        ("Dashboard\nSLO Dashboard\nError Tracker\nTotal Requests\n0\nError Rate\n0.00%", False),
        ("No applications found", False),
        ("Failed to load metrics", True),
        ("데이터를 불러오는데 실패했습니다.", True),
    ],
)
def test_a_reason_is_a_sentence(text: str, *, says_why: bool) -> None:
    """A label with "Error" in it tells nobody why there is nothing."""
    assert bool(SAYS_WHY.search(text)) is says_why
