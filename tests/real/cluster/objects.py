"""The replica's objects as a real API server takes them, and definitions for kinds that it lacks.

The definitions are ours: they keep every field, for what is read of them is typed by the reader.
"""

from collections.abc import Iterator
from typing import Any

from probes.cluster.reader import KINDS
from replica.cluster import faulty
from replica.cluster.builders import ARGOCD, NAMESPACE
from replica.service_settings import BucketSettings, PublicHosts
from replica.state import ReplicaState

Object = dict[str, Any]
BUILT_IN = ("", "apps", "batch", "autoscaling", "discovery.k8s.io")
NAMES = {
    "appprojects": "AppProject",
    "applications": "Application",
    "destinationrules": "DestinationRule",
    "externalsecrets": "ExternalSecret",
    "httproutes": "HTTPRoute",
    "pods": "PodMetrics",
    "requestauthentications": "RequestAuthentication",
    "rollouts": "Rollout",
    "virtualservices": "VirtualService",
}
# Groups below k8s.io are Kubernetes' own: a definition must say that nobody there has approved it.
UNAPPROVED = {"api-approved.kubernetes.io": "unapproved, for a test"}
HOSTS = PublicHosts(
    "https://wealist.localhost:8443",
    "https://api.wealist.localhost:8444",
    "https://cdn.wealist.localhost:8445",
    "http://wealist.localhost:8080",
)
BUCKET = BucketSettings("http://s3", "files.s3", "files", "ap-northeast-2", "key", "secret", "t")


def replica(*faults: str) -> ReplicaState:
    """A replica that is not running: its state is all that the objects are made of."""
    state = ReplicaState.with_seed_data(HOSTS, BUCKET)
    state.faults = set(faults)
    return state


def definitions() -> Iterator[Object]:
    """A CustomResourceDefinition for each kind that is read and not built in."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    for kind in KINDS.values():
        if kind.group in BUILT_IN:
            continue
        name = NAMES[kind.plural]
        version = {
            "name": kind.version,
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": anything},
        }
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{kind.plural}.{kind.group}", "annotations": UNAPPROVED},
            "spec": {
                "group": kind.group,
                "scope": "Namespaced",
                "names": {"plural": kind.plural, "singular": name.lower(), "kind": name},
                "versions": [version],
            },
        }


def taken(state: ReplicaState) -> Iterator[tuple[str, Object]]:
    """Each object with the path that it is created at, whole enough for a real server."""
    for key, items in faulty.current(state).items():
        for item in items:
            version, _, plural = key.rpartition("/")
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            namespace = item["metadata"].get("namespace")
            place = f"/namespaces/{namespace}" if namespace else ""
            yield f"{root}{place}/{plural}", _whole(item, version, plural)


def _whole(item: Object, version: str, plural: str) -> Object:
    kinds = {"nodes": "Node", "configmaps": "ConfigMap", "services": "Service", "jobs": "Job"}
    kinds |= {
        "endpointslices": "EndpointSlice",
        "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    }
    kinds |= {"cronjobs": "CronJob", "deployments": "Deployment", "events": "Event"}
    is_metric = version.startswith("metrics.")
    kind = "Pod" if plural == "pods" and not is_metric else kinds.get(plural) or NAMES[plural]
    about = {k: v for k, v in item["metadata"].items() if k not in ("managedFields", "uid")}
    whole = {**item, "apiVersion": version, "kind": kind, "metadata": about}
    spec = whole.get("spec", {})
    pod = {
        "containers": [{"name": "probes", "image": "wealist-probes:1"}],
        "restartPolicy": "Never",
    }
    if plural == "jobs":
        whole["spec"] = {**spec, "template": {"spec": pod}}
    if plural == "cronjobs":
        whole["spec"] = {**spec, "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    return whole


PLACES = (NAMESPACE, ARGOCD)
