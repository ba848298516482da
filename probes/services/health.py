"""What a service says of its own health, whatever status it says it with (contract 8)."""

from collections.abc import Mapping
from typing import Any, TypedDict

from probes.finding import Code, broken_promise
from probes.transport.http import Answer, service

UP = frozenset({"alive", "healthy", "ok", "ready", "up"})


class Readiness(TypedDict):
    """What `/health/ready` answers: a word for each dependency."""

    checks: dict[str, Any]


def expect_up(answer: Answer, health: Mapping[str, Any]) -> None:
    """The service says that it is up. Raises Broken."""
    status = health.get("status")
    if str(status).lower() not in UP:
        who = service(answer.url)
        observed = f"{answer}, and says of its status {status!r}"
        cause = f"{who}: one of its own checks fails, and its health answers 200 all the same"
        raise broken_promise(Code.SERVICE_UNAVAILABLE, observed, cause)
