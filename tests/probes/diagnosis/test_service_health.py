"""A service's own readiness names the dependency that it lost, and a path that it does not have
accuses nobody.
"""

from collections.abc import Mapping

import pytest

from probes.diagnosis.ladder import diagnose
from probes.diagnosis.service_health import (
    failing_dependencies,
    liveness_path,
    readiness_path,
    service_step,
)
from probes.finding import Code, Finding
from probes.recording.recorder import Recorder
from probes.transport.envelopes import explain
from probes.transport.http import Answer, Web
from tests.support.site import NOWHERE, Said, Site, js

ALIVE = js({"status": "alive"})
FAILED = js({"error": {"code": "INTERNAL_ERROR", "message": "An internal error occurred"}}, 500)
NO_USER = js({"error": {"code": "NOT_FOUND", "message": "User not found"}}, 404)
NOT_A_MEMBER = js({"error": {"code": "FORBIDDEN", "message": "not a member"}}, 403)
NO_DATABASE = js(
    {"status": "not_ready", "checks": {"database": "disconnected", "redis": "ok"}}, 503
)
NO_REDIS = js({"status": "not_ready", "checks": {"database": "ok", "redis": "disconnected"}}, 503)
OLD_NOTI = js(
    {"status": "not ready", "connections": {"database": "error: connection refused"}}, 503
)
SPRING = js(
    {
        "status": "DOWN",
        "components": {"readinessState": {"status": "UP"}, "redis": {"status": "DOWN"}},
    },
    503,
)
READY = js({"status": "ready", "checks": {"database": "ok", "redis": "not_configured"}})
FIREWALL = Said(400, b"", "")  # Spring's StrictHttpFirewall, to a path with `//`

DATABASE = "database unreachable, as the service's own readiness says"
REDIS = "redis unreachable, as the service's own readiness says"
SLASH = "gateway rewrite: services get their paths with a doubled slash (f53a0b5e)"


def both(path: str, said: Said) -> dict[str, Said]:
    return {f"GET {host}{path}": said for host in ("apex", "api")}


def health(name: str, ready: Said, live: Said = ALIVE) -> dict[str, Said]:
    return both(liveness_path(name), live) | both(readiness_path(name), ready)


async def diagnosed(
    site: Site, web: Web, recorder: Recorder, path: str, says: Mapping[str, Said]
) -> Finding:
    site.says = dict(says)
    answer = await web.ask("GET", site.origin("apex") + path)
    finding = explain(answer, 200)
    assert finding
    return await diagnose(web, finding, recorder)


LOST = {
    "a go service's database": (
        "/api/svc/chat/api/chats/my",
        {**both("/api/svc/chat/api/chats/my", FAILED), **health("chat", NO_DATABASE)},
        DATABASE,
    ),
    "the database behind a 404 that only looks like a missing user": (
        "/api/svc/user/api/users/me",
        {**both("/api/svc/user/api/users/me", NO_USER), **health("user", NO_DATABASE)},
        DATABASE,
    ),
    "the words of another build": (
        "/api/svc/noti/api/notifications",
        {**both("/api/svc/noti/api/notifications", FAILED), **health("noti", OLD_NOTI)},
        DATABASE,
    ),
    "redis of a go service": (
        "/api/svc/board/api/boards",
        {**both("/api/svc/board/api/boards", FAILED), **health("board", NO_REDIS)},
        REDIS,
    ),
    "redis of auth-service": (
        "/api/svc/auth/.well-known/jwks.json",
        {**both("/api/svc/auth/.well-known/jwks.json", FAILED), **health("auth", SPRING)},
        REDIS,
    ),
    "the database of whom a service asks": (
        "/api/svc/storage/storage/folders/contents",
        {
            **both("/api/svc/storage/storage/folders/contents", NOT_A_MEMBER),
            **health("storage", READY),
            **health("auth", js({"status": "UP"})),
            **health("user", NO_DATABASE),
        },
        DATABASE,
    ),
    "the service that another asks": (
        "/api/svc/storage/storage/folders/contents",
        {
            **both("/api/svc/storage/storage/folders/contents", FAILED),
            **health("storage", READY),
            **health("auth", js({}, 500), js({}, 500)),
        },
        "auth-service",
    ),
}


@pytest.mark.parametrize("story", LOST.values(), ids=LOST.keys())
async def test_a_lost_dependency_is_named_as_readiness_says_it(
    site: Site, web: Web, recorder: Recorder, story: tuple[str, Mapping[str, Said], str]
) -> None:
    """43 promises of six services broke by one database, and the headline was chat-service."""
    path, says, cause = story
    finding = await diagnosed(site, web, recorder, path, says)
    assert finding.cause == cause
    assert not finding.rungs[-1].held


async def test_the_readiness_is_quoted(site: Site, web: Web, recorder: Recorder) -> None:
    """The reader sees what the service itself has said."""
    path = "/api/svc/chat/api/chats/my"
    says = {**both(path, FAILED), **health("chat", NO_DATABASE)}
    finding = await diagnosed(site, web, recorder, path, says)
    assert finding.rungs[-1].detail == (
        "chat-service says it is not ready: GET api.localhost/api/svc/chat/health/ready answered "
        "503 application/json, database disconnected"
    )


async def test_a_ready_service_is_not_excused(site: Site, web: Web, recorder: Recorder) -> None:
    """A Redis that nobody configured, as user-service always says, is no lost one."""
    path = "/api/svc/user/api/users/me"
    says = {**both(path, FAILED), **health("user", READY), **health("auth", js({"status": "UP"}))}
    finding = await diagnosed(site, web, recorder, path, says)
    assert finding.cause == "user-service"
    assert all(rung.held for rung in finding.rungs)


@pytest.mark.parametrize("path", ["/api/svc/video/api/video/rooms", "/api/ops/api/users/me"])
async def test_a_health_path_that_is_not_there_accuses_nobody(
    site: Site, web: Web, recorder: Recorder, path: str
) -> None:
    """A 404 to liveness was told as 'the service broke'."""
    finding = await diagnosed(site, web, recorder, path, both(path, FAILED))
    rung = next(rung for rung in finding.rungs if rung.name == "service")
    assert rung.held
    assert "proves nothing" in rung.detail


@pytest.mark.parametrize(
    "story",
    [
        ("/api/svc/chat/api/chats/my", NOWHERE, "/api/svc/chathealth/live"),
        (
            "/api/svc/auth/.well-known/jwks.json",
            FIREWALL,
            "/api/svc/authactuator/health/liveness",
        ),
    ],
)
async def test_a_doubled_slash_is_told_by_the_path_that_cannot_have_one(
    site: Site, web: Web, recorder: Recorder, story: tuple[str, Said, str]
) -> None:
    """Gin answers 404 text and Spring 400 to all that begins with //, health too (f53a0b5e)."""
    path, said, squeezed = story
    name = path.split("/")[3]
    says = {**both(path, said), **both(liveness_path(name), said), **both(squeezed, ALIVE)}
    finding = await diagnosed(site, web, recorder, path, says)
    assert (finding.cause, finding.rungs[-1].name) == (SLASH, "gateway")


async def test_a_path_that_is_nowhere_is_no_doubled_slash(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """Where the same 404 meets a service that is alive, the rewrite is not accused of it."""
    path = "/api/svc/chat/api/chats/mine"
    finding = await diagnosed(site, web, recorder, path, health("chat", READY))
    assert finding.cause == "the gateway's route or rewrite"


async def test_a_redis_that_is_down_explains_what_was_not_delivered(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """The socket answered well, so only the code says that Redis matters; another code's not."""
    path = "/api/svc/chat/api/chats/ws/1"
    site.says = {**both(path, js({})), **health("chat", NO_REDIS)}
    await web.ask("GET", site.origin("apex") + path, kind="socket")
    lost = Finding(Code.CHAT_NOT_DELIVERED, "o", "c")
    assert (await diagnose(web, lost, recorder)).cause == REDIS


async def test_a_redis_that_is_down_explains_no_wrong_signature(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """What has nothing to do with it keeps its cause."""
    path = "/api/svc/storage/storage/files/upload-url"
    url = site.origin("apex") + path
    site.says = {f"POST apex{path}": js({"success": True}), **health("storage", NO_REDIS)}
    await web.ask("POST", url)
    wrong = Finding(Code.PRESIGN_DEV_CREDENTIALS, "o", "c")
    assert (await diagnose(web, wrong, recorder)).cause == "c"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"checks": []}', b'{"checks": {"database": null}}'])
def test_an_odd_readiness_blames_no_dependency(body: bytes) -> None:
    """Neither does it crash."""
    answer = Answer("GET", "http://api.localhost/health/ready", 200, {}, body)
    assert failing_dependencies(answer) == ()


@pytest.mark.parametrize(
    ("status", "is_explained"), [(None, True), (503, True), (404, False), (403, False)]
)
async def test_who_is_silent_is_not_why_others_refuse_at_once(
    status: int | None, is_explained: bool
) -> None:
    """A 404 that storage-service gave promptly was blamed on auth-service, silent on a busy
    machine.
    """

    async def ask(path: str) -> Answer | str:
        if path == readiness_path("auth"):
            return "no answer within 3 s"
        return Answer("GET", f"http://api.localhost{path}", 200, {}, b'{"status": "ok"}')

    step = await service_step(ask, "storage", status, Finding(Code.ROUTE_BROKEN, "o", "c"))
    assert step.rung.held is not is_explained
    assert ("auth-service" in step.cause) is is_explained
