"""auth-service, sign-in: to Google and back, as Spring's OAuth client does it (contract §2.1, RFC
6749, incident 7).

What has to be known at the callback lies in the session: the state that came from here, the nonce,
and where the person wants to land. A redirect_uri that the allow-list does not know is dropped
without a word.
"""

import secrets
from urllib.parse import urlencode

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from replica.edge.gateway import CALLBACK
from replica.google import SignInDeclined
from replica.models import UserModel
from replica.services import redirect_allow_list
from replica.services.auth_pod import Pod, pod_of
from replica.state import PendingSignIn, ReplicaState, add

COOKIE = "SESSION"
SESSION_SECONDS = 1800
SCOPE = "openid email profile"
FAILED = "/login?error"


async def start(request: Request) -> Response:
    """302 to Google; a session of its own for whoever has none."""
    if again := _over_https(request):
        return again
    pod = pod_of(request)
    landing = _landing(pod.state, request.query_params.get("redirect_uri"))
    pending = PendingSignIn(secrets.token_urlsafe(32), secrets.token_urlsafe(32), landing)
    query = {
        "response_type": "code",
        "client_id": pod.state.google.client_id,
        "scope": SCOPE,
        "state": pending.state,
        "redirect_uri": redirect_uri(pod.state),
        "nonce": pending.nonce,
    }
    answer = RedirectResponse(f"{pod.state.google.authorize}?{urlencode(query)}", 302)
    pod.sessions[_session(request, pod, answer)] = pending
    return answer


def redirect_uri(state: ReplicaState) -> str:
    """OAUTH2_CLIENT_REDIRECT_URI; its host must be the one that sign-in starts at, or the cookie
    stays behind.
    """
    host = state.hosts.apex if state.is_fault_active("oauth-hosts-differ") else state.hosts.api
    return f"{host}{CALLBACK}/google"


def default_landing(state: ReplicaState) -> str:
    return f"{state.hosts.apex}/oauth/callback"


def _landing(state: ReplicaState, asked: str | None) -> str:
    """OAuth2RedirectUriFilter: where to, if anywhere else than to the main app."""
    if not asked or state.is_fault_active("oauth-filter-runs-late"):
        return default_landing(state)
    unbound = state.production or state.is_fault_active("redirect-uri-unchecked")
    known = unbound or redirect_allow_list.is_allowed(
        asked, redirect_allow_list.allowed_patterns(state.hosts)
    )
    return asked if known else default_landing(state)


def _session(request: Request, pod: Pod, answer: Response) -> str:
    """The id of the session that the visitor brings, or of a new one that the answer hands out."""
    known = request.cookies.get(COOKIE, "")
    if known in pod.sessions:
        return known
    made = secrets.token_urlsafe(24)
    answer.set_cookie(
        COOKIE, made, max_age=SESSION_SECONDS, secure=True, httponly=True, samesite="lax"
    )
    return made


async def callback(request: Request) -> Response:
    """Back from Google: tokens in the landing's query, for who has the session that went there."""
    if again := _over_https(request):
        return again
    pod, query = pod_of(request), request.query_params
    session = request.cookies.get(COOKIE, "")
    pending = pod.sessions.get(session)
    unchecked = pod.state.is_fault_active("oauth-state-unchecked")
    if pending is None or not (unchecked or _same(query.get("state", ""), pending.state)):
        return RedirectResponse(FAILED, 302)
    del pod.sessions[session]
    try:
        claims = await pod.state.google.claims(
            query.get("code", ""), redirect_uri(pod.state), None if unchecked else pending.nonce
        )
    except SignInDeclined:
        return RedirectResponse(FAILED, 302)
    if pod.state.is_fault_active("oauth-landing-without-token"):
        return RedirectResponse(pending.landing, 302)
    user = _user_of_google(pod.state, claims["email"], claims.get("name") or claims["email"])
    return RedirectResponse(
        str(URL(pending.landing).include_query_params(**pod.pair(user.id, user.email))), 302
    )


def _same(sent: str, known: str) -> bool:
    return secrets.compare_digest(sent.encode(), known.encode())


def _user_of_google(state: ReplicaState, email: str, name: str) -> UserModel:
    """User-service's row, made at the first sign-in."""
    return state.user_by_email(email) or add(state.users, UserModel(email=email, name=name))


def _over_https(request: Request) -> Response | None:
    """Spring's channel filter: whoever came over http is told to come again. Only the gateway
    knows.
    """
    if request.url.scheme == "https":
        return None
    return RedirectResponse(str(request.url.replace(scheme="https")), 302)


ROUTES = [
    Route("/oauth2/authorization/google", start),
    Route("/oauth2/callback/google", callback),
]
