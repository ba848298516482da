"""auth-service, sign-in: to Google and back, as Spring's OAuth client does it (contract §2.1, RFC
6749, incident 7).

The session keeps the state that came from here and where the person wants to land. A redirect_uri
that the allow-list does not know is dropped without a word. Spring asks Google's userinfo for who
has signed in; there is no ID token and no nonce.
"""

import secrets
from collections import deque
from typing import Any
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
from replica.services.spring import AUTHORIZATION, redirect, session_of, to_sign_in
from replica.state import ReplicaState, SignInSession, add

COOKIE = "SESSION"
SCOPE = "email profile"
FAILED = "/login?error"
LOGGED = 500  # lines that are kept of a pod's log


async def start(request: Request) -> Response:
    """302 to Google; a session of its own for whoever has none."""
    pod, state = pod_of(request), secrets.token_urlsafe(32)
    query = {
        "response_type": "code",
        "client_id": pod.state.google.client_id,
        "scope": SCOPE,
        "state": state,
        "redirect_uri": redirect_uri(pod.state),
    }
    answer = RedirectResponse(f"{pod.state.google.authorize}?{urlencode(query)}", 302)
    session = session_of(request, pod, answer)
    session.state = state
    _keep_redirect_uri(pod.state, session, request.query_params.get("redirect_uri", ""))
    return answer


def redirect_uri(state: ReplicaState) -> str:
    """OAUTH2_CLIENT_REDIRECT_URI; its host must be the one that sign-in starts at, or the cookie
    stays behind.
    """
    host = state.hosts.apex if state.is_fault_active("oauth-hosts-differ") else state.hosts.api
    return f"{host}{CALLBACK}/google"


def default_landing(state: ReplicaState) -> str:
    return f"{state.hosts.apex}/oauth/callback"


def _keep_redirect_uri(state: ReplicaState, session: SignInSession, wanted: str) -> None:
    """OAuth2RedirectUriFilter. weAlist's leaves what a sign-in that was given up has asked for."""
    if state.is_fault_active("oauth-filter-runs-late"):
        return
    lines = state.pod_logs.setdefault("auth-service", deque(maxlen=LOGGED))
    lines.append(f"OAuth2 authorization request detected: {AUTHORIZATION}")
    lines.append(f"Client redirect_uri parameter: {wanted}")
    unbound = state.production or state.is_fault_active("redirect-uri-unchecked")
    patterns = redirect_allow_list.allowed_patterns(state.hosts)
    if wanted and (unbound or redirect_allow_list.is_allowed(wanted, patterns)):
        session.redirect_uri = wanted
        lines.append(f"Stored client redirect_uri in session: {wanted}")
        return
    if wanted:
        lines.append(f"Rejected invalid redirect_uri: {wanted}")
    if not (state.production or state.is_fault_active("oauth-keeps-redirect-uri")):
        session.redirect_uri = ""


async def callback(request: Request) -> Response:
    """Back from Google: tokens in the landing's query, for who has the session that went there."""
    pod, query = pod_of(request), request.query_params
    session = pod.sessions.get(request.cookies.get(pod.cookie, ""))
    unchecked = pod.state.is_fault_active("oauth-state-unchecked")
    if session is None or not session.state:
        return redirect(request, FAILED)
    if not (unchecked or _is_same(query.get("state", ""), session.state)):
        return redirect(request, FAILED)
    session.state = ""
    try:
        person = await _ask_google(pod.state, query.get("code", ""))
    except SignInDeclined:
        return redirect(request, FAILED)
    if pod.state.is_fault_active("oauth-callback-throws"):
        return to_sign_in(request)  # user-service cannot be asked, and no handler catches that
    landing = session.redirect_uri or default_landing(pod.state)
    session.redirect_uri = ""
    return RedirectResponse(_with_tokens(pod, landing, person), 302)


async def _ask_google(state: ReplicaState, code: str) -> dict[str, Any]:
    return await state.google.userinfo(code, redirect_uri(state))


def _with_tokens(pod: Pod, landing: str, person: dict[str, Any]) -> str:
    """OAuth2SuccessHandler: the landing, the tokens in its query."""
    if pod.state.is_fault_active("oauth-landing-without-token"):
        return landing
    user = _user_of_google(pod.state, person["email"], person.get("name") or person["email"])
    tokens = pod.pair(user.id, user.email)
    return str(URL(landing).include_query_params(**tokens))


def _is_same(sent: str, known: str) -> bool:
    return secrets.compare_digest(sent.encode(), known.encode())


def _user_of_google(state: ReplicaState, email: str, name: str) -> UserModel:
    """User-service's row, made at the first sign-in."""
    return state.user_by_email(email) or add(state.users, UserModel(email=email, name=name))


ROUTES = [
    Route(AUTHORIZATION, start),
    Route("/oauth2/callback/google", callback),
]
