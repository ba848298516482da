"""What a browser was answered on its way tells which leg of sign-in went astray."""

from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit

import pytest

from probes.auth.tokens import Tokens
from probes.auth.users import User
from probes.browser import sign_in
from probes.browser.page_replies import Reply
from probes.browser.sign_in import explain_legs
from probes.config.sign_in import OAuth
from probes.config.timeouts import Timeouts
from probes.finding import Broken, CannotAsk, Code
from probes.recording.recorder import Exchange, Recorder
from probes.transport.http import Answer, Web
from tests.probes.services.test_oauth import CALLBACK, PROMISED, TOKENS, begun, came_back, redirect
from tests.support.app import App
from tests.support.site import js

HOME = came_back(f"{PROMISED.landing}?{TOKENS}")


def replies(*answers: Answer, failure: str = "") -> list[Reply]:
    """Each a document of the page."""
    exchange = cast("Exchange", None)
    return [Reply(answer, exchange, failure, is_document=True) for answer in answers]


def landed(status: int = 200, url: str = PROMISED.landing) -> Answer:
    return Answer("GET", f"{url}?{TOKENS}", status, {}, b"")


def test_a_journey_without_a_fault_is_let_be() -> None:
    """The provider's own pages say nothing."""
    between = Answer("GET", "https://accounts.google.com/signin", 500, {}, b"")
    assert (
        explain_legs(replies(begun(), between, HOME, landed()), PROMISED, PROMISED.landing) is None
    )


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ([redirect(PROMISED.start, PROMISED.start)], Code.OAUTH_REDIRECT_LOOP),
        ([begun(), came_back("/login?error")], Code.OAUTH_STATE_LOST),
        ([begun(), HOME, landed(404)], Code.ASSET_BROKEN),
        ([Answer("GET", PROMISED.start, 0, {}, b"")], Code.HOST_UNREACHABLE),
        ([begun(), Answer("GET", CALLBACK, 500, {}, b"")], Code.OAUTH_CALLBACK_LOST),
    ],
)
def test_the_first_leg_that_went_astray_is_named(seen: list[Answer], code: Code) -> None:
    """In the order in which they were walked."""
    finding = explain_legs(replies(*seen), PROMISED, PROMISED.landing)
    assert finding
    assert finding.code is code


def test_a_button_that_leads_to_no_host_is_the_pages_own_fault() -> None:
    """Whoever else cannot be opened meanwhile, such as a counter of visits, is beside the point."""
    start, other = (f"https://${{api_domain}}{p}" for p in (urlsplit(PROMISED.start).path, "/x"))
    lost = [Answer("GET", url, 0, {}, b"") for url in (other, start)]
    finding = explain_legs(replies(*lost), PROMISED, PROMISED.landing)
    assert finding
    assert (finding.code, finding.cause) == (Code.HOST_UNREACHABLE, sign_in.NO_START)


def test_the_portals_journey_ends_at_the_portal() -> None:
    """The main app's landing is another's."""
    finding = explain_legs(replies(begun(), HOME), PROMISED, f"{PROMISED.portal}login")
    assert finding
    assert finding.code is Code.OAUTH_LANDING_HIJACKED
    assert explain_legs([], OAuth(), "") is None


@pytest.mark.parametrize("failure", ["net::ERR_ABORTED", "net::ERR_INTERNET_DISCONNECTED"])
@pytest.mark.parametrize("url", [PROMISED.start, CALLBACK, PROMISED.landing])
def test_a_leg_that_the_page_withdrew_is_no_failure(url: str, failure: str) -> None:
    """The portal supersedes its own navigation after a 401; DNS is not to blame for that."""
    seen = replies(Answer("GET", url, 0, {}, b""), failure=failure)
    assert explain_legs(seen, PROMISED, PROMISED.landing) is None


@pytest.mark.parametrize("failure", ["net::ERR_NAME_NOT_RESOLVED", "net::ERR_CONNECTION_REFUSED"])
def test_a_leg_that_has_no_host_is_quoted(failure: str) -> None:
    """In the browser's words, which tell DNS from a listener."""
    seen = replies(Answer("GET", PROMISED.start, 0, {}, b""), failure=failure)
    finding = explain_legs(seen, PROMISED, PROMISED.landing)
    assert finding
    assert (finding.code, failure in finding.observed) == (Code.HOST_UNREACHABLE, True)


@pytest.mark.parametrize("path", ["/api/oauth2/authorization/google", "/oauth2/authorization/x"])
def test_a_button_that_starts_on_another_host_is_named(path: str) -> None:
    """Its cookie stays there, whatever the callback then says (b6b56edd)."""
    first = redirect(f"https://wealist.co.kr{path}", f"{PROMISED.authorize}?state={'s' * 32}")
    seen = replies(first, came_back("/login?error"))
    finding = explain_legs(seen, PROMISED, f"{PROMISED.portal}login")
    assert finding
    assert finding.code is Code.OAUTH_SESSION_LOST
    assert f"the button leads to https://wealist.co.kr{path}" in finding.observed


LANDING = "document.body.innerHTML = '<h1>WORDS</h1>'; history.replaceState(0, '', 'PATH'); ASKS"
ASKS = "fetch('/api/x', {headers: {authorization: 'Bearer t'}}).then(reply => reply.text())"


class Alice:
    """Somebody with a pair."""

    async def tokens(self) -> Tokens:
        return Tokens("access", "refresh", "u-1")


async def land(app: App, words: str, path: str, asks: str) -> None:
    """Sign in at a landing that goes on to `path`, where the heading is `words`."""
    app.site.says["GET apex/api/x"] = js({"data": 1})
    script = LANDING.replace("WORDS", words).replace("PATH", path).replace("ASKS", asks)
    app.does(script, "/oauth/callback")
    landing = f"{app.site.origin('apex')}/oauth/callback"
    app.browser.target = replace(
        app.browser.target,
        oauth=OAuth(landing=landing),
        timeouts=Timeouts(answer_s=2, scenario_s=2),
    )
    web = Web(app.browser.target)
    try:
        await sign_in.land(app.browser, web, cast("User", Alice()))
    finally:
        await web.close()


@pytest.mark.parametrize("path", ["/dashboard", "/home"])
async def test_a_dashboard_in_other_words_was_not_found(
    app: App, recorder: Recorder, path: str
) -> None:
    """Heading and path are the product's; that its user is signed in shows in what it gets."""
    with pytest.raises(CannotAsk, match="did not find the heading"):
        await land(app, "Welcome", path, ASKS)


@pytest.mark.parametrize(("path", "asks"), [("/", ASKS), ("/oauth/callback", ASKS), ("/home", "")])
async def test_who_is_not_signed_in_is_told(
    app: App, recorder: Recorder, path: str, asks: str
) -> None:
    """The login page, the landing itself, or a page that asks for nothing."""
    with pytest.raises(Broken, match="oauth-token-missing"):
        await land(app, "Sign in", path, asks)
