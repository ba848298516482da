"""auth-service: tokens, rotation with reuse detection, JWKS, the test endpoint, which is off
(contract §2.1 to §2.4).

It is the one Java service, with habits of its own: see `replica.services.spring`.
"""

import asyncio
import json
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from replica.services import auth_tokens, oauth, spring
from replica.services.auth_pod import Pod, pod_of
from replica.services.auth_tokens import AuthError
from replica.state import SYSTEM_USER, ReplicaState

TEST_EMAIL = "loadtest@wealist.co.kr"
# Between the look at the blacklist and the entry in it lies a way to Redis and back: refreshes that
# come at once all succeed (contract §2.3).
REDIS_ROUND_TRIP_S = 0.01


def app(state: ReplicaState) -> Starlette:
    """The first pod."""
    return _pod(Pod(state, first=True))


def second_pod(state: ReplicaState) -> Starlette:
    """Another one, for whatever must not depend on which pod answers."""
    return _pod(Pod(state, first=False))


def _pod(pod: Pod) -> Starlette:
    served = Starlette(
        routes=[*_tokens(), *oauth.ROUTES, *_about()],
        middleware=[Middleware(spring.SpringCors)],
        exception_handlers={HTTPException: spring.answer_unmatched, AuthError: _answer_refusal},
    )
    served.router.redirect_slashes = False
    served.state.pod = pod
    return served


def _tokens() -> list[Route]:
    return [
        Route("/api/auth/refresh", refresh, methods=["POST"]),
        Route("/api/auth/validate", validate, methods=["POST"]),
        Route("/api/auth/logout", logout, methods=["POST"]),
        Route("/api/test/token", token_for_tests, methods=["POST"]),
        Route("/api/test/status", token_status),
    ]


def _about() -> list[Route]:
    actuator = ("", "/liveness", "/readiness")
    return [
        Route("/.well-known/jwks.json", jwks),
        Route("/.well-known/openid-configuration", openid_configuration),
        Route("/actuator/info", info),
        Route("/actuator/prometheus", prometheus),
        Route("/health", health),
        Route("/ready", ready),
        *(Route(f"/actuator/health{part}", actuator_health) for part in actuator),
    ]


async def refresh(request: Request) -> Response:
    """Rotates; neither the token's type is checked, nor are check and entry one step."""
    pod, token = pod_of(request), await _field(request, "refreshToken")
    if pod.state.is_fault_active("gateway-replays-refresh"):
        await _rotate(pod, token)  # the answer is lost, and Envoy asks again
    return JSONResponse(await _rotate(pod, token))


async def _rotate(pod: Pod, token: str) -> dict[str, str | None]:
    state, claims = pod.state, auth_tokens.read(pod.key, token)
    if token in state.blacklist:
        raise AuthError("AUTH006")
    await asyncio.sleep(REDIS_ROUND_TRIP_S)
    given: dict[str, str | None] = {**pod.pair(claims["sub"], claims.get("email", ""))}
    if state.is_fault_active("refresh-does-not-rotate"):
        return given | {"refreshToken": token}
    state.blacklist.add(token)
    if state.is_fault_active("refresh-gives-no-access-token"):
        return given | {"accessToken": None}
    return given


async def validate(request: Request) -> Response:
    """Always 200; every bad token is told in the same words, and without a userId."""
    pod, body = pod_of(request), await _body(request)
    token = (body or {}).get("token")
    if not isinstance(token, str) or not token:
        return JSONResponse({"valid": False, "message": "Token is required"})
    try:
        claims = auth_tokens.validate(pod.state, pod.key, token)
    except AuthError:
        return JSONResponse({"valid": False, "message": "Internal server error"})
    return JSONResponse({"userId": claims["sub"], "valid": True, "message": "Token is valid"})


async def logout(request: Request) -> Response:
    """Ends the access token, and the refresh token that comes along; weAlist's own ends the first
    only.
    """
    pod, sent = pod_of(request), request.headers.get("authorization", "")
    if not sent.startswith("Bearer "):
        raise AuthError("AUTH001", "Authorization 헤더에서 토큰을 찾을 수 없습니다.")
    token = sent.removeprefix("Bearer ")
    auth_tokens.read(pod.key, token)
    pod.state.blacklist.add(token)
    with_it = (await _body(request) or {}).get("refreshToken")
    if isinstance(with_it, str) and not (
        pod.state.production or pod.state.is_fault_active("sign-out-forgets-refresh-token")
    ):
        pod.state.blacklist.add(with_it)
    return JSONResponse({"success": True, "message": "로그아웃 성공"})


async def token_for_tests(request: Request) -> Response:
    """No secret guards it; an id that is no UUID falls back to the system user, an address that is
    not sent to that user's.
    """
    pod = _with_tests(request)
    asked = await _body(request) or {}
    user = _uuid_or(asked.get("userId"), SYSTEM_USER)
    return JSONResponse(pod.pair(user, str(asked.get("email", TEST_EMAIL))))


async def token_status(request: Request) -> Response:
    _with_tests(request)
    message = "WARNING: Test auth endpoint is enabled. Disable after testing!"
    return JSONResponse({"testAuthEnabled": True, "message": message})


def _with_tests(request: Request) -> Pod:
    """The pod, where ENABLE_TEST_AUTH is on; elsewhere there is no such endpoint."""
    pod = pod_of(request)
    if not pod.state.is_fault_active("test-token-endpoint-open"):
        raise HTTPException(404)
    return pod


async def jwks(request: Request) -> Response:
    pod = pod_of(request)
    published = pod.key.jwks()
    if pod.state.is_fault_active("jwks-shows-private-key"):
        published["keys"][0]["d"] = "cHJpdmF0ZQ"  # not the real one: this goes into reports
    return JSONResponse(published)


async def openid_configuration(_request: Request) -> Response:
    inside = "http://auth-service:8080"
    return JSONResponse(
        {
            "issuer": "wealist-auth-service",
            "jwks_uri": f"{inside}/.well-known/jwks.json",
            "authorization_endpoint": f"{inside}/oauth2/authorization/google",
            "token_endpoint": f"{inside}/api/auth/refresh",
            "userinfo_endpoint": f"{inside}/api/auth/me",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
        }
    )


async def health(_request: Request) -> Response:
    return JSONResponse({"status": "ok", "service": "auth-service"})


async def ready(_request: Request) -> Response:
    return JSONResponse({"status": "ready", "service": "auth-service", "details": "UP"})


async def actuator_health(_request: Request) -> Response:
    return JSONResponse({"status": "UP"})


async def info(_request: Request) -> Response:
    return JSONResponse({})


async def prometheus(_request: Request) -> Response:
    text = (
        "# TYPE application_ready_time_seconds gauge\n"
        'application_ready_time_seconds{application="auth-service"} 1.0\n'
    )
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


async def _body(request: Request) -> dict[str, Any] | None:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


async def _field(request: Request, name: str) -> str:
    body = await _body(request)
    if not body or not isinstance(body.get(name), str):
        raise HTTPException(500)
    return str(body[name])


def _uuid_or(value: object, fallback: str) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        return fallback


async def _answer_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AuthError)
    return JSONResponse({"code": error.code, "message": error.message}, error.status)
