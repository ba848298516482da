"""What Spring Security does in front of auth-service's own handlers (contract §1.5, §2.1).

Whoever is not signed in and asks for anything outside `PERMIT_ALL` is sent to sign in: 302 to the
authorization endpoint, with a session to come back to. An error page is such a place too, so that
an exception which no handler catches ends in the same redirect.
"""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from replica.services.auth_pod import Pod, pod_of
from replica.state import SignInSession

AUTHORIZATION = "/oauth2/authorization/google"
PERMIT_ALL = (
    "/api/auth/",
    "/api/test/",
    "/oauth2/",
    "/login/oauth2/",
    "/actuator/",
    "/.well-known/",
    "/swagger-ui/",
    "/v3/api-docs/",
    "/swagger-resources/",
)
SESSION_S = 1800
ORIGINS = re.compile(r"http://localhost:\d+|https://([a-z0-9-]+\.)*wealist\.localhost(:\d+)?")
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


async def answer_unmatched(request: Request, _error: Exception) -> Response:
    """A path or method that nothing serves: AUTH999 where everybody may ask, else sign in."""
    if request.url.path.startswith(PERMIT_ALL):
        return JSONResponse({"code": "AUTH999", "message": "내부 서버 오류입니다."}, 500)
    return to_sign_in(request)


def to_sign_in(request: Request) -> Response:
    """302 to the authorization endpoint, and a session for whoever has none."""
    answer = redirect(request, AUTHORIZATION)
    session_of(request, pod_of(request), answer)
    return answer


def redirect(request: Request, path: str) -> Response:
    """302 to a path of this host, absolute as Spring makes it of X-Forwarded-Proto and Host."""
    return RedirectResponse(f"{request.url.scheme}://{request.url.netloc}{path}", 302)


def session_of(request: Request, pod: Pod, answer: Response) -> SignInSession:
    """The session that the visitor brings, or a new one whose cookie the answer hands out."""
    known = pod.sessions.get(request.cookies.get(pod.cookie, ""))
    if known is not None:
        return known
    number, session = secrets.token_urlsafe(24), SignInSession()
    pod.sessions[number] = session
    _set_cookie(request, pod, answer, number)
    return session


def _set_cookie(request: Request, pod: Pod, answer: Response, number: str) -> None:
    """Tomcat's own cookie where there is no Spring Session: neither Secure nor SameSite."""
    if pod.keeps_sessions_alone:
        answer.set_cookie(pod.cookie, number, httponly=True, samesite=None)
        return
    # SessionConfig says Secure always; before it, Spring Session went by the request's scheme.
    secure = request.url.scheme == "https"
    answer.set_cookie(
        pod.cookie, number, max_age=SESSION_S, secure=secure, httponly=True, samesite="lax"
    )


class SpringCors:
    """Spring's CorsFilter: 403 to every request from an origin that is not listed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if scope["type"] != "http" or not origin or _is_same_origin(scope, headers, origin):
            return await self.app(scope, receive, send)
        preflight = scope["method"] == "OPTIONS" and "access-control-request-method" in headers
        method = headers["access-control-request-method"] if preflight else scope["method"]
        listed = ORIGINS.fullmatch(origin) and not _has_lost_the_app(scope)
        if not listed or method not in METHODS:
            refusal = PlainTextResponse("Invalid CORS request", 403, headers={"vary": VARY})
            return await refusal(scope, receive, send)
        if preflight:
            return await _preflight(headers)(scope, receive, _allowing(send, origin))
        return await self.app(scope, receive, _allowing(send, origin))


def _has_lost_the_app(scope: Scope) -> bool:
    # The page's refreshes are let through: without them it would break in ways of its own.
    if scope["path"].endswith("/refresh"):
        return False
    return pod_of(Request(scope)).state.is_fault_active("auth-cors-forgets-the-app")


def _is_same_origin(scope: Scope, headers: Headers, origin: str) -> bool:
    return origin == f"{scope['scheme']}://{headers.get('host', '')}"


def _preflight(headers: Headers) -> Response:
    allowed = {"access-control-allow-methods": ",".join(METHODS)}
    if wanted := headers.get("access-control-request-headers"):
        allowed["access-control-allow-headers"] = wanted
    return Response(status_code=200, headers=allowed)


def _allowing(send: Send, origin: str) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["vary"] = VARY
            headers["access-control-allow-origin"] = origin
            headers["access-control-allow-credentials"] = "true"
        await send(message)

    return with_headers
