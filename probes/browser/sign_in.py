"""Sign-in in a browser: from the app's button through the provider's page to the dashboard, and the
landing by itself.

Sources: contract 2.1 (legs), 3.1 (what the app keeps), 3.7 (its texts), V6 §7.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from urllib.parse import urlencode, urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.auth.users import User
from probes.browser.browser import Browser
from probes.browser.page import Visit
from probes.browser.page_replies import Reply
from probes.browser.session import SIGN_IN
from probes.config.sign_in import OAuth
from probes.finding import Broken, CannotAsk, Code, Finding
from probes.recording.recorder import AUTHORIZATION
from probes.services import identity_provider, oauth
from probes.services import sign_in as services_sign_in
from probes.services.oauth_answers import is_start
from probes.transport.http import Web

DASHBOARD = "My Dashboard"  # contract 3.7
KEPT = (
    "() => ['accessToken', 'refreshToken', 'token'].map(name => localStorage.getItem(name) ?? '')"
)
NO_START = "the page: it starts sign-in at a host that is none (API_DOMAIN in config.js)"

Explain = Callable[[], Awaitable[Finding | None]]


async def sign_in(browser: Browser, web: Web, user: User) -> None:
    """From the app's login page to the dashboard, and still there after a reload. Raises Broken,
    NotApplicable.
    """
    identity_provider.require_drivable(browser.target)
    async with browser.visit("/") as visit:
        button = visit.page.get_by_role("button", name=SIGN_IN)
        await press_through(visit, button, user.email, partial(_legs, visit, web))
        await _expect_dashboard(visit, web)
        await reload(visit)
        await _expect_dashboard(visit, web)


async def sign_in_by_hand(browser: Browser, web: Web, person_timeout_s: float) -> None:
    """From the app's page, where a person signs in within `person_timeout_s`, to the dashboard, and
    still there after a reload. Raises Broken; CannotAsk where nobody came back from the provider.
    """
    async with browser.visit("/") as visit:
        await _wait_for_person(visit, web, person_timeout_s)
        await _expect_dashboard(visit, web)
        await reload(visit)
        await _expect_dashboard(visit, web)


async def _wait_for_person(visit: Visit, web: Web, timeout_s: float) -> None:
    promised = visit.target.oauth
    astray: list[Finding] = []

    def is_over() -> bool:
        if finding := explain_legs(visit.replies, promised, promised.landing):
            astray.append(finding)
        return bool(astray) or _has_landed(visit)

    await visit.wait_until(is_over, timeout_s)
    if astray:
        raise Broken(await services_sign_in.narrow(web, astray[0]))
    if not _has_landed(visit):
        raise CannotAsk(
            f"nobody came back signed in within {timeout_s:g} s; sign in in the window that opens"
        )


def _has_landed(visit: Visit) -> bool:
    """Whether the provider has led the page back to the app's landing."""
    landing = visit.target.oauth.landing
    return any(
        reply.is_document and reply.answer.url.partition("?")[0] == landing
        for reply in visit.replies
    )


async def land(browser: Browser, web: Web, user: User) -> None:
    """From the landing, with tokens, to the dashboard. Raises Broken."""
    tokens = await user.tokens()
    query = {"accessToken": tokens.access, "refreshToken": tokens.refresh, "userId": tokens.user_id}
    landing = urlsplit(browser.target.oauth.landing).path
    async with browser.visit(f"{landing}?{urlencode(query)}") as visit:
        await _expect_dashboard(visit, web)
        if "accessToken" in visit.page.url:
            observed = "the dashboard is there, and so are the tokens, in the address bar"
            raise Broken(Finding(Code.CONTRACT_BROKEN, observed, "the page: OAuthRedirectPage"))


async def press_through(visit: Visit, button: Locator, email: str, explain: Explain) -> None:
    """Press the app's `button`, then the provider's for `email`. Raises Broken, CannotAsk."""
    await _press(visit, button, "the button to sign in with", explain)
    provider = visit.page.get_by_role("button", name=email)
    what = f"the button {email} on the provider's page; is this the provider of [oauth]?"
    await _press(visit, provider, what, explain)


async def _press(visit: Visit, button: Locator, what: str, explain: Explain) -> None:
    if finding := await why_missing(visit, button, explain):
        raise Broken(finding)
    if not await button.first.is_visible():
        visit.expect_no_trouble()
        raise await visit.not_found(what)
    # What the press leads to is judged by its legs: a loop of redirects never ends the click.
    await button.first.click(no_wait_after=True)


async def _legs(visit: Visit, web: Web) -> Finding | None:
    promised = visit.target.oauth
    finding = explain_legs(visit.replies, promised, promised.landing)
    return await services_sign_in.narrow(web, finding) if finding else None


async def _expect_dashboard(visit: Visit, web: Web) -> None:
    """The dashboard is shown. Raises Broken; CannotAsk where all is as it is for who is signed in
    but the dashboard's heading, which is a text of the product, as its path is.
    """
    heading = visit.page.get_by_role("heading", name=DASHBOARD)
    finding = await why_missing(visit, heading, partial(_legs, visit, web))
    if finding:
        raise Broken(finding)
    if not await heading.first.is_visible():
        visit.expect_no_trouble()
        path, landing = urlsplit(visit.page.url).path, urlsplit(visit.target.oauth.landing).path
        is_past_login = path.rstrip("/") not in ("", landing.rstrip("/"))
        if is_past_login and any(is_answered(reply) for reply in visit.api_replies):
            raise await visit.not_found(f"the heading {DASHBOARD}")
        observed = f"who signed in is shown {path} and not the dashboard"
        raise Broken(Finding(Code.OAUTH_TOKEN_MISSING, observed, "the page: OAuthRedirectPage"))
    await redact_tokens(visit)


def is_answered(reply: Reply) -> bool:
    """Whether the page got data for somebody who is signed in; pure."""
    bears_token = AUTHORIZATION in reply.exchange.request_headers
    return bears_token and reply.answer.status == 200 and not reply.answer.is_html


async def why_missing(visit: Visit, what: Locator, explain: Explain) -> Finding | None:
    """Wait for `what`; where it does not come, what `explain` finds of the way there."""
    with contextlib.suppress(PlaywrightTimeout):
        await what.first.wait_for()
        return None
    await visit.settle()
    return await explain()


async def reload(visit: Visit) -> None:
    """Load the page anew; one that is on its way elsewhere is judged by what it shows then."""
    with contextlib.suppress(PlaywrightError):
        await visit.page.reload(wait_until="domcontentloaded")


async def redact_tokens(visit: Visit) -> None:
    """Have the redactor know the tokens that this sign-in has given; a page that has gone elsewhere
    keeps none.
    """
    with contextlib.suppress(PlaywrightError):
        for token in await visit.page.evaluate(KEPT):
            visit.recorder.evidence.redactor.remember(token)


def explain_legs(replies: Sequence[Reply], promised: OAuth, wanted: str) -> Finding | None:
    """Name the first leg that went astray between the button and `wanted`; None where none did;
    pure.
    """
    for reply in replies:
        if reply.is_withdrawn:
            continue
        if finding := _explain_leg(reply, promised, wanted):
            return finding
    return None


def _explain_leg(reply: Reply, promised: OAuth, wanted: str) -> Finding | None:
    answer, place = reply.answer, reply.answer.url.partition("?")[0]
    parts = urlsplit(place)
    if not answer.status:
        cause = "DNS, load balancer or listener"
        if place not in (promised.start, promised.redirect_uri, wanted):
            if not (reply.is_document and is_start(place)):
                return None
            cause = NO_START
        observed = f"the browser cannot open {parts.hostname}{parts.path}: {reply.failure}"
        return Finding(Code.HOST_UNREACHABLE, observed, cause)
    if place == promised.start:
        return oauth.explain_start(answer, promised)
    if reply.is_document and is_start(place):
        return oauth.explain_start_elsewhere(place, promised)
    if parts.path == urlsplit(promised.redirect_uri).path:
        return oauth.explain_callback(answer, wanted, promised)
    if place == wanted and answer.status >= 400:
        observed = f"{answer} where people land after signing in"
        cause = "the site bucket, or the edge's fallback to index.html"
        return Finding(Code.ASSET_BROKEN, observed, cause)
    return None
