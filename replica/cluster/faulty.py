"""What each fault changes in the cluster: the services' lies, and those that only it knows."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from replica.cluster import builders, objects
from replica.cluster.builders import NODES, Object, ago
from replica.cluster.inventory import LIVEKIT, SERVICES, SHARED_SECRET
from replica.cluster.objects import Objects
from replica.state import ReplicaState

Change = Callable[[Objects], None]
TRUSTING = ("user-service", "board-service", "chat-service", "noti-service", "storage-service")


def current(state: ReplicaState) -> Objects:
    """The cluster's objects with every active fault."""
    found = objects.honest(state)
    for fault, change in CHANGES.items():
        if state.is_fault_active(fault):
            change(found)
    return found


def _find_object(found: Objects, plural: str, name: str) -> Object:
    return next(each for each in found[plural] if each["metadata"]["name"] == name)


def _config(found: Objects, service: str) -> dict[str, str]:
    data: dict[str, str] = _find_object(found, "v1/configmaps", f"{service}-config")["data"]
    return data


def _unset(found: Objects, service: str, *keys: str) -> None:
    """Gone from the ConfigMap, from the shared one and from the Application: nobody sets it."""
    shared = _find_object(found, "v1/configmaps", "wealist-shared-config")["data"]
    helm = _helm(found, service)
    for key in keys:
        _config(found, service).pop(key, None)
        shared.pop(key, None)
        rows = [each for each in helm["parameters"] if each["name"] != f"config.{key}"]
        helm["parameters"] = rows


def _helm(found: Objects, service: str) -> Object:
    application = _find_object(found, "argoproj.io/v1alpha1/applications", f"{service}-prod")
    helm: Object = application["spec"]["source"]["helm"]
    return helm


def _set(found: Objects, service: str, key: str, value: str) -> None:
    """In the ConfigMap and, where it is a parameter, in the Application too."""
    _config(found, service)[key] = value
    for row in _helm(found, service)["parameters"]:
        if row["name"] == f"config.{key}":
            row["value"] = value


def _rules(found: Objects) -> list[Object]:
    routes = _find_object(found, "networking.istio.io/v1/virtualservices", "wealist-routes")
    rules: list[Object] = routes["spec"]["http"]
    return rules


def _rule(found: Objects, prefix: str) -> Object:
    wanted = [{"uri": {"prefix": prefix}}]
    return next(rule for rule in _rules(found) if rule["match"] == wanted)


def _pods_of(found: Objects, name: str) -> list[Object]:
    key = "app.kubernetes.io/name"
    return [pod for pod in found["v1/pods"] if pod["metadata"]["labels"][key] == name]


def _storage_base_path(found: Objects) -> None:
    _unset(found, "storage-service", "SERVER_BASE_PATH")


def _doubled_slash(found: Objects) -> None:
    _rule(found, "/api/svc/storage")["rewrite"] = {"uri": "/"}


def _no_callback_rewrite(found: Objects) -> None:
    del _rule(found, "/api/oauth2")["rewrite"]


def _callback_at_the_apex(found: Objects) -> None:
    key = "OAUTH2_CLIENT_REDIRECT_URI"
    value = _config(found, "auth-service")[key]
    _set(found, "auth-service", key, value.replace("//api.", "//"))


def _test_tokens(found: Objects) -> None:
    _config(found, "auth-service")["ENABLE_TEST_AUTH"] = "true"


def _dev_credentials(found: Objects) -> None:
    _unset(found, "storage-service", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")


def _localhost(found: Objects) -> None:
    _set(found, "storage-service", "S3_ENDPOINT", "http://localhost:9000")


def _subset_without_pods(found: Objects) -> None:
    for pod in _pods_of(found, "board-service"):
        del pod["metadata"]["labels"]["version"]
    template = _find_object(found, "apps/v1/deployments", "board-service")["spec"]["template"]
    template["metadata"]["labels"] = dict(template["metadata"]["labels"])
    template["metadata"]["labels"].pop("version", None)


def _parses_only(*services: str) -> Change:
    def change(found: Objects) -> None:
        for service in services:
            _set(found, service, "ISTIO_JWT_MODE", "true")

    return change


def _no_livekit_pods(found: Objects) -> None:
    for pod in _pods_of(found, LIVEKIT):
        _crash(pod)
        _warn(found, pod, "BackOff", "Back-off restarting failed container livekit-server")
    objects.follow_pods(found)


def _slow_probe(found: Objects) -> None:
    """Kubelet asks a service that hangs as users do, and has not given it up yet."""
    message = (
        'Readiness probe failed: Get "http://10.0.1.9:8002/health/ready": context deadline '
        "exceeded (Client.Timeout exceeded while awaiting headers)"
    )
    for pod in _pods_of(found, "noti-service"):
        _warn(found, pod, "Unhealthy", message)


def _warn(found: Objects, pod: Object, reason: str, message: str) -> None:
    name = pod["metadata"]["name"]
    age = timedelta(seconds=20)
    found["v1/events"].append(builders.warning(name, reason, message, age, count=3))


def _crash(pod: Object) -> None:
    state = pod["status"]["containerStatuses"][0]
    state["ready"] = False
    state["restartCount"] = 17
    state["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": ago(timedelta(minutes=3))}
    state["lastState"] = {"terminated": {**ended, "startedAt": ended["finishedAt"]}}
    _not_ready(pod)


def _not_ready(pod: Object) -> None:
    for condition in pod["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "False"


def _forbidden_source(found: Objects) -> None:
    spec = found["argoproj.io/v1alpha1/appprojects"][0]["spec"]
    spec["sourceRepos"].remove("https://helm.livekit.io")


def _out_of_sync(found: Objects) -> None:
    status = _find_object(found, "argoproj.io/v1alpha1/applications", "noti-service-prod")["status"]
    status["sync"] = {"status": "OutOfSync"}
    message = "Failed to load target state: authentication required"
    status["conditions"] = [{"type": "ComparisonError", "message": message}]


def _umbrella_values(found: Objects) -> None:
    config = {"chat-service": {"config": {"LOG_LEVEL": "debug"}}}
    _helm(found, "chat-service")["valuesObject"] = config


def _old_pods(found: Objects) -> None:
    changed = _find_object(found, "v1/configmaps", "noti-service-config")
    changed["metadata"]["managedFields"][0]["time"] = ago(timedelta(minutes=30))


def _placeholder(found: Objects) -> None:
    data = _find_object(found, "v1/configmaps", LIVEKIT)["data"]
    data["config.yaml"] = data["config.yaml"].replace("redis.internal", "${REDIS_HOST}")


def _unsynced_secret(found: Objects) -> None:
    secret = _find_object(found, "external-secrets.io/v1/externalsecrets", SHARED_SECRET)
    condition = secret["status"]["conditions"][0]
    condition |= {"status": "False", "reason": "SecretSyncedError"}
    condition["message"] = "could not get secret data from provider"


def _two_routes(found: Objects) -> None:
    rules = [_rule(found, "/api/svc/chat")]
    hosts = _find_object(found, "networking.istio.io/v1/virtualservices", "wealist-routes")["spec"]
    spec = {"hosts": hosts["hosts"], "gateways": hosts["gateways"], "http": rules}
    old = {"metadata": builders.metadata("wealist-routes-old"), "spec": spec}
    found["networking.istio.io/v1/virtualservices"].append(old)


def _crash_loop(found: Objects) -> None:
    """A second LiveKit, as in V6 §6.2: the first one takes calls, this one only crashes."""
    extra = builders.workload(
        "Deployment",
        "livekit-next",
        2,
        objects.labels("livekit-next"),
        {"containers": [builders.container("livekit-next", "500m", "512Mi")]},
    )
    found["apps/v1/deployments"].append(extra)
    for number in range(2):
        template = extra["spec"]["template"]
        name = f"livekit-next-5c4d-{number}"
        labels = template["metadata"]["labels"]
        pod = builders.pod(name, labels, template["spec"], NODES[number])
        _crash(pod)
        found["v1/pods"].append(pod)


def _pending(found: Objects) -> None:
    original = _pods_of(found, "chat-service")[0]
    labels, spec = original["metadata"]["labels"], dict(original["spec"])
    pod = builders.pod("chat-service-6f7d9-pending", labels, spec, "")
    message = "0/3 nodes are available: 3 Insufficient cpu."
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    pod["status"] = {
        "phase": "Pending",
        "conditions": [{**scheduled, "message": message}],
        "containerStatuses": [],
    }
    found["v1/pods"].append(pod)
    _warn(found, pod, "FailedScheduling", message)


def _restart_noti(found: Objects) -> None:
    state = _pods_of(found, "noti-service")[0]["status"]["containerStatuses"][0]
    state["restartCount"] = 1
    ended = ago(timedelta(minutes=2))
    state["state"] = {"running": {"startedAt": ended}}
    terminated = {"exitCode": 137, "reason": "OOMKilled", "startedAt": ended, "finishedAt": ended}
    state["lastState"] = {"terminated": terminated}


def _two_of_each(found: Objects) -> None:
    objects.add_workloads(found, dict.fromkeys(SERVICES, 2), livekit=1)
    found["v1/nodes"] = [builders.node(name) for name in NODES]


def _more_servers_than_nodes(found: Objects) -> None:
    replicas = len(found["v1/nodes"]) + 1
    _find_object(found, "apps/v1/deployments", LIVEKIT)["spec"]["replicas"] = replicas


def _stuck_job(found: Objects) -> None:
    job = found["batch/v1/jobs"][0]
    job["status"] = {"startTime": ago(timedelta(hours=1)), "active": 1, "conditions": []}


# In this order: who makes all pods anew comes before who changes one.
CHANGES: Mapping[str, Change] = {
    "cluster-keeps-two-of-each": _two_of_each,
    "storage-base-path-mismatch": _storage_base_path,
    "gateway-doubles-slash": _doubled_slash,
    "oauth-callback-not-rewritten": _no_callback_rewrite,
    "oauth-hosts-differ": _callback_at_the_apex,
    "test-token-endpoint-open": _test_tokens,
    "livekit-loses-redis": _placeholder,
    "storage-presigns-with-dev-credentials": _dev_credentials,
    "storage-presigns-for-localhost": _localhost,
    "service-has-no-endpoints": _subset_without_pods,
    "service-hangs": _slow_probe,
    "ops-parses-without-verifying": _parses_only("ops-service"),
    "services-trust-unverified-tokens": _parses_only(*TRUSTING),
    "livekit-has-no-pods": _no_livekit_pods,
    "project-forbids-chart-source": _forbidden_source,
    "application-out-of-sync": _out_of_sync,
    "chart-ignores-umbrella-values": _umbrella_values,
    "pods-older-than-their-settings": _old_pods,
    "livekit-config-keeps-placeholder": _placeholder,
    "external-secret-not-synced": _unsynced_secret,
    "host-has-two-routes": _two_routes,
    "pod-crash-loops": _crash_loop,
    "pod-stays-pending": _pending,
    "pod-was-restarted": _restart_noti,
    "livekit-outnumbers-nodes": _more_servers_than_nodes,
    "probes-job-hangs": _stuck_job,
}
