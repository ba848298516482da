"""Sign-in's legs over HTTP: to the provider, back to auth-service, and on to where it was asked
for.

Sources: contract 2.1 (start, callback, landing, allow-list), V6 §7, RFC 6749 10.12 (state), 10.15
(open redirectors).
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict
from urllib.parse import quote

import httpx

from probes.auth.tokens import Tokens
from probes.cluster.sign_in_log import FILTER_ORDER
from probes.config.sign_in import OAuth
from probes.finding import Broken, Code, Finding
from probes.recording.recorder import current
from probes.services.oauth_answers import (
    REDIRECTS,
    Start,
    is_refused,
    is_start,
    parse_landing,
    parse_request,
    read_cookies,
)
from probes.transport import envelopes
from probes.transport.http import Answer, Web
from probes.transport.typed_answers import Jwt, shape_problem, split_url

STATE_LENGTH = 16  # characters of which nobody guesses the right ones
STARTS = 4
COOKIE = {"secure": True, "httponly": True, "samesite": "lax", "path": "/"}  # contract 2.1

PROTO = (
    "the gateway does not say X-Forwarded-Proto: https, so auth-service takes everybody for "
    "http (8ba53b70)"
)
HOSTS = (
    "OAUTH2_CLIENT_REDIRECT_URI: start and callback are on different hosts, the cookie stays "
    "behind (b6b56edd)"
)
ONE_POD = (
    "auth-service keeps its sessions in each pod, as the servlet container's own cookie shows: "
    "its session store is not Redis (Spring Session; 36816976, 0cac9207)"
)
NO_SECURE = (
    "auth-service's SessionConfig does not force Secure; where it leaves that to the request, the "
    "gateway's X-Forwarded-Proto: https is missing (8ba53b70)"
)
BEGINS_ANEW = (
    "the gateway's rewrite of /api/oauth2/callback (de3bc490), or an exception in auth-service's "
    "callback: both lead to another start (contract 2.1)"
)
FAILED = (
    "an exception in auth-service's callback: its call of user-service, or its exchange of the "
    "code with the provider (client secret); its log names it"
)
REFUSED = (
    "auth-service's session store: its pods do not share sessions by Redis (36816976, 0cac9207); "
    "or the provider refused the code that it had given"
)
REWRITE = (
    "the gateway's rewrite of /api/oauth2/callback (de3bc490), or its route to auth-service "
    "(46f7e238)"
)
ALLOW_LIST = (
    "auth-service's allow-list: oauth2.allowed-redirect-patterns is empty, and empty means all "
    "(contract 2.1)"
)
SUCCESS_HANDLER = "auth-service: OAuth2SuccessHandler"
START_HOST = (
    "start and callback are on different hosts, and the session's cookie stays behind (b6b56edd)"
)
CONTAINER_COOKIE = "JSESSIONID"
STATE = "auth-service: the state of a callback is not compared with the session's"


class TokenPair(TypedDict):
    """What the landing's address brings (contract 2.1)."""

    accessToken: Jwt
    refreshToken: Jwt


async def start(web: Web, jar: httpx.Cookies, redirect_uri: str = "") -> Start:
    """Leave for the provider; the session's cookie goes into `jar`. Raises Broken."""
    oauth = web.target.oauth
    url = oauth.start + (f"?redirect_uri={quote(redirect_uri, safe='')}" if redirect_uri else "")
    has_session = any(cookie.name == oauth.cookie for cookie in jar.jar)
    answer = await web.ask("GET", url, cookies=jar)
    if finding := explain_start(answer, oauth, has_session=has_session):
        raise Broken(finding)
    return Start(answer.headers["location"], parse_request(answer))


async def callback(web: Web, jar: httpx.Cookies, url: str) -> Answer:
    """Come back from the provider. What the answer leads to is known to the redactor."""
    answer = await web.ask("GET", url, cookies=jar)
    if tokens := parse_landing(answer).tokens:
        for secret in (tokens.access, tokens.refresh):
            current().evidence.redactor.remember(secret)
    return answer


def explain_start_elsewhere(place: str, oauth: OAuth) -> Finding:
    """Name a sign-in that begins where its callback does not come to; pure."""
    observed = f"the button leads to {place}, the provider comes back to {oauth.redirect_uri}"
    if split_url(place).hostname == split_url(oauth.redirect_uri).hostname:
        return Finding(Code.CONTRACT_BROKEN, f"{observed}; {oauth.start} was promised", "the page")
    return Finding(Code.OAUTH_SESSION_LOST, observed, f"the page's button: {START_HOST}")


def explain_start(answer: Answer, oauth: OAuth, *, has_session: bool = False) -> Finding | None:
    """Name why sign-in does not begin as it should; None where it does. Who `has_session` is given
    no new one; pure.
    """
    if answer.status not in REDIRECTS:
        return envelopes.explain(answer, 302)
    place, request = parse_landing(answer).place, parse_request(answer)
    if place == oauth.authorize:
        return (
            _explain_redirect_uri(request.get("redirect_uri", ""), oauth)
            or _explain_request(answer, request, oauth)
            or (None if has_session else _explain_cookie(answer, oauth))
        )
    if place.startswith("http:") or split_url(place).hostname == split_url(oauth.start).hostname:
        return Finding(Code.OAUTH_REDIRECT_LOOP, f"{answer}, back to {place}", PROTO)
    return Finding(
        Code.CONTRACT_BROKEN,
        f"{answer}, on to {place} instead of {oauth.authorize}",
        "auth-service",
    )


def _explain_redirect_uri(redirect_uri: str, oauth: OAuth) -> Finding | None:
    observed = (
        f"the provider is asked to come back to {redirect_uri or 'nowhere'}, {oauth.redirect_uri} "
        "was promised"
    )
    if redirect_uri == oauth.redirect_uri:
        return None
    if redirect_uri.startswith("http:"):
        return Finding(Code.OAUTH_REDIRECT_LOOP, observed, PROTO)
    if split_url(redirect_uri).hostname != split_url(oauth.start).hostname:
        return Finding(Code.OAUTH_SESSION_LOST, observed, HOSTS)
    return Finding(Code.CONTRACT_BROKEN, observed, "auth-service: OAUTH2_CLIENT_REDIRECT_URI")


def _explain_request(answer: Answer, request: Mapping[str, str], oauth: OAuth) -> Finding | None:
    client = request.get("client_id", "")
    if secrets := [name for name in request if "secret" in name.lower()]:
        observed = f"{answer} with {', '.join(secrets)} in the URL that the browser is sent to"
        return Finding(Code.ENDPOINT_EXPOSED, observed, "auth-service: its client registration")
    promised = (
        (f"response_type {request.get('response_type')!r}", request.get("response_type") == "code"),
        (f"client_id {client!r}", bool(client) and client == (oauth.client_id or client)),
        (f"scope {request.get('scope')!r}", _has_scope(request, oauth)),
        ("no state worth the name", len(request.get("state", "")) >= STATE_LENGTH),
    )
    if wrong := [text for text, holds in promised if not holds]:
        return Finding(Code.CONTRACT_BROKEN, f"{answer} with {'; '.join(wrong)}", "auth-service")
    return None


def _has_scope(request: Mapping[str, str], oauth: OAuth) -> bool:
    return set(request.get("scope", "").split()) >= set(oauth.scope.split())


def _explain_cookie(answer: Answer, oauth: OAuth) -> Finding | None:
    cookies = read_cookies(answer)
    if oauth.cookie not in cookies:
        observed = f"{answer} without the cookie {oauth.cookie}"
        if CONTAINER_COOKIE in cookies:
            observed += f", with {CONTAINER_COOKIE} in its place"
            return Finding(Code.OAUTH_STATE_LOST, observed, ONE_POD)
        return Finding(Code.CONTRACT_BROKEN, observed, "auth-service: SessionConfig")
    cookie = cookies[oauth.cookie]
    wrong = [name for name, wanted in COOKIE.items() if cookie.get(name) != wanted]
    if not wrong:
        return None
    observed = "; ".join(f"a cookie whose {name} is not {COOKIE[name]}" for name in wrong)
    cause = NO_SECURE if "secure" in wrong else "auth-service: SessionConfig"
    return Finding(Code.CONTRACT_BROKEN, f"{answer} with {observed}", cause)


def _way(start: Start) -> tuple[str | None, ...]:
    """Where a start leads, and as whom: what several starts have in common."""
    place = start.location.partition("?")[0]
    query = start.query
    return place, query.get("redirect_uri"), query.get("client_id"), query.get("scope")


def explain_starts(starts: Sequence[Start]) -> Finding | None:
    """Name in what several starts differ that should not, or agree and should not; pure."""
    ways = {_way(start) for start in starts}
    if len(ways) > 1:
        return Finding(
            Code.CONTRACT_BROKEN,
            f"{len(starts)} starts lead {len(ways)} ways",
            "auth-service: its pods differ",
        )
    if len({s.query.get("state") for s in starts}) < len(starts):
        return Finding(Code.OAUTH_STATE_UNCHECKED, f"{len(starts)} starts share a state", STATE)
    return None


def explain_callback(
    answer: Answer, wanted: str, oauth: OAuth, *, session: bool = True
) -> Finding | None:
    """Name why somebody who came back does not land on `wanted` with tokens; `session`: the cookie
    came along; pure.
    """
    if answer.status in (502, 503, 504):
        return envelopes.explain(answer, 302)
    if answer.status not in REDIRECTS:
        return Finding(
            Code.OAUTH_CALLBACK_LOST, f"{answer} to who came back from the provider", REWRITE
        )
    landed = parse_landing(answer)
    observed = f"who came back from the provider is sent to {landed.place}"
    if landed.place == wanted:
        return _explain_tokens(landed.tokens, observed)
    in_clear = landed.place.startswith("http:") and not wanted.startswith("http:")
    if landed.place == answer.url.partition("?")[0] or in_clear:
        return Finding(Code.OAUTH_REDIRECT_LOOP, observed, PROTO)
    if landed.tokens:
        return explain_leak(answer, oauth) or Finding(
            Code.OAUTH_LANDING_HIJACKED, f"{observed} instead of {wanted}", FILTER_ORDER
        )
    if not session:
        observed += ": the session's cookie did not come along"
        return Finding(Code.OAUTH_SESSION_LOST, observed, HOSTS)
    return _explain_no_tokens(answer, observed)


def _explain_tokens(tokens: Tokens | None, observed: str) -> Finding | None:
    """Name what is wrong with the tokens of a landing: a page with half a pair clears it."""
    if tokens is None:
        return Finding(Code.OAUTH_TOKEN_MISSING, f"{observed} without a token", SUCCESS_HANDLER)
    pair = {"accessToken": tokens.access, "refreshToken": tokens.refresh}
    if missing := [name for name, value in pair.items() if not value]:
        observed = f"{observed} without {missing[0]}"
        return Finding(Code.OAUTH_TOKEN_MISSING, observed, SUCCESS_HANDLER)
    if problem := shape_problem(pair, TokenPair):
        return Finding(Code.CONTRACT_BROKEN, f"{observed} with {problem}", SUCCESS_HANDLER)
    return None


def _explain_no_tokens(answer: Answer, observed: str) -> Finding:
    if is_refused(answer):
        return Finding(Code.OAUTH_STATE_LOST, f"{observed}?error: Spring refused it", REFUSED)
    if is_start(parse_landing(answer).place):
        return Finding(Code.OAUTH_CALLBACK_LOST, f"{observed}, to begin anew", BEGINS_ANEW)
    cause = "auth-service, or what the gateway put in the callback's place"
    return Finding(Code.OAUTH_CALLBACK_LOST, f"{observed}, without tokens", cause)


def explain_leak(answer: Answer, oauth: OAuth) -> Finding | None:
    """Name a redirect that gives tokens to another than the app and its portal; pure."""
    landed = parse_landing(answer)
    if (
        landed.tokens is None
        or landed.place == oauth.landing
        or landed.place.startswith(oauth.portal)
    ):
        return None
    return Finding(Code.OAUTH_OPEN_REDIRECT, f"tokens are sent to {landed.place}", ALLOW_LIST)


def explain_refusal(answer: Answer) -> Finding | None:
    """Name how a callback that is not the session's own was not refused; None where Spring refused
    it; pure.
    """
    if is_refused(answer):
        return None
    if answer.status in REDIRECTS and parse_landing(answer).tokens:
        return Finding(
            Code.OAUTH_STATE_UNCHECKED, "a callback with another session's state got tokens", STATE
        )
    return explain_callback(answer, "", OAuth())


def explain_arrival(answer: Answer) -> Finding | None:
    """Name why a callback with a made-up code did not come to Spring, which would refuse it; None
    where it did; pure.
    """
    if is_refused(answer):
        return None
    if answer.status in REDIRECTS and is_start(parse_landing(answer).place):
        observed = f"{answer} to a callback with a made-up code, and leads to another start"
        return Finding(Code.OAUTH_CALLBACK_LOST, observed, REWRITE)
    return explain_callback(answer, "", OAuth())
