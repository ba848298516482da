"""Each leg of sign-in that goes astray has its own name, by nothing but what was answered."""

from dataclasses import replace
from urllib.parse import quote, urlencode

import httpx
import pytest

from probes.config.sign_in import OAuth
from probes.finding import Broken, Code
from probes.recording.recorder import Recorder
from probes.services import oauth
from probes.services.oauth import (
    explain_callback,
    explain_leak,
    explain_refusal,
    explain_start,
    explain_starts,
)
from probes.services.oauth_answers import Start, parse_landing
from probes.transport.http import Answer, Web
from tests.support.signed import signed
from tests.support.site import Said, Site

PROMISED = OAuth(client_id="weAlist", scope="openid email").at(
    "https://wealist.co.kr", "https://api.wealist.co.kr"
)
ASKED = {
    "response_type": "code",
    "client_id": "weAlist",
    "scope": "email openid profile",
    "state": "s" * 32,
    "redirect_uri": PROMISED.redirect_uri,
}
COOKIE = "SESSION=c2Vzc2lvbg; Path=/; Max-Age=1800; Secure; HttpOnly; SameSite=Lax"
TOKENS = urlencode(
    {"accessToken": signed(), "refreshToken": signed(type="refresh"), "userId": "u-1"}
)
CALLBACK = f"{PROMISED.redirect_uri}?code=c&state=s"


def redirect(url: str, location: str, cookie: str = "", status: int = 302) -> Answer:
    headers = {"location": location} | ({"set-cookie": cookie} if cookie else {})
    return Answer("GET", url, status, headers, b"")


def begun(cookie: str = COOKIE, place: str = PROMISED.authorize, **changed: str) -> Answer:
    return redirect(PROMISED.start, f"{place}?{urlencode({**ASKED, **changed})}", cookie)


def came_back(location: str) -> Answer:
    return redirect(CALLBACK, location)


def test_a_client_secret_is_not_for_the_browser() -> None:
    """Whoever has it can pass for auth-service."""
    finding = explain_start(begun(client_secret="x"), PROMISED)
    assert finding is not None
    assert finding.code is Code.ENDPOINT_EXPOSED


def test_a_start_as_promised_is_let_be() -> None:
    """More scopes than promised, and a client that the environment does not name, are no faults."""
    assert explain_start(begun(), PROMISED) is None
    assert (
        explain_start(
            begun(client_id="other"),
            OAuth().at("https://wealist.co.kr", "https://api.wealist.co.kr"),
        )
        is None
    )


@pytest.mark.parametrize(
    ("answer", "code", "cause"),
    [
        (redirect(PROMISED.start, PROMISED.start), Code.OAUTH_REDIRECT_LOOP, "X-Forwarded-Proto"),
        (
            redirect(PROMISED.start, "http://accounts.google.com/x"),
            Code.OAUTH_REDIRECT_LOOP,
            "X-Forwarded-Proto",
        ),
        (
            begun(redirect_uri="http://api.wealist.co.kr/cb"),
            Code.OAUTH_REDIRECT_LOOP,
            "X-Forwarded-Proto",
        ),
        (begun(redirect_uri="https://wealist.co.kr/cb"), Code.OAUTH_SESSION_LOST, "b6b56edd"),
        (
            begun(redirect_uri="https://api.wealist.co.kr/other"),
            Code.CONTRACT_BROKEN,
            "REDIRECT_URI",
        ),
        (begun(place="https://elsewhere.invalid/auth"), Code.CONTRACT_BROKEN, "auth-service"),
        (begun(client_id="another"), Code.CONTRACT_BROKEN, "auth-service"),
        (begun(scope="email"), Code.CONTRACT_BROKEN, "auth-service"),
        (begun(state="short"), Code.CONTRACT_BROKEN, "auth-service"),
        (begun(response_type="token"), Code.CONTRACT_BROKEN, "auth-service"),
        (begun(cookie=""), Code.CONTRACT_BROKEN, "auth-service"),
        (begun(cookie=COOKIE.replace("; Secure", "")), Code.CONTRACT_BROKEN, "auth-service"),
        (begun(cookie=COOKIE.replace("; HttpOnly", "")), Code.CONTRACT_BROKEN, "auth-service"),
        (begun(cookie=COOKIE.replace("=Lax", "=None")), Code.CONTRACT_BROKEN, "auth-service"),
        (Answer("GET", PROMISED.start, 404, {}, b""), Code.ROUTE_BROKEN, "route"),
    ],
)
def test_a_start_that_goes_astray_is_named(answer: Answer, code: Code, cause: str) -> None:
    """In circles, over http, to another host, or without what the provider and the callback
    need.
    """
    finding = explain_start(answer, PROMISED)
    assert finding
    assert (finding.code, cause in finding.cause) == (code, True)


@pytest.mark.parametrize("joined", [", ", ",", "\n"])
@pytest.mark.parametrize("other", ["XSRF-TOKEN=x; Path=/", "AWSALB=y; Expires=Wed, 01 Jan 2031"])
def test_another_cookie_beside_the_session_is_no_fault(joined: str, other: str) -> None:
    """Several headers come joined by a comma from httpx and by a line's end from a browser."""
    assert explain_start(begun(cookie=f"{other}{joined}{COOKIE}"), PROMISED) is None
    assert explain_start(begun(cookie=f"{COOKIE}{joined}{other}"), PROMISED) is None


def test_a_session_of_one_pod_is_known_by_its_cookie() -> None:
    """The servlet container's own, which has neither Secure nor SameSite."""
    finding = explain_start(begun(cookie="JSESSIONID=1A2B; Path=/; HttpOnly"), PROMISED)
    assert finding
    assert (finding.code, "Spring Session" in finding.cause) == (Code.OAUTH_STATE_LOST, True)


def test_a_cookie_that_is_not_secure_names_the_proto() -> None:
    """One of the two that decide about it."""
    finding = explain_start(begun(cookie=COOKIE.replace("; Secure", "")), PROMISED)
    assert finding
    assert "X-Forwarded-Proto" in finding.cause


def test_a_finding_tells_no_state() -> None:
    """What is quoted of a redirect is its place, never its query."""
    finding = explain_start(begun(scope="email"), PROMISED)
    assert finding
    assert "s" * 32 not in finding.observed


@pytest.mark.parametrize(
    ("location", "code"),
    [
        (f"{PROMISED.landing}?{TOKENS}", None),
        (PROMISED.landing, Code.OAUTH_TOKEN_MISSING),
        (f"{PROMISED.landing}?accessToken={signed()}&userId=u-1", Code.OAUTH_TOKEN_MISSING),
        (f"{PROMISED.landing}?accessToken=null&refreshToken=null", Code.CONTRACT_BROKEN),
        ("https://[elsewhere", Code.OAUTH_CALLBACK_LOST),
        (f"{PROMISED.portal}login?{TOKENS}", Code.OAUTH_LANDING_HIJACKED),
        (f"https://elsewhere.invalid/?{TOKENS}", Code.OAUTH_OPEN_REDIRECT),
        ("/login?error", Code.OAUTH_STATE_LOST),
        # An exception in the callback, or a callback that was not rewritten (contract 2.1).
        ("/oauth2/authorization/google", Code.OAUTH_CALLBACK_LOST),
        ("https://api.wealist.co.kr/oauth2/authorization/google", Code.OAUTH_CALLBACK_LOST),
        ("/somewhere", Code.OAUTH_CALLBACK_LOST),
        (CALLBACK, Code.OAUTH_REDIRECT_LOOP),
        (f"http://wealist.co.kr/oauth/callback?{TOKENS}", Code.OAUTH_REDIRECT_LOOP),
    ],
)
def test_a_callback_is_judged_by_where_it_leads(location: str, code: Code | None) -> None:
    """Home with tokens, home without, elsewhere of ours, elsewhere at all, or to an error."""
    finding = explain_callback(came_back(location), PROMISED.landing, PROMISED)
    assert (finding and finding.code) == code


def test_a_lost_session_is_told_from_a_lost_state() -> None:
    """By whether the cookie came along."""
    finding = explain_callback(came_back("/login?error"), PROMISED.landing, PROMISED, session=False)
    assert finding
    assert finding.code is Code.OAUTH_SESSION_LOST


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, Code.OAUTH_CALLBACK_LOST),
        (500, Code.OAUTH_CALLBACK_LOST),
        (503, Code.SERVICE_UNAVAILABLE),
    ],
)
def test_a_callback_that_is_not_there_is_named(status: int, code: Code) -> None:
    """What auth-service does not serve is a lost callback; a service that is away is a service that
    is away.
    """
    finding = explain_callback(
        Answer("GET", CALLBACK, status, {}, b"no healthy upstream"), "", PROMISED
    )
    assert finding
    assert finding.code is code


@pytest.mark.parametrize(
    "location",
    [
        "https://wealist.co.kr.elsewhere.invalid/",
        "https://wealist.co.kr@elsewhere.invalid/oauth/callback",
        "//elsewhere.invalid/oauth/callback",
        "https:\\\\elsewhere.invalid\\oauth\\callback",
        "javascript:alert(1)",
        "https://wealist.co.kr/other",
    ],
)
def test_tokens_for_anybody_else_are_a_leak(location: str) -> None:
    """As a browser reads it, whatever a careless check reads."""
    finding = explain_leak(came_back(f"{location}?{TOKENS}"), PROMISED)
    assert finding
    assert finding.code is Code.OAUTH_OPEN_REDIRECT
    assert explain_leak(came_back(location), PROMISED) is None


def test_tokens_for_the_app_and_its_portal_are_none() -> None:
    """Both are weAlist's."""
    assert explain_leak(came_back(f"{PROMISED.landing}?{TOKENS}"), PROMISED) is None
    assert explain_leak(came_back(f"{PROMISED.portal}login?{TOKENS}"), PROMISED) is None


def test_another_sessions_callback_gets_nothing() -> None:
    """An error page is right, tokens are not, and no answer of auth-service is a lost callback."""
    assert explain_refusal(came_back("/login?error")) is None
    accepted, lost = (
        explain_refusal(came_back(f"{PROMISED.landing}?{TOKENS}")),
        explain_refusal(Answer("GET", CALLBACK, 500, {}, b"")),
    )
    assert accepted
    assert lost
    assert (accepted.code, lost.code) == (Code.OAUTH_STATE_UNCHECKED, Code.OAUTH_CALLBACK_LOST)


def test_starts_agree_in_all_but_their_state() -> None:
    """Two pods that differ, and a state that is used twice."""
    one, two = (
        Start("https://g/a?x", {"state": "1", "client_id": "a"}),
        Start("https://g/a?y", {"state": "2", "client_id": "a"}),
    )
    differs, shared = (
        explain_starts([one, Start("https://g/a", {"state": "3", "client_id": "b"})]),
        explain_starts([one, one]),
    )
    assert explain_starts([one, two]) is None
    assert differs
    assert shared
    assert (differs.code, shared.code) == (Code.CONTRACT_BROKEN, Code.OAUTH_STATE_UNCHECKED)


async def test_the_callbacks_tokens_are_known_to_the_redactor(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """From the moment that they are seen, wherever they are quoted."""
    site.says["GET api/cb"] = Said(302, headers={"location": f"https://x/?{TOKENS}"})
    answer = await oauth.callback(web, httpx.Cookies(), site.origin("api") + "/cb")
    tokens = parse_landing(answer).tokens
    assert tokens
    assert tokens.access not in recorder.evidence.redactor.text(
        f"it said {quote(tokens.access)} and {tokens.refresh}"
    )


async def test_a_jar_keeps_cookies_for_its_visitor_alone(site: Site, web: Web) -> None:
    """What one start sets goes along with the next leg of the same visitor, and with nobody
    else's.
    """
    site.says["GET api/start"] = Said(
        302, headers={"location": "https://x/", "set-cookie": "SESSION=mine; Path=/"}
    )
    mine, url = httpx.Cookies(), site.origin("api") + "/start"
    await web.ask("GET", url, cookies=mine)
    await web.ask("GET", url, cookies=mine)
    await web.ask("GET", url, cookies=httpx.Cookies())
    await web.ask("GET", url)
    assert [asked.headers.get("cookie") for asked in site.asked] == [
        None,
        "SESSION=mine",
        None,
        None,
    ]


async def test_a_start_that_is_not_there_breaks(site: Site, web: Web) -> None:
    """The verb raises what the pure function names."""
    web.target = replace(web.target, oauth=OAuth().at(site.origin("apex"), site.origin("api")))
    with pytest.raises(Broken):
        await oauth.start(web, httpx.Cookies())
