"""What a service says of itself: that it lives, and which of its dependencies it cannot reach.

Go services answer `/health/ready` with 503 and `{"status": "not_ready", "checks": {"database":
"disconnected", "redis": "ok"}}`; auth-service's readiness names its Redis (contract 8). A path that
a service does not have proves nothing about it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from probes.diagnosis.step import Ask, Step
from probes.finding import Code, Finding, Rung
from probes.transport.http import Answer

SERVICE_PREFIX = "/api/svc/"
_READY_WORDS = frozenset({"ok", "up", "ready", "connected", "healthy", "true", "unknown", ""})
_NOT_READY = frozenset({"not_ready", "not ready", "down", "out_of_service", "unhealthy"})
_DEPENDENCIES = {"database": "database", "db": "database", "postgres": "database", "redis": "redis"}
_LISTS = ("checks", "connections", "components", "details")
# Whom a service asks before it answers a member (contract 2.5, 4.2, 5).
_ASKS = {
    "board": ("auth", "user"),
    "chat": ("auth", "user"),
    "noti": ("auth",),
    "storage": ("auth", "user"),
    "user": ("auth",),
    "video": ("auth", "user"),
    "ops": ("auth",),
}
# What is lost where the pods of a service have no Redis between them, whatever the status was.
_DELIVERIES = frozenset(
    {
        Code.BOARD_EVENT_LOST,
        Code.CHAT_NOT_DELIVERED,
        Code.NOTIFICATION_LOST,
        Code.OAUTH_SESSION_LOST,
        Code.OAUTH_STATE_LOST,
        Code.PRESENCE_STALE,
        Code.SIGN_OUT_INEFFECTIVE,
        Code.SOCKET_DROPPED,
        Code.STREAM_CUT,
    }
)


def service_name(path: str) -> str:
    """The short name of the service that a path of the gateway leads to; "" for none; pure."""
    if path.startswith(SERVICE_PREFIX):
        return path.split("/")[3]
    if path.startswith("/api/ops/"):
        return "ops"
    return "auth" if path.startswith(("/api/oauth2/", "/oauth2/")) else ""


def liveness_path(name: str) -> str:
    """Where the service `name` says that it is alive (contract 8); pure."""
    return _base(name) + ("/actuator/health/liveness" if name == "auth" else "/health/live")


def readiness_path(name: str) -> str:
    """Where the service `name` says what it can reach (contract 8); pure."""
    return _base(name) + ("/actuator/health/readiness" if name == "auth" else "/health/ready")


def _base(name: str) -> str:
    return "/api/ops" if name == "ops" else SERVICE_PREFIX + name


async def service_step(ask: Ask, name: str, status: int | None, finding: Finding) -> Step:
    """Whether the service lives, and whether it, or a service that it asks, lacks a dependency."""
    alive = await ask(liveness_path(name))
    if isinstance(alive, str) and status is not None and status < 500:
        detail = f"its liveness: {alive}; it had answered before, so this is not the cause"
        return Step(Rung("service", held=True, detail=detail))
    if isinstance(alive, str) or alive.status >= 500:
        return Step(Rung("service", held=False, detail=f"its liveness: {alive}"), f"{name}-service")
    detail = f"{name}-service says it is alive"
    if alive.status != 200:
        detail = f"{alive}, which proves nothing: the service may have no such path"
    for who in _whom_to_ask(name, status, finding):
        ready = await ask(readiness_path(who))
        lost = _blame_dependency(name, who, ready)
        # Who is silent makes others late or fail; it is not why they refuse at once.
        if lost is None and (isinstance(ready, Answer) or status is None or status >= 500):
            lost = await _not_answering(ask, name, who, ready)
        if lost is not None:
            return lost
    return Step(Rung("service", held=True, detail=detail))


def _whom_to_ask(name: str, status: int | None, finding: Finding) -> tuple[str, ...]:
    if status is None or status >= 400:
        return (name, *_ASKS.get(name, ()))
    return (name,) if finding.code in _DELIVERIES else ()


def _blame_dependency(name: str, who: str, ready: Answer | str) -> Step | None:
    """The step that blames a dependency of `who`; None where its readiness blames none; pure."""
    failing = () if isinstance(ready, str) else failing_dependencies(ready)
    if not failing:
        return None
    checks = ", ".join(f"{check} {word}" for check, word in failing)
    detail = f"{_describe_service(name, who)} says it is not ready: {ready}, {checks}"
    return Step(Rung("service", held=False, detail=detail), unreachable(failing[0][0]))


async def _not_answering(ask: Ask, name: str, who: str, ready: Answer | str) -> Step | None:
    """The step that blames `who` for a readiness that fails or is silent without naming why."""
    if isinstance(ready, Answer) and ready.status < 500:
        return None
    alive, named = await ask(liveness_path(who)), _describe_service(name, who)
    if isinstance(alive, str) or alive.status >= 500:
        detail = f"{named} is not alive: {alive}"
        return Step(Rung("service", held=False, detail=detail), f"{who}-service")
    if isinstance(ready, Answer) or alive.status != 200:
        return None
    detail = f"{named} is alive, and its readiness is silent: {ready}"
    cause = f"{who}-service: what its readiness asks (database, redis) hangs"
    return Step(Rung("service", held=False, detail=detail), cause)


def _describe_service(name: str, who: str) -> str:
    return f"{who}-service" if who == name else f"{who}-service, which {name}-service asks,"


def unreachable(dependency: str) -> str:
    """The cause, the same for every service that says so, so that it is told once; pure."""
    return f"{dependency} unreachable, as the service's own readiness says"


def failing_dependencies(answer: Answer) -> tuple[tuple[str, str], ...]:
    """(dependency, the service's word for it) of each that it cannot reach; pure."""
    body = answer.json
    if not isinstance(body, dict) or not _is_not_ready(answer.status, body):
        return ()
    return tuple(_failing(body))


def _is_not_ready(status: int, body: Mapping[str, Any]) -> bool:
    return status == 503 or str(body.get("status", "")).lower() in _NOT_READY


def _failing(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _LISTS:
        checks = body.get(name)
        for check, value in checks.items() if isinstance(checks, dict) else ():
            word = value.get("status") if isinstance(value, dict) else value
            state = str(word).lower()
            dependency = _DEPENDENCIES.get(check.lower())
            if dependency and state not in _READY_WORDS and "configured" not in state:
                yield dependency, str(word)[:80]


async def doubled_slash(ask: Ask, name: str, behind: Answer | str) -> Step | None:
    """The step that blames a rewrite which leaves a slash too many; None where nothing shows it.

    A prefix that is rewritten to `/` turns `/api/svc/chat/x` into `//x`, which gin answers with 404
    and Spring with 400, their liveness included; `/api/svc/chathealth/live` then arrives as
    `/health/live` (f53a0b5e).
    """
    if isinstance(behind, str) or behind.status not in (400, 404) or behind.json is not None:
        return None
    alive = await ask(liveness_path(name))
    if isinstance(alive, str) or alive.status not in (400, 404):
        return None
    base, live = _base(name), liveness_path(name)
    squeezed = base + live.removeprefix(f"{base}/")
    answer = await ask(squeezed)
    if isinstance(answer, str) or answer.status != 200 or answer.json is None:
        return None
    detail = f"{live} answers {alive.status}, {squeezed} {answer.status}"
    return Step(
        Rung("gateway", held=False, detail=detail),
        "gateway rewrite: services get their paths with a doubled slash (f53a0b5e)",
    )
