"""Objects as an API server of Kubernetes 1.34 writes them, with what a reader of weAlist needs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]

NAMESPACE, ARGOCD = "wealist-replica", "argocd"
STARTED = timedelta(hours=2)
WRITTEN = timedelta(hours=3)
NODES = ("ip-10-0-1-11", "ip-10-0-2-12", "ip-10-0-3-13", "ip-10-0-1-14", "ip-10-0-2-15")


def ago(age: timedelta) -> str:
    return (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%SZ")


def metadata(name: str, labels: Mapping[str, str] | None = None, **more: Any) -> Object:
    return {
        "name": name,
        "namespace": more.pop("namespace", NAMESPACE),
        "uid": f"uid-{name}",
        "creationTimestamp": ago(WRITTEN),
        "labels": dict(labels or {}),
        **more,
    }


def config_map(name: str, data: Mapping[str, str]) -> Object:
    writer = {
        "manager": "argocd-controller",
        "operation": "Apply",
        "time": ago(WRITTEN),
        "fieldsV1": {"f:data": {f"f:{key}": {} for key in data}},
    }
    return {"metadata": metadata(name, managedFields=[writer]), "data": dict(data)}


def container(
    name: str, cpu: str, memory: str, env_from: Sequence[Object] = (), **more: Any
) -> Object:
    requests = {"cpu": cpu, "memory": memory}
    return {
        "name": name,
        "image": f"prod/{name}:1-0123abc",
        "envFrom": list(env_from),
        "resources": {"requests": requests},
        **more,
    }


def sidecar() -> Object:
    """Native since Istio 1.27: an init container that is always restarted (contract 9.1)."""
    return {**container("istio-proxy", "100m", "128Mi"), "restartPolicy": "Always"}


def workload(
    kind: str, name: str, replicas: int, labels: Mapping[str, str], spec: Object
) -> Object:
    template = {"metadata": {"labels": dict(labels)}, "spec": spec}
    selector = {"matchLabels": {"app.kubernetes.io/name": name}}
    return {
        "kind": kind,
        "metadata": metadata(name, labels),
        "spec": {"replicas": replicas, "selector": selector, "template": template},
        "status": {"replicas": replicas, "readyReplicas": replicas},
    }


def pod(name: str, labels: Mapping[str, str], spec: Object, node: str) -> Object:
    names = [each["name"] for each in spec["containers"]]
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name.rpartition("-")[0]}
    return {
        "metadata": metadata(name, labels, ownerReferences=[owner | {"uid": f"uid-{name}-owner"}]),
        "spec": {**spec, "nodeName": node},
        "status": {
            "phase": "Running",
            "startTime": ago(STARTED),
            "conditions": [
                {"type": "PodScheduled", "status": "True"},
                {"type": "Ready", "status": "True"},
            ],
            "containerStatuses": [container_status(each) for each in names],
        },
    }


def container_status(name: str) -> Object:
    return {
        "name": name,
        "image": f"prod/{name}:1-0123abc",
        "imageID": "",
        "ready": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": ago(STARTED)}},
        "lastState": {},
    }


def service(name: str, port: int) -> Object:
    return {
        "metadata": metadata(name),
        "spec": {
            "selector": {"app.kubernetes.io/name": name},
            "ports": [{"name": "http", "port": port, "targetPort": port, "protocol": "TCP"}],
        },
    }


def endpoint_slice(name: str, pods: Sequence[Object]) -> Object:
    return {
        "metadata": metadata(f"{name}-1", {"kubernetes.io/service-name": name}),
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": [f"10.0.0.{number + 1}"],
                "conditions": {"ready": is_ready(pod)},
                "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"]},
            }
            for number, pod in enumerate(pods)
        ],
    }


def is_ready(pod: Object) -> bool:
    conditions = {each["type"]: each["status"] for each in pod["status"]["conditions"]}
    return conditions.get("Ready") == "True"


def warning(pod: str, reason: str, message: str, age: timedelta, count: int = 1) -> Object:
    """An event of core/v1 about a pod, as kubelet or the scheduler writes it."""
    number = f"{abs(hash((pod, reason))) % 16**12:012x}"
    return {
        "metadata": metadata(f"{pod}.{number}"),
        "involvedObject": {"kind": "Pod", "namespace": NAMESPACE, "name": pod},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "count": count,
        "firstTimestamp": ago(age),
        "lastTimestamp": ago(age),
        "source": {"component": "kubelet"},
    }


def autoscaler(kind: str, name: str, minimum: int) -> Object:
    target = {
        "apiVersion": "argoproj.io/v1alpha1" if kind == "Rollout" else "apps/v1",
        "kind": kind,
        "name": name,
    }
    return {
        "metadata": metadata(name),
        "spec": {"scaleTargetRef": target, "minReplicas": minimum, "maxReplicas": 10},
    }


def node(name: str) -> Object:
    """A t3.large, what kubelet keeps for itself taken off."""
    room = {"cpu": "1930m", "memory": "7240Mi", "pods": "35"}
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": ago(WRITTEN)},
        "status": {"allocatable": room, "conditions": [{"type": "Ready", "status": "True"}]},
    }


def pod_usage(name: str, containers: Sequence[str], cpu: str, memory: str) -> Object:
    used = {"cpu": cpu, "memory": memory}
    return {
        "metadata": metadata(name),
        "timestamp": ago(timedelta(seconds=20)),
        "window": "15s",
        "containers": [{"name": each, "usage": used} for each in containers],
    }


def external_secret(name: str) -> Object:
    ready = {"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "synced"}
    return {
        "metadata": metadata(name),
        "spec": {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": "aws-secrets-manager"},
            "target": {"name": name},
        },
        "status": {"refreshTime": ago(timedelta(minutes=20)), "conditions": [ready]},
    }


def application(name: str, source: Object, *, namespace: str = NAMESPACE) -> Object:
    place = {"server": "https://kubernetes.default.svc", "namespace": namespace}
    return {
        "metadata": metadata(name, namespace=ARGOCD),
        "spec": {"project": "wealist-replica", "source": source, "destination": place},
        "status": {
            "sync": {"status": "Synced"},
            "health": {"status": "Healthy"},
            "conditions": [],
        },
    }
