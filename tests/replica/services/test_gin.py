"""What all Go services have in common."""

import asyncio
import json

import httpx
import pytest

from replica.services import APPS
from replica.signing_key import SigningKey
from replica.state import ReplicaState
from tests.support.service_fixtures import Ask

GO = ["user", "board", "chat", "noti", "storage", "ops"]
WITH_TOKEN = {
    "user": "/api/users/me",
    "board": "/api/projects/x",
    "chat": "/api/chats/my",
    "noti": "/api/notifications",
    "storage": "/storage/folders/contents",
    "ops": "/api/users/me",
}
REFUSED = {"error": {"code": "UNAUTHORIZED", "message": "Invalid or expired token"}}


async def test_an_unknown_path_is_gins_plain_404(ask: Ask) -> None:
    """No JSON and no charset: by this the edge tells a wrong path from a refusal."""
    answer = await ask("user").get("/storage/folders/contents")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
        404,
        "404 page not found",
        "text/plain",
    )


async def test_a_wrong_method_is_a_404_too(ask: Ask) -> None:
    """Gin does not say 405 unless it is told to."""
    assert (await ask("user", "alice").delete("/api/users/me")).status_code == 404


@pytest.mark.parametrize("service", GO)
async def test_every_service_turns_a_forged_token_away(
    ask: Ask, state: ReplicaState, service: str
) -> None:
    """A token of another key is no token."""
    alice = state.test_users["alice"]
    forged = SigningKey().mint(alice.id, alice.email, "access", 60)
    answer = await ask(service, Authorization=f"Bearer {forged}").get(WITH_TOKEN[service])
    assert answer.status_code == 401
    assert REFUSED.items() <= answer.json().items()


@pytest.mark.parametrize(("kind", "seconds"), [("refresh", 60), ("access", -1)])
async def test_only_an_unexpired_access_token_opens(
    ask: Ask, state: ReplicaState, kind: str, seconds: int
) -> None:
    """A refresh token is not an access token, and an old one is none."""
    alice = state.test_users["alice"]
    token = state.key.mint(alice.id, alice.email, kind, seconds)
    answer = await ask("user", Authorization=f"Bearer {token}").get("/api/users/me")
    assert (answer.status_code, answer.json()) == (401, REFUSED)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({}, "Authorization header is required"),
        ({"Authorization": "Basic x"}, "Invalid authorization header format"),
    ],
)
async def test_a_missing_token_is_told_from_a_bad_one(
    ask: Ask, header: dict[str, str], message: str
) -> None:
    """The message says what is wrong with the header."""
    answer = await ask("user", **header).get("/api/users/me")
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, message)


@pytest.mark.parametrize("path", ["//storage/folders/contents?workspaceId=1", "//health/live"])
async def test_a_doubled_slash_is_no_path(ask: Ask, path: str) -> None:
    """Gin does not clean it, and knows no such route (f53a0b5e)."""
    answer = await ask("storage").get(f"http://storage-service{path}")
    assert (answer.status_code, answer.text) == (404, "404 page not found")


async def test_a_preflight_is_allowed_for_every_origin(ask: Ask) -> None:
    """DefaultCORS reflects the origin and knows X-Workspace-Id but not traceparent."""
    answer = await ask("noti", Origin="https://anywhere.example").options("/api/notifications")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://anywhere.example"
    assert "X-Workspace-Id" in answer.headers["access-control-allow-headers"]
    assert "traceparent" not in answer.headers["access-control-allow-headers"]


async def test_a_request_id_comes_back(ask: Ask) -> None:
    """A new one whatever the caller brought, in the header and in board's body (contract 9.5)."""
    answer = await ask("board", "alice", **{"X-Request-ID": "run-7"}).get("/api/projects/none")
    given = answer.headers["x-request-id"]
    assert given != "run-7"
    assert answer.json()["requestId"] == given


async def test_a_failed_request_is_logged_with_its_error(ask: Ask, state: ReplicaState) -> None:
    """The middleware's line has the request's id, the handler's line in the same span the error."""
    path = f"/api/workspaces/{next(iter(state.workspaces))}/members/invite"
    answer = await ask("user", "stranger").post(path, json={"email": "a@b.c"})
    handler, middleware = map(json.loads, state.pod_logs["user-service"])
    assert answer.status_code == 500
    assert middleware["http.request_id"] == answer.headers["x-request-id"]
    assert middleware["span_id"] == handler["span_id"]
    assert handler["error"] == "Failed to verify invite permission"


@pytest.mark.parametrize("service", GO)
async def test_health_is_open_to_everybody(ask: Ask, service: str) -> None:
    """Live, ready and metrics ask for no token; user-service alone has never reported its Redis."""
    assert (await ask(service).get("/health/live")).json() == {"status": "alive"}
    ready = (await ask(service).get("/health/ready")).json()
    assert ready == {
        "status": "ready",
        "checks": {"database": "ok", "redis": "not_configured" if service == "user" else "ok"},
    }
    assert (
        (await ask(service).get("/metrics"))
        .headers["content-type"]
        .startswith("text/plain; version=0.0.4")
    )


@pytest.mark.parametrize("service", ["chat", "noti", "board", "storage"])
async def test_redis_not_configured_is_ready_all_the_same(
    ask: Ask, state: ReplicaState, service: str
) -> None:
    """Fault redis-not-configured: the check tells, the status does not."""
    state.faults = {"redis-not-configured"}
    answer = await ask(service).get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["redis"]) == (200, "not_configured")


async def test_a_hanging_service_answers_nothing(state: ReplicaState) -> None:
    """Fault service-hangs: a call to noti ends only when the caller goes; its neighbours answer."""
    state.faults = {"service-hangs"}
    sent: list[object] = []
    gone = asyncio.Event()

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health/live",
        "headers": [],
        "query_string": b"",
    }
    call = asyncio.create_task(APPS["noti"](state)(scope, receive, send))
    await asyncio.sleep(0)
    assert not call.done()
    gone.set()
    await call
    assert sent == []


async def test_a_hanging_service_leaves_the_others_alone(state: ReplicaState, ask: Ask) -> None:
    """Fault service-hangs is noti's alone."""
    state.faults = {"service-hangs"}
    assert (await ask("chat", "alice").get("/api/chats/my")).status_code == 200


def test_no_fault_name_can_be_mistyped(state: ReplicaState) -> None:
    """An unknown name is an error of the code, not a healthy answer."""
    with pytest.raises(KeyError):
        state.is_fault_active("service-hang")


async def test_broken_json_is_refused(ask: Ask) -> None:
    """Half a body is 400, not a crash."""
    async with ask("user", "alice") as user:
        answer: httpx.Response = await user.post("/api/workspaces/create", content=b"{")
    assert answer.status_code == 400
