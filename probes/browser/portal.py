"""ops-portal in a browser: signed in, it shows its dashboard; every way back to its login page has
a name.

The portal itself says nothing: whatever goes wrong it drops the token and shows the login page (V6
§7, contract 6).
"""

import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode, urlsplit

from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.auth.users import User
from probes.browser import sign_in as page_sign_in
from probes.browser.browser import Browser
from probes.browser.page import Visit
from probes.browser.page_replies import Reply, is_call
from probes.finding import Broken, CannotAsk, Code, Finding
from probes.recording.recorder import AUTHORIZATION
from probes.services import identity_provider, ops
from probes.services import sign_in as services_sign_in
from probes.transport import envelopes
from probes.transport.envelopes import FELL_BACK, Envelope
from probes.transport.http import Answer, Web

CONTINUE = "Continue with Google"
DASHBOARD = "Dashboard"
WHO = re.compile(r"/users/me/?$")
# Sentences, not labels: weAlist's dashboard always has "Error Rate" and "Error Tracker" on it.
SAYS_WHY = re.compile(
    r"\b(?:failed to|could not|couldn't|cannot|can't|unable to|unavailable|something went wrong|"
    r"try again|an error|error (?:while|loading|fetching|occurred)|no data)\b|"
    r"오류가|오류입니다|실패했|실패하|없습니다|못했습니다",
    re.IGNORECASE,
)
# Of a list without rows: Argo CD is optional there (k8s/helm/charts/ops-service/values.yaml).
NOTHING_FOUND = re.compile(r"\bno [a-z ]+ found\b", re.IGNORECASE)
GREETING = re.compile(r"Welcome back, (.+)")
USERS = "/admin/users"
NO_DATA = (
    "ops-service: what it asks Argo CD and Prometheus (ARGOCD_*, PROMETHEUS_URL; 5a0e8811), which "
    "answer it with nothing"
)
ZEROS = (
    "ops-service: Prometheus does not answer what it asks, or knows nothing of weAlist "
    "(PROMETHEUS_URL; 5a0e8811)"
)
# What the dashboard shows besides its user; it is late or empty without them, and still there.
BESIDES = re.compile(r"/(?:monitoring|admin)/")


async def sign_in(browser: Browser, web: Web, user: User) -> None:
    """From the portal's login page to its dashboard, and still there after a reload. Raises Broken,
    NotApplicable.
    """
    identity_provider.require_drivable(browser.target)
    async with browser.visit(_login(browser)) as visit:
        button = visit.page.get_by_role("button", name=CONTINUE)
        why = partial(explain, visit, web, asked=False)
        await page_sign_in.press_through(visit, button, user.email, why)
        await _expect_it_stays(visit, web)


async def land(browser: Browser, web: Web, user: User) -> None:
    """From the portal's landing, with a token, to its dashboard. Raises Broken."""
    async with at_dashboard(browser, web, user) as visit:
        await page_sign_in.reload(visit)
        await _expect_dashboard(visit, web)


@asynccontextmanager
async def at_dashboard(browser: Browser, web: Web, user: User) -> AsyncIterator[Visit]:
    """The portal's dashboard, open for as long as the block lasts. Raises Broken."""
    tokens = await user.tokens()
    query = {"accessToken": tokens.access, "refreshToken": tokens.refresh, "userId": tokens.user_id}
    async with browser.visit(f"{_login(browser)}?{urlencode(query)}") as visit:
        await _expect_dashboard(visit, web)
        yield visit


async def expect_data(browser: Browser, web: Web, user: User) -> None:
    """The dashboard shows what it asks for, or says why it does not. Raises Broken; CannotAsk where
    it asks for nothing.
    """
    async with at_dashboard(browser, web, user) as visit:
        await _until_answered(visit)
        asked = [reply for reply in visit.replies if is_beside(reply) and not reply.is_withdrawn]
        if not asked:
            raise CannotAsk("the portal's dashboard asked for no data, so that none was looked for")
        text = await visit.page.locator("body").inner_text()
        if finding := explain_greeting(text, [reply.answer for reply in visit.replies]):
            raise Broken(finding)
        if SAYS_WHY.search(text):
            return
        for reply in asked:
            if finding := explain_data(reply.answer, text):
                visit.blame(reply)
                raise Broken(finding)
        if finding := explain_zeros([reply.answer for reply in asked]):
            raise Broken(finding)


async def _until_answered(visit: Visit) -> None:
    """Wait for the dashboard's own calls to end; one that does not is judged by its absence."""
    with contextlib.suppress(PlaywrightTimeout):
        await visit.page.wait_for_load_state("networkidle")
    await visit.settle()


def explain_data(answer: Answer, text: str) -> Finding | None:
    """Name why the dashboard has nothing to show of an answer; None where it has, or where its
    `text` says that nothing was found; pure. Of an answer that failed that would be a lie.
    """
    if finding := envelopes.explain(answer, 200):
        return finding
    data = Envelope.SUCCESS.open(answer.json)
    if data not in (None, [], {}) or NOTHING_FOUND.search(text):
        return None
    observed = f"{answer} with nothing in it, and the dashboard does not say why"
    return Finding(Code.CONTRACT_BROKEN, observed, NO_DATA)


def explain_zeros(answers: Sequence[Answer]) -> Finding | None:
    """Name that all numbers of the dashboard are 0; None where one is not; pure.

    So they are where ops-service cannot ask Prometheus: it counts each question that fails as 0 and
    answers 200 (services/ops-service/internal/client/prometheus_client.go).
    """
    opened = [Envelope.SUCCESS.open(answer.json) for answer in answers]
    metrics = [data for data in opened if isinstance(data, dict)]
    values = list(itertools.chain.from_iterable(data.values() for data in metrics))
    if not values or any(values):
        return None
    names = ", ".join(itertools.chain.from_iterable(metrics))
    observed = f"every number of the dashboard is 0 ({names}), and it does not say why"
    return Finding(Code.CONTRACT_BROKEN, observed, ZEROS)


def _login(browser: Browser) -> str:
    return f"{urlsplit(browser.target.oauth.portal).path}login"


async def _expect_it_stays(visit: Visit, web: Web) -> None:
    await _expect_dashboard(visit, web)
    await page_sign_in.reload(visit)
    await _expect_dashboard(visit, web)


async def _expect_dashboard(visit: Visit, web: Web) -> None:
    """The dashboard is shown. Raises Broken; CannotAsk where all is as it is on the dashboard but
    its heading, which is a text of the product.
    """
    # The app's own dashboard has a heading with this word in it, and is where a lost landing leads.
    heading = visit.page.get_by_role("heading", name=DASHBOARD, exact=True)
    if finding := await page_sign_in.why_missing(visit, heading, partial(explain, visit, web)):
        raise Broken(finding)
    if not await heading.first.is_visible():
        visit.expect_good_documents()
        visit.expect_good_replies([r for r in visit.api_replies if not is_beside(r)])
        if any(map(page_sign_in.is_answered, visit.replies)) and not _is_at_login(visit):
            raise await visit.not_found(f"the heading {DASHBOARD}")
        visit.expect_no_complaint()
        observed = "the portal shows neither its dashboard nor a reason"
        raise Broken(Finding(Code.OPS_SESSION_REJECTED, observed, "the portal: AuthContext"))
    visit.expect_own_data()
    text = await visit.page.locator("body").inner_text()
    if finding := explain_greeting(text, [reply.answer for reply in visit.replies]):
        raise Broken(finding)
    await page_sign_in.redact_tokens(visit)


def explain_greeting(text: str, answers: Sequence[Answer]) -> Finding | None:
    """Name how the dashboard's user is another one, by its greeting or by the list of users; None
    where nothing shows that; pure.
    """
    own, listed = None, []
    for answer in answers:
        data = Envelope.SUCCESS.open(answer.json)
        if WHO.search(urlsplit(answer.url).path) and isinstance(data, dict):
            own = data
        elif answer.url.endswith(USERS) and isinstance(data, list):
            listed = [row for row in data if isinstance(row, dict)]
    name = (own or {}).get("name")
    found = GREETING.search(text)
    greeted = _words(found[1]) if found else ""
    if name and greeted and greeted != _words(str(name)):
        observed = f"the dashboard greets {greeted!r}, and its user is {name!r}"
        return Finding(Code.FOREIGN_DATA, observed, "the portal: AuthContext")
    twins = [row.get("name") for row in listed if own and row.get("email") == own.get("email")]
    if name and twins and twins[0] != name:
        observed = f"users/me calls the portal's user {name!r}, and the list of users {twins[0]!r}"
        return Finding(Code.FOREIGN_DATA, observed, "ops-service: which row users/me reads")
    return None


def _words(text: str) -> str:
    """As a browser shows them: with one space between them."""
    return " ".join(text.split())


def is_beside(reply: Reply) -> bool:
    """Whether a call is for what the dashboard shows besides its user; pure."""
    return bool(BESIDES.search(urlsplit(reply.answer.url).path))


def _is_at_login(visit: Visit) -> bool:
    return urlsplit(visit.page.url).path.rstrip("/").endswith("/login")


def _asked_who(visit: Visit) -> list[Reply]:
    """What the portal was told of its user, wherever it asked: it asks several times, and withdraws
    some of it.
    """
    return [reply for reply in visit.replies if _is_about_user(reply) and not reply.is_withdrawn]


def _is_about_user(reply: Reply) -> bool:
    return bool(WHO.search(urlsplit(reply.answer.url).path))


async def explain(visit: Visit, web: Web, *, asked: bool = True) -> Finding | None:
    """Name why the portal shows its login page; `asked`: it should have asked who came. None where
    nothing tells.
    """
    promised = visit.target.oauth
    for reply in visit.replies:
        if reply.answer.url.startswith(promised.portal) and is_app_page(reply.answer):
            observed = f"{reply.answer}: the app's page in the portal's place"
            return Finding(Code.EDGE_HTML_FALLBACK, observed, FELL_BACK)
    if finding := page_sign_in.explain_legs(visit.replies, promised, f"{promised.portal}login"):
        return await services_sign_in.narrow(web, finding)
    replies = _asked_who(visit)
    if not replies and any(_is_about_user(r) or _bears_token(r) for r in visit.replies):
        # It asked and went on before it was answered, or it asks somebody else with its token.
        return None
    if not replies:
        observed = "the portal came back from sign-in and asked ops-service for nobody"
        cause = "the portal's landing: it was given no token, or kept none"
        return Finding(Code.OAUTH_TOKEN_MISSING, observed, cause) if asked else None
    visit.blame(replies[-1])
    if replies[-1].answer.is_html:
        return await _explain_html(web, replies[-1])
    return ops.explain(replies[-1].answer, _token(replies[-1]))


async def _explain_html(web: Web, reply: Reply) -> Finding | None:
    """What ops-service itself says where the edge put a page in its answer's place: the api host
    tells. None where that has no answer for the path either.
    """
    parts = urlsplit(reply.answer.url)
    try:
        behind = await web.ask("GET", web.target.hosts.api + parts.path, token=_token(reply))
    except Broken:
        return None
    if behind.json is None or behind.is_html:
        return None
    finding = ops.explain(behind, _token(reply))
    if finding is None:
        return envelopes.explain(reply.answer, 200)
    observed = f"{finding.observed}; the edge answers {reply.answer.status} with a page instead"
    return replace(finding, observed=observed)


def is_app_page(answer: Answer) -> bool:
    """Whether the edge has answered from the site's bucket; pure."""
    return (
        answer.headers.get("server") == "AmazonS3"
        or answer.headers.get("x-cache") == "Error from cloudfront"
    )


def _bears_token(reply: Reply) -> bool:
    return is_call(reply.answer.url) and bool(_token(reply))


def _token(reply: Reply) -> str:
    return reply.exchange.request_headers.get(AUTHORIZATION, "").removeprefix("Bearer ")
