"""Objects of the API server become typed facts; what is absent is empty, never an error.

Sources: the Kubernetes API 1.34, Istio networking/v1 and security/v1, Gateway API v1, Argo CD
v1alpha1, External Secrets v1.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from probes.cluster.facts import (
    Autoscaler,
    ConfigMap,
    Container,
    CronJob,
    Endpoints,
    Event,
    Job,
    Labels,
    Node,
    Pod,
    Service,
    Source,
    SyncedSecret,
    TokenGuard,
    Usage,
    Workload,
)

Object = Mapping[str, Any]
NAME_LABEL = "app.kubernetes.io/name"
OURS = "wealist-probes"
_UNITS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}
_QUANTITY = re.compile(r"([0-9.]+)([a-zA-Z]*)")
_DURATION = re.compile(r"([0-9.]+)(h|m|s|ms)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def quantity(text: Any) -> float:
    """A Kubernetes quantity as a plain number: "25m" is 0.025, "64Mi" is 67108864."""
    found = _QUANTITY.fullmatch(str(text))
    return float(found[1]) * _UNITS.get(found[2], 1.0) if found else 0.0


def seconds(text: Any) -> float:
    """A Go duration, as "1h0m0s", in seconds."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(str(text)))


def at(obj: Any, *path: str) -> Any:
    """What lies at `path`; None where a step is missing."""
    for step in path:
        obj = obj.get(step) if isinstance(obj, Mapping) else None
    return obj


def rows(obj: Any, *path: str) -> list[Any]:
    found = at(obj, *path)
    return found if isinstance(found, list) else []


def texts(obj: Any, *path: str) -> dict[str, str]:
    found = at(obj, *path)
    pairs = found.items() if isinstance(found, Mapping) else ()
    return {str(key): str(value) for key, value in pairs}


def text(obj: Any, *path: str) -> str:
    found = at(obj, *path)
    return "" if found is None else str(found)


def when(found: Any) -> datetime | None:
    """An RFC 3339 time."""
    try:
        return datetime.fromisoformat(str(found)) if found else None
    except ValueError:
        return None


def name(obj: Object) -> str:
    return text(obj, "metadata", "name")


def _creation_time(obj: Object) -> datetime:
    return when(at(obj, "metadata", "creationTimestamp")) or datetime.fromtimestamp(0, UTC)


def is_ours(obj: Object) -> bool:
    """Whether it is an object of the probes themselves, by its label or its name."""
    return texts(obj, "metadata", "labels").get(NAME_LABEL) == OURS or name(obj).startswith(OURS)


def config_map(obj: Object) -> ConfigMap:
    writers = [
        when(field.get("time"))
        for field in rows(obj, "metadata", "managedFields")
        if at(field, "fieldsV1", "f:data") is not None
    ]
    known = [time for time in writers if time]
    return ConfigMap(name(obj), texts(obj, "data"), max(known, default=_creation_time(obj)))


def container(obj: Object) -> Container:
    ports = [int(port["hostPort"]) for port in rows(obj, "ports") if port.get("hostPort")]
    requests = at(obj, "resources", "requests") or {}
    return Container(
        name=text(obj, "name"),
        env={text(row, "name"): _value(row) for row in rows(obj, "env")},
        sources=tuple(filter(None, map(_source, rows(obj, "envFrom")))),
        command=(*map(str, rows(obj, "command")), *map(str, rows(obj, "args"))),
        cpu_m=quantity(requests.get("cpu", 0)) * 1000,
        memory_mib=quantity(requests.get("memory", 0)) / 2**20,
        host_ports=tuple(ports),
    )


def _value(row: Object) -> str | Source:
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if ref := at(row, "valueFrom", key):
            return Source(kind, text(ref, "name"), text(ref, "key"))
    if at(row, "valueFrom"):
        return Source("field", "", "")
    return text(row, "value")


def _source(row: Object) -> Source | None:
    for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        if ref := row.get(key):
            return Source(kind, text(ref, "name"))
    return None


def workload(obj: Object) -> Workload:
    """A Deployment or an Argo Rollout: what is read of them is of the same shape."""
    pod = at(obj, "spec", "template") or {}
    wanted = at(obj, "spec", "replicas")
    replicas = 1 if wanted is None else int(wanted)
    return Workload(
        name=name(obj),
        replicas=replicas,
        labels=texts(pod, "metadata", "labels"),
        containers=tuple(map(container, rows(pod, "spec", "containers"))),
        host_network=at(pod, "spec", "hostNetwork") is True,
    )


def pod(obj: Object) -> Pod:
    spec = at(obj, "spec") or {}
    sidecars = [c for c in rows(spec, "initContainers") if c.get("restartPolicy") == "Always"]
    containers = tuple(map(container, [*rows(spec, "containers"), *sidecars]))
    states = [
        *rows(obj, "status", "containerStatuses"),
        *rows(obj, "status", "initContainerStatuses"),
    ]
    ends = [end for state in states if (end := at(state, "lastState", "terminated"))]
    latest: Object = max(ends, key=lambda end: text(end, "finishedAt"), default={})
    reasons = [text(state, "state", "waiting", "reason") for state in states]
    conditions = {text(row, "type"): row for row in rows(obj, "status", "conditions")}
    return Pod(
        name=name(obj),
        labels=texts(obj, "metadata", "labels"),
        phase=text(obj, "status", "phase"),
        ready=text(conditions.get("Ready"), "status") == "True",
        started_at=_start_time(obj),
        containers=containers,
        node=text(spec, "nodeName"),
        owner=next(map(_workload_of, rows(obj, "metadata", "ownerReferences")), ""),
        waiting=next(filter(None, reasons), ""),
        pending=text(conditions.get("PodScheduled"), "message"),
        restarts=sum(int(state.get("restartCount", 0)) for state in states),
        restarted_at=when(latest.get("finishedAt")),
        end_reason=text(latest, "reason"),
        cpu_m=sum(each.cpu_m for each in containers),
        memory_mib=sum(each.memory_mib for each in containers),
        host_network=spec.get("hostNetwork") is True,
    )


def _workload_of(owner: Object) -> str:
    """A ReplicaSet is called as its Deployment or Rollout is, and a hash without a dash."""
    found = text(owner, "name")
    return found.rpartition("-")[0] if text(owner, "kind") == "ReplicaSet" else found


def _start_time(obj: Object) -> datetime:
    """Since when all that runs has its environment: a restarted container reads it anew."""
    states = rows(obj, "status", "containerStatuses")
    known = [when(at(state, "state", "running", "startedAt")) for state in states]
    running = [time for time in known if time]
    return min(running, default=when(at(obj, "status", "startTime")) or _creation_time(obj))


def event(obj: Object) -> Event:
    """Of core/v1; a series counts for itself, and older writers fill lastTimestamp."""
    times = (at(obj, "series", "lastObservedTime"), at(obj, "lastTimestamp"), at(obj, "eventTime"))
    known = [time for time in map(when, times) if time]
    count = at(obj, "series", "count") or at(obj, "count") or 1
    return Event(
        pod=text(obj, "involvedObject", "name"),
        reason=text(obj, "reason"),
        message=text(obj, "message"),
        count=int(count),
        last_at=max(known, default=_creation_time(obj)),
    )


def service(obj: Object) -> Service:
    return Service(name(obj), texts(obj, "spec", "selector"))


def endpoints(obj: Object) -> Endpoints:
    """One EndpointSlice; a Service may have several."""
    ready = [e for e in rows(obj, "endpoints") if at(e, "conditions", "ready") is not False]
    owner = texts(obj, "metadata", "labels").get("kubernetes.io/service-name", "")
    return Endpoints(owner, len(ready))


def autoscaler(obj: Object) -> Autoscaler:
    return Autoscaler(
        name(obj),
        text(obj, "spec", "scaleTargetRef", "name"),
        int(at(obj, "spec", "minReplicas") or 1),
        int(at(obj, "spec", "maxReplicas") or 1),
    )


def node(obj: Object) -> Node:
    conditions = {text(r, "type"): text(r, "status") for r in rows(obj, "status", "conditions")}
    free = at(obj, "status", "allocatable") or {}
    return Node(
        name(obj),
        conditions.get("Ready") == "True",
        quantity(free.get("cpu", 0)) * 1000,
        quantity(free.get("memory", 0)) / 2**20,
    )


def usage(obj: Object) -> Usage:
    used = [at(row, "usage") or {} for row in rows(obj, "containers")]
    cpu = sum(quantity(row.get("cpu", 0)) for row in used)
    memory = sum(quantity(row.get("memory", 0)) for row in used)
    return Usage(name(obj), cpu * 1000, memory / 2**20)


def job(obj: Object) -> Job:
    ends = [
        row
        for row in rows(obj, "status", "conditions")
        if row.get("type") in ("Complete", "Failed") and row.get("status") == "True"
    ]
    return Job(
        name=name(obj),
        owner=next((text(o, "name") for o in rows(obj, "metadata", "ownerReferences")), ""),
        started_at=when(at(obj, "status", "startTime")) or _creation_time(obj),
        is_finished=bool(ends),
        deadline_s=float(at(obj, "spec", "activeDeadlineSeconds") or 0),
        ours=is_ours(obj),
    )


def cron_job(obj: Object) -> CronJob:
    suspended = at(obj, "spec", "suspend") is True
    return CronJob(name(obj), suspended, when(at(obj, "status", "lastScheduleTime")), is_ours(obj))


def token_guard(obj: Object) -> TokenGuard:
    """A RequestAuthentication without rules validates nothing, and selects nothing here."""
    selector: Labels = texts(obj, "spec", "selector", "matchLabels")
    if not rows(obj, "spec", "jwtRules"):
        selector = {"a rule": "is missing"}
    return TokenGuard(name(obj), selector)


def synced_secret(obj: Object) -> SyncedSecret:
    ready = {text(r, "type"): r for r in rows(obj, "status", "conditions")}.get("Ready", {})
    return SyncedSecret(
        name=name(obj),
        target=text(obj, "spec", "target", "name") or name(obj),
        ready=ready.get("status") == "True",
        message=text(ready, "message") or text(ready, "reason"),
        refreshed_at=when(at(obj, "status", "refreshTime")),
        interval_s=seconds(at(obj, "spec", "refreshInterval") or "1h"),
    )
