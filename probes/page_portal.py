"""ops-portal in a browser: signed in, it shows its dashboard; every way back to its login page has a name.

The portal itself says nothing: whatever goes wrong it drops the token and shows the login page (V6 §7, contract 6).
"""

from urllib.parse import urlencode, urlsplit

from probes import ops, page_sign_in, provider
from probes.browser import Browser
from probes.evidence import AUTHORIZATION
from probes.finding import Code, Finding
from probes.identity import Member
from probes.page import Reply, Visit

CONTINUE = "Continue with Google"
DASHBOARD = "Dashboard"


async def sign_in(browser: Browser, member: Member) -> None:
    """From the portal's login page to its dashboard, and still there after a reload. Raises Broken, NotApplicable."""
    provider.drivable(browser.target)
    async with browser.visit(_login(browser)) as visit:
        button = visit.page.get_by_role("button", name=CONTINUE)
        await page_sign_in.through(visit, button, member.email, f"{visit.target.oauth.portal}login")
        await _stays(visit)


async def land(browser: Browser, member: Member) -> None:
    """From the portal's landing, with a token, to its dashboard. Raises Broken."""
    tokens = await member.tokens()
    said = {"accessToken": tokens.access, "refreshToken": tokens.refresh, "userId": tokens.user}
    async with browser.visit(f"{_login(browser)}?{urlencode(said)}") as visit:
        await _stays(visit)


def _login(browser: Browser) -> str:
    return f"{urlsplit(browser.target.oauth.portal).path}login"


async def _stays(visit: Visit) -> None:
    await _at_the_dashboard(visit)
    await visit.page.reload(wait_until="domcontentloaded")
    await _at_the_dashboard(visit)


async def _at_the_dashboard(visit: Visit) -> None:
    heading = visit.page.get_by_role("heading", name=DASHBOARD, exact=True)
    otherwise = Finding(
        Code.OPS_SESSION_REJECTED, "the portal shows neither its dashboard nor a reason", "the portal: AuthContext"
    )
    await page_sign_in.sees(visit, heading, lambda: explain(visit), otherwise)
    await page_sign_in.remember(visit)


def explain(visit: Visit) -> Finding | None:
    """Name why the portal shows its login page; None where what the page got does not say."""
    promised, seen = visit.target.oauth, [reply.answer for reply in visit.replies]
    if finding := page_sign_in.explain_legs(seen, promised, f"{promised.portal}login"):
        return finding
    asked = [reply for reply in visit.replies if urlsplit(reply.answer.url).path == ops.ME]
    if not asked:
        observed = "the portal came back from sign-in and asked ops-service for nobody"
        return Finding(Code.OAUTH_TOKEN_MISSING, observed, "the portal's landing: it was given no token, or kept none")
    if asked[-1].answer.is_html:
        return None
    visit.tell(asked[-1])
    return ops.explain(asked[-1].answer, _token(asked[-1]))


def _token(reply: Reply) -> str:
    return reply.exchange.request_headers.get(AUTHORIZATION, "").removeprefix("Bearer ")
