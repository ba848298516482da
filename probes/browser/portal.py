"""ops-portal in a browser: signed in, it shows its dashboard; every way back to its login page has
a name.

The portal itself says nothing: whatever goes wrong it drops the token and shows the login page (V6
§7, contract 6).
"""

from functools import partial
from urllib.parse import urlencode, urlsplit

from probes.auth.users import User
from probes.browser import sign_in as page_sign_in
from probes.browser.browser import Browser
from probes.browser.page import Reply, Visit
from probes.finding import Code, Finding
from probes.recording.recorder import AUTHORIZATION
from probes.services import identity_provider, ops
from probes.transport.envelopes import FELL_BACK
from probes.transport.http import Answer

CONTINUE = "Continue with Google"
DASHBOARD = "Dashboard"


async def sign_in(browser: Browser, user: User) -> None:
    """From the portal's login page to its dashboard, and still there after a reload. Raises Broken,
    NotApplicable.
    """
    identity_provider.require_drivable(browser.target)
    async with browser.visit(_login(browser)) as visit:
        button = visit.page.get_by_role("button", name=CONTINUE)
        await page_sign_in.press_through(
            visit, button, user.email, partial(explain, visit, asked=False)
        )
        await _expect_it_stays(visit)


async def land(browser: Browser, user: User) -> None:
    """From the portal's landing, with a token, to its dashboard. Raises Broken."""
    tokens = await user.tokens()
    query = {"accessToken": tokens.access, "refreshToken": tokens.refresh, "userId": tokens.user_id}
    async with browser.visit(f"{_login(browser)}?{urlencode(query)}") as visit:
        await _expect_it_stays(visit)


def _login(browser: Browser) -> str:
    return f"{urlsplit(browser.target.oauth.portal).path}login"


async def _expect_it_stays(visit: Visit) -> None:
    await _expect_dashboard(visit)
    await page_sign_in.reload(visit)
    await _expect_dashboard(visit)


async def _expect_dashboard(visit: Visit) -> None:
    heading = visit.page.get_by_role("heading", name=DASHBOARD, exact=True)
    otherwise = Finding(
        Code.OPS_SESSION_REJECTED,
        "the portal shows neither its dashboard nor a reason",
        "the portal: AuthContext",
    )
    await page_sign_in.expect_visible(visit, heading, partial(explain, visit), otherwise)
    await page_sign_in.redact_tokens(visit)


def explain(visit: Visit, *, asked: bool = True) -> Finding | None:
    """Name why the portal shows its login page; `asked`: it should have asked who came. None where
    nothing tells.
    """
    promised, seen = visit.target.oauth, [reply.answer for reply in visit.replies]
    if theirs := next(
        (
            answer
            for answer in seen
            if answer.url.startswith(promised.portal) and is_app_page(answer)
        ),
        None,
    ):
        return Finding(
            Code.EDGE_HTML_FALLBACK, f"{theirs}: the app's page in the portal's place", FELL_BACK
        )
    if finding := page_sign_in.explain_legs(seen, promised, f"{promised.portal}login"):
        return finding
    replies = [reply for reply in visit.replies if urlsplit(reply.answer.url).path == ops.ME]
    if not replies and not asked:
        return None
    if not replies:
        observed = "the portal came back from sign-in and asked ops-service for nobody"
        return Finding(
            Code.OAUTH_TOKEN_MISSING,
            observed,
            "the portal's landing: it was given no token, or kept none",
        )
    if replies[-1].answer.is_html:
        return None
    visit.blame(replies[-1])
    return ops.explain(replies[-1].answer, _token(replies[-1]))


def is_app_page(answer: Answer) -> bool:
    """Whether the edge has answered from the site's bucket; pure."""
    return (
        answer.headers.get("server") == "AmazonS3"
        or answer.headers.get("x-cache") == "Error from cloudfront"
    )


def _token(reply: Reply) -> str:
    return reply.exchange.request_headers.get(AUTHORIZATION, "").removeprefix("Bearer ")
