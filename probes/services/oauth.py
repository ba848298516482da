"""Sign-in's legs over HTTP: to the provider, back to auth-service, and on to where it was asked
for.

Sources: contract 2.1 (start, callback, landing, allow-list), V6 §7, RFC 6749 10.12 (state), 10.15
(open redirectors).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import httpx

from probes.auth.tokens import Tokens
from probes.config.sign_in import OAuth
from probes.finding import Broken, Code, Finding
from probes.recording.recorder import current
from probes.transport import envelopes
from probes.transport.http import Answer, Web

REDIRECTS = (302, 303, 307)
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
SESSIONS = (
    "auth-service's session store: its pods do not share sessions by Redis (36816976, 0cac9207)"
)
REWRITE = (
    "the gateway's rewrite of /api/oauth2/callback (de3bc490), or its route to auth-service "
    "(46f7e238)"
)
FILTER_ORDER = (
    "filter order of auth-service: OAuth2RedirectUriFilter runs after "
    "OAuth2AuthorizationRequestRedirectFilter, and"
    " never sees redirect_uri (V6 §7, 481c46e9)"
)
ALLOW_LIST = (
    "auth-service's allow-list: oauth2.allowed-redirect-patterns is empty, and empty means all "
    "(contract 2.1)"
)
SUCCESS_HANDLER = "auth-service: OAuth2SuccessHandler"
STATE = "auth-service: the state of a callback is not compared with the session's"


@dataclass(frozen=True, slots=True)
class Start:
    """The first leg: where the browser is sent, and with what."""

    location: str
    query: Mapping[str, str] = field(repr=False)  # holds the state


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the last redirect leads, as a browser reads it."""

    place: str
    tokens: Tokens | None = field(repr=False)


async def start(web: Web, jar: httpx.Cookies, redirect_uri: str = "") -> Start:
    """Leave for the provider; the session's cookie goes into `jar`. Raises Broken."""
    oauth = web.target.oauth
    url = oauth.start + (f"?redirect_uri={quote(redirect_uri, safe='')}" if redirect_uri else "")
    answer = await web.ask("GET", url, cookies=jar)
    if finding := explain_start(answer, oauth):
        raise Broken(finding)
    return Start(answer.headers["location"], parse_request(answer))


async def callback(web: Web, jar: httpx.Cookies, url: str) -> Answer:
    """Come back from the provider. What the answer leads to is known to the redactor."""
    answer = await web.ask("GET", url, cookies=jar)
    if tokens := parse_landing(answer).tokens:
        for secret in (tokens.access, tokens.refresh):
            current().evidence.redactor.remember(secret)
    return answer


def parse_request(answer: Answer) -> dict[str, str]:
    """What a redirect to the provider asks of it."""
    return {
        name: values[0]
        for name, values in parse_qs(urlsplit(answer.headers.get("location", "")).query).items()
    }


def parse_landing(answer: Answer) -> Landing:
    """Where a browser goes from `answer`: it takes a backslash for a slash, and completes what is
    not whole.
    """
    aim = urljoin(answer.url, answer.headers.get("location", "").strip().replace("\\", "/"))
    place, _, query = aim.partition("?")
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    access, refresh = fields.get("accessToken", ""), fields.get("refreshToken", "")
    return Landing(
        place, Tokens(access, refresh, fields.get("userId", "")) if access or refresh else None
    )


def explain_start(answer: Answer, oauth: OAuth) -> Finding | None:
    """Name why sign-in does not begin as it should; None where it does; pure."""
    if answer.status not in REDIRECTS:
        return envelopes.explain(answer, 302)
    place, request = parse_landing(answer).place, parse_request(answer)
    if place == oauth.authorize:
        return _explain_redirect_uri(request.get("redirect_uri", ""), oauth) or _explain_request(
            answer, request, oauth
        )
    if place.startswith("http:") or urlsplit(place).hostname == urlsplit(oauth.start).hostname:
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
    if urlsplit(redirect_uri).hostname != urlsplit(oauth.start).hostname:
        return Finding(Code.OAUTH_SESSION_LOST, observed, HOSTS)
    return Finding(Code.CONTRACT_BROKEN, observed, "auth-service: OAUTH2_CLIENT_REDIRECT_URI")


def _explain_request(answer: Answer, request: Mapping[str, str], oauth: OAuth) -> Finding | None:
    cookie = _cookie(answer, oauth.cookie)
    wrong = [
        text
        for text, holds in (
            (
                f"response_type {request.get('response_type')!r}",
                request.get("response_type") == "code",
            ),
            (
                f"client_id {request.get('client_id')!r}",
                request.get("client_id", "") == (oauth.client_id or request.get("client_id")),
            ),
            (
                f"scope {request.get('scope')!r}",
                set(request.get("scope", "").split()) >= set(oauth.scope.split()),
            ),
            ("no state worth the name", len(request.get("state", "")) >= STATE_LENGTH),
            (f"no cookie {oauth.cookie}", bool(cookie)),
            *(
                (f"a cookie whose {name} is not {wanted}", cookie.get(name) == wanted)
                for name, wanted in COOKIE.items()
            ),
        )
        if not holds
    ]
    return (
        Finding(Code.CONTRACT_BROKEN, f"{answer} with {'; '.join(wrong)}", "auth-service")
        if wrong
        else None
    )


def _cookie(answer: Answer, name: str) -> dict[str, object]:
    """The attributes of a cookie that is set; empty where it is not."""
    try:
        morsel = SimpleCookie(answer.headers.get("set-cookie", "")).get(name)
    except CookieError:
        return {}
    return (
        {key: value.lower() if isinstance(value, str) else value for key, value in morsel.items()}
        if morsel
        else {}
    )


def explain_starts(starts: Sequence[Start]) -> Finding | None:
    """Name in what several starts differ that should not, or agree and should not; pure."""
    same = {
        (
            s.location.partition("?")[0],
            *(s.query.get(n) for n in ("redirect_uri", "client_id", "scope")),
        )
        for s in starts
    }
    if len(same) > 1:
        return Finding(
            Code.CONTRACT_BROKEN,
            f"{len(starts)} starts lead {len(same)} ways",
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
        return (
            None
            if landed.tokens
            else Finding(Code.OAUTH_TOKEN_MISSING, f"{observed} without a token", SUCCESS_HANDLER)
        )
    in_clear = landed.place.startswith("http:") and not wanted.startswith("http:")
    if landed.place == answer.url.partition("?")[0] or in_clear:
        return Finding(Code.OAUTH_REDIRECT_LOOP, observed, PROTO)
    if landed.tokens:
        return explain_leak(answer, oauth) or Finding(
            Code.OAUTH_LANDING_HIJACKED, f"{observed} instead of {wanted}", FILTER_ORDER
        )
    if session:
        return Finding(Code.OAUTH_STATE_LOST, f"{observed}: its state was not known", SESSIONS)
    return Finding(
        Code.OAUTH_SESSION_LOST, f"{observed}: the session's cookie did not come along", HOSTS
    )


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
    """Name how a callback that is not the session's own was not refused; None where it was;
    pure.
    """
    if answer.status not in REDIRECTS:
        return explain_callback(answer, "", OAuth())
    if parse_landing(answer).tokens:
        return Finding(
            Code.OAUTH_STATE_UNCHECKED, "a callback with another session's state got tokens", STATE
        )
    return None
