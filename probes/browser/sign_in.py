"""Sign-in in a browser: from the app's button through the provider's page to the dashboard, and the
landing by itself.

Sources: contract 2.1 (legs), 3.1 (what the app keeps), 3.7 (its texts), V6 §7.
"""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import urlencode, urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.auth.users import User
from probes.browser.browser import Browser
from probes.browser.page import Visit
from probes.browser.session import SIGN_IN
from probes.config.sign_in import OAuth
from probes.finding import Broken, CannotAsk, Code, Finding
from probes.services import identity_provider, oauth
from probes.transport.http import Answer

DASHBOARD = "My Dashboard"
KEPT = (
    "() => ['accessToken', 'refreshToken', 'token'].map(name => localStorage.getItem(name) ?? '')"
)

Explain = Callable[[], Finding | None]


async def sign_in(browser: Browser, user: User) -> None:
    """From the app's login page to the dashboard, and still there after a reload. Raises Broken,
    NotApplicable.
    """
    identity_provider.require_drivable(browser.target)
    async with browser.visit("/") as visit:
        button = visit.page.get_by_role("button", name=SIGN_IN)
        await press_through(visit, button, user.email, partial(_legs, visit))
        await _expect_dashboard(visit)
        await reload(visit)
        await _expect_dashboard(visit)


async def land(browser: Browser, user: User) -> None:
    """From the landing, with tokens, to the dashboard. Raises Broken."""
    tokens = await user.tokens()
    query = {"accessToken": tokens.access, "refreshToken": tokens.refresh, "userId": tokens.user_id}
    async with browser.visit(
        f"{urlsplit(browser.target.oauth.landing).path}?{urlencode(query)}"
    ) as visit:
        await _expect_dashboard(visit)
        if "accessToken" in visit.page.url:
            observed = "the dashboard is there, and so are the tokens, in the address bar"
            raise Broken(Finding(Code.CONTRACT_BROKEN, observed, "the page: OAuthRedirectPage"))


async def press_through(visit: Visit, button: Locator, email: str, explain: Explain) -> None:
    """Press the app's `button`, then the provider's for `email`. Raises Broken, CannotAsk."""
    nobody = Finding(Code.UNKNOWN, "", "")
    blank = "the login page has no button to sign in with"
    await expect_visible(visit, button, explain, Finding(Code.ASSET_BROKEN, blank, "the page"))
    await button.click()
    try:
        await expect_visible(visit, visit.page.get_by_role("button", name=email), explain, nobody)
    except Broken as failure:
        if failure.finding is nobody:
            raise CannotAsk(
                f"the provider's page has no button {email}; is this the provider of [oauth]?"
            ) from failure
        raise
    await visit.page.get_by_role("button", name=email).click()


def _legs(visit: Visit) -> Finding | None:
    promised = visit.target.oauth
    return explain_legs([reply.answer for reply in visit.replies], promised, promised.landing)


async def _expect_dashboard(visit: Visit) -> None:
    heading = visit.page.get_by_role("heading", name=DASHBOARD)
    seen = f"who signed in is shown {urlsplit(visit.page.url).path} and not the dashboard"
    otherwise = Finding(Code.OAUTH_TOKEN_MISSING, seen, "the page: OAuthRedirectPage")
    await expect_visible(visit, heading, partial(_legs, visit), otherwise)
    await redact_tokens(visit)


async def expect_visible(visit: Visit, what: Locator, explain: Explain, otherwise: Finding) -> None:
    """Wait for `what`. Raises Broken: what `explain` finds, else what troubled the page, else
    `otherwise`.
    """
    try:
        await what.first.wait_for()
    except PlaywrightTimeout as error:
        await visit.settle()
        if finding := explain():
            raise Broken(finding) from error
        visit.expect_no_trouble()
        raise Broken(otherwise) from error


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


def explain_legs(seen: Sequence[Answer], promised: OAuth, wanted: str) -> Finding | None:
    """Name the first leg that went astray between the button and `wanted`; None where none did;
    pure.
    """
    for answer in seen:
        place = answer.url.partition("?")[0]
        finding = None
        if answer.status == 0 and place in (promised.start, promised.redirect_uri, wanted):
            observed = f"the browser cannot open {urlsplit(place).hostname}{urlsplit(place).path}"
            finding = Finding(Code.HOST_UNREACHABLE, observed, "DNS, load balancer or listener")
        elif place == promised.start:
            finding = oauth.explain_start(answer, promised)
        elif urlsplit(place).path == urlsplit(promised.redirect_uri).path:
            finding = oauth.explain_callback(answer, wanted, promised)
        elif place == wanted and answer.status >= 400:
            cause = "the site bucket, or the edge's fallback to index.html"
            finding = Finding(
                Code.ASSET_BROKEN, f"{answer} where people land after signing in", cause
            )
        if finding:
            return finding
    return None
