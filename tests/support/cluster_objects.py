"""What tests of the cluster's judgements share."""

from datetime import UTC, datetime, timedelta
from typing import Any

from probes.cluster.facts import (
    Container,
    Pod,
    Workload,
)
from probes.finding import Code, Finding

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


AN_HOUR = timedelta(hours=1)


def told(finding: Finding | None, code: Code) -> str:
    assert finding
    assert finding.code is code
    assert finding.reproduce_command.startswith("kubectl")
    return finding.observed


def pod(name: str = "a-1", **changes: Any) -> Pod:
    usual: dict[str, Any] = {
        "labels": {"app": "a"},
        "phase": "Running",
        "ready": True,
        "started_at": NOW - AN_HOUR,
    }
    return Pod(name, **{**usual, **changes})


def workload(name: str = "a", *containers: Container, **changes: Any) -> Workload:
    usual: dict[str, Any] = {"replicas": 1, "labels": {"app": name}}
    return Workload(name, containers=containers, **{**usual, **changes})
