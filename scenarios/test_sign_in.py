"""Sign-in: who starts somewhere comes back there, signed in, and nobody else's address gets their
tokens.
"""

from urllib.parse import urlsplit

import httpx
import pytest

from probes.auth.users import User
from probes.browser import sign_in as page_sign_in
from probes.browser.browser import Browser
from probes.services import oauth, sign_in
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="auth", incident="contract 2.1")


# Where tokens must never go, in the ways that careless checks let through; {app} is the app's host.
ELSEWHERE = {
    "other-host": "https://elsewhere.invalid/oauth/callback",
    "suffix": "https://{app}.elsewhere.invalid/oauth/callback",
    "userinfo": "https://{app}@elsewhere.invalid/oauth/callback",
    "scheme": "javascript://{app}/%0Aalert(1)",
    "encoded-slashes": "https:%2F%2Felsewhere.invalid%2Foauth",
    "protocol-relative": "//elsewhere.invalid/oauth/callback",
    "backslash": "https:\\\\elsewhere.invalid\\oauth",
}


@pytest.mark.promise(incident="8ba53b70, b6b56edd")
@pytest.mark.parametrize("app", ["main", "portal"])
async def test_the_start_leads_to_the_provider(web: Web, app: str) -> None:
    """Who presses the button is led to the provider over https, with a state and a session that
    come back.
    """
    back_to = f"{web.target.oauth.portal}login" if app == "portal" else ""
    await oauth.start(web, httpx.Cookies(), back_to)


async def test_every_start_is_the_same_and_its_state_is_not(web: Web) -> None:
    """Whichever pod begins a sign-in, it begins the same way, with a state that nobody else has."""
    await sign_in.expect_starts_agree(web)


@pytest.mark.promise(incident="36816976, 0cac9207, de3bc490")
async def test_who_signs_in_is_sent_home(web: Web, alice: User) -> None:
    """One pod begins a sign-in, another ends it, and the app gets tokens that its services take."""
    await sign_in.expect_landing(web, alice)


@pytest.mark.promise(incident="de3bc490")
async def test_a_callback_reaches_its_service(web: Web) -> None:
    """Who comes back from the provider comes to the service that signs in, and to no other page."""
    await sign_in.expect_arrival(web)


async def test_a_sign_in_given_up_leads_nobody_astray(web: Web, alice: User) -> None:
    """Who began to sign in on the portal, gave up, and signs in on the app lands on the app."""
    await sign_in.expect_forgotten(web, alice)


async def test_a_callback_needs_its_own_state(web: Web, alice: User) -> None:
    """Nobody is signed in by a link that belongs to somebody else's sign-in."""
    await sign_in.expect_state_checked(web, alice)


@pytest.mark.parametrize("trick", ELSEWHERE)
async def test_tokens_go_nowhere_else(web: Web, alice: User, trick: str) -> None:
    """Whatever redirect_uri is asked for, tokens go to the app and its portal, or nowhere."""
    app = urlsplit(web.target.hosts.apex).hostname or ""
    await sign_in.expect_no_token_for(web, alice, ELSEWHERE[trick].replace("{app}", app))


async def test_who_signs_in_sees_the_dashboard(browser: Browser, web: Web, alice: User) -> None:
    """Who signs in with the provider, in a browser, ends on the dashboard, and a reload keeps them
    there.
    """
    await page_sign_in.sign_in(browser, web, alice)


@pytest.mark.promise(incident="contract 3.1")
async def test_the_landing_signs_in(browser: Browser, web: Web, alice: User) -> None:
    """Who comes back with tokens ends on the dashboard, signed in, and the address bar forgets the
    tokens.
    """
    await page_sign_in.land(browser, web, alice)


@pytest.mark.promise(incident="contract 2.3")
async def test_signing_out_ends_the_session(web: Web, alice: User) -> None:
    """Who has signed out leaves nothing behind that signs in again."""
    await sign_in.expect_sign_out_ends(web, alice)
