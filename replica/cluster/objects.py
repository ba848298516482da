"""Every object of an honest weAlist in its cluster (contract 1.4, 9; V6 §5, §6)."""

from collections.abc import Mapping
from datetime import timedelta

from replica.cluster import builders, routes
from replica.cluster.builders import ARGOCD, NAMESPACE, NODES, Object
from replica.cluster.inventory import (
    CANARY,
    GIT,
    LIVEKIT,
    LIVEKIT_CONFIG,
    LIVEKIT_KEYS,
    PARAMETERS,
    SERVICES,
    SHARED_SECRET,
    SOURCES,
)
from replica.state import ReplicaState

Objects = dict[str, list[Object]]


def kind_name(service: str) -> str:
    return "Rollout" if service == CANARY else "Deployment"


def labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name, "version": "stable", "stage": "prod"}


def shared_config(state: ReplicaState) -> dict[str, str]:
    """What all services get from prod.yaml's `shared.config`."""
    return {
        "ENV": "production",
        "ISTIO_JWT_MODE": "true" if state.production else "false",
        "S3_ENDPOINT": "",
        "S3_ACCESS_KEY": "",
        "S3_SECRET_KEY": "",
        "S3_PUBLIC_ENDPOINT": state.hosts.cdn,
        "S3_BUCKET": state.bucket.bucket,
        "OAUTH2_CLIENT_REDIRECT_URI": f"{state.hosts.api}/api/oauth2/callback/google",
    }


def honest(state: ReplicaState) -> Objects:
    """By `group/version/plural` as in a path of the API."""
    found: Objects = {
        "v1/configmaps": _config_maps(state),
        "v1/nodes": [builders.node(name) for name in NODES[:3]],
        "networking.istio.io/v1/virtualservices": routes.virtual_services(state),
        "networking.istio.io/v1/destinationrules": [routes.subsets(name) for name in SERVICES],
        "security.istio.io/v1/requestauthentications": [],
        "gateway.networking.k8s.io/v1/httproutes": [],
        "external-secrets.io/v1/externalsecrets": [
            builders.external_secret(name) for name in (SHARED_SECRET, LIVEKIT_KEYS)
        ],
        "argoproj.io/v1alpha1/applications": _applications(),
        "argoproj.io/v1alpha1/appprojects": [_project()],
        **_probes(),
    }
    add_workloads(found, {name: row[0] for name, row in SERVICES.items()}, livekit=1)
    return found


def add_workloads(found: Objects, replicas: Mapping[str, int], livekit: int) -> None:
    """Workloads, their pods, Services, endpoints, autoscalers and what the pods use."""
    workloads = [_workload(name, number) for name, number in replicas.items()]
    workloads.append(_livekit(livekit))
    pods = [pod for each in workloads for pod in _pods(each)]
    found |= {
        "apps/v1/deployments": [each for each in workloads if each["kind"] == "Deployment"],
        "argoproj.io/v1alpha1/rollouts": [each for each in workloads if each["kind"] == "Rollout"],
        "v1/pods": pods,
        "v1/services": [
            *(builders.service(name, row[1]) for name, row in SERVICES.items()),
            builders.service(LIVEKIT, 7880),
        ],
        "autoscaling/v2/horizontalpodautoscalers": [
            builders.autoscaler(kind_name(name), name, number) for name, number in replicas.items()
        ],
    }
    found["v1/events"] = _starting(pods)
    follow_pods(found)


def _starting(pods: list[Object]) -> list[Object]:
    """Spring takes its time: each pod of auth-service was not ready at first (contract 9)."""
    message = "Readiness probe failed: dial tcp 10.0.1.7:8080: connect: connection refused"
    return [
        builders.warning(
            pod["metadata"]["name"], "Unhealthy", message, builders.STARTED - timedelta(seconds=30)
        )
        for pod in pods
        if _name(pod) == "auth-service"
    ]


def follow_pods(found: Objects) -> None:
    """Endpoints and metrics, as controllers write them after the pods."""
    pods = found["v1/pods"]
    found["discovery.k8s.io/v1/endpointslices"] = [
        builders.endpoint_slice(name, _of(name, pods)) for name in (*SERVICES, LIVEKIT)
    ]
    found["metrics.k8s.io/v1beta1/pods"] = [
        builders.pod_usage(pod["metadata"]["name"], _containers(pod), "4562000n", "31220Ki")
        for pod in pods
        if pod["status"]["phase"] == "Running"
    ]


def _of(name: str, pods: list[Object]) -> list[Object]:
    return [pod for pod in pods if _name(pod) == name]


def _containers(pod: Object) -> list[str]:
    return [each["name"] for each in pod["spec"]["containers"]]


def _name(pod: Object) -> str:
    return str(pod["metadata"]["labels"]["app.kubernetes.io/name"])


def _config_maps(state: ReplicaState) -> list[Object]:
    shared = shared_config(state)
    config = LIVEKIT_CONFIG.format(tcp_port=state.livekit.tcp_port)
    return [
        builders.config_map("wealist-shared-config", shared),
        *(
            builders.config_map(f"{name}-config", {**shared, **PARAMETERS.get(name, {})})
            for name in SERVICES
        ),
        builders.config_map(LIVEKIT, {"config.yaml": config}),
    ]


def _workload(name: str, replicas: int) -> Object:
    _, port, cpu, memory = SERVICES[name]
    sources = [
        {"configMapRef": {"name": "wealist-shared-config"}},
        {"configMapRef": {"name": f"{name}-config"}},
        {"secretRef": {"name": SHARED_SECRET}},
    ]
    ports = [{"name": "http", "containerPort": port}]
    own = builders.container(name, cpu, memory, sources, ports=ports)
    spec = {"initContainers": [builders.sidecar()], "containers": [own]}
    return builders.workload(kind_name(name), name, replicas, labels(name), spec)


def _livekit(replicas: int) -> Object:
    value = {"configMapKeyRef": {"name": LIVEKIT, "key": "config.yaml"}}
    own = builders.container(
        "livekit-server",
        "500m",
        "512Mi",
        env=[{"name": "LIVEKIT_CONFIG", "valueFrom": value}],
        ports=[{"name": "http", "containerPort": 7880, "hostPort": 7880}],
    )
    spec = {"hostNetwork": True, "containers": [own]}
    return builders.workload("Deployment", LIVEKIT, replicas, labels(LIVEKIT), spec)


def _pods(workload: Object) -> list[Object]:
    template, name = workload["spec"]["template"], workload["metadata"]["name"]
    return [
        builders.pod(
            f"{name}-7d9c5b6f48-{number}aaaa",
            template["metadata"]["labels"],
            template["spec"],
            NODES[number % 3],
        )
        for number in range(workload["spec"]["replicas"])
    ]


def _applications() -> list[Object]:
    return [
        *(builders.application(f"{name}-prod", _chart_of(name)) for name in SERVICES),
        builders.application(
            "livekit-prod",
            {"repoURL": "https://helm.livekit.io", "chart": "livekit-server"}
            | {"targetRevision": "1.7.2", "helm": {"valuesObject": {"replicaCount": 1}}},
        ),
        builders.application(
            "argocd-config",
            {"repoURL": GIT, "path": "k8s/argocd/config", "targetRevision": "k8s-deploy-prod"},
            namespace=ARGOCD,
        ),
    ]


def _chart_of(name: str) -> Object:
    parameters = {
        "image.repository": f"prod/{name}",
        **{f"config.{key}": value for key, value in PARAMETERS.get(name, {}).items()},
    }
    return {
        "repoURL": GIT,
        "targetRevision": "k8s-deploy-prod",
        "path": f"k8s/helm/charts/{name}",
        "helm": {
            "valueFiles": ["values.yaml", "../../environments/prod.yaml"],
            "parameters": [{"name": key, "value": value} for key, value in parameters.items()],
        },
    }


def _project() -> Object:
    server = "https://kubernetes.default.svc"
    places = [{"server": server, "namespace": each} for each in (NAMESPACE, ARGOCD)]
    return {
        "metadata": builders.metadata("wealist-replica", namespace=ARGOCD),
        "spec": {"sourceRepos": list(SOURCES), "destinations": places},
    }


def _probes() -> Objects:
    """The probes' own CronJob, and its last Job."""
    name = "wealist-probes"
    own = {"app.kubernetes.io/name": name}
    started = builders.ago(builders.STARTED)
    done = [
        {"type": each, "status": "True", "lastTransitionTime": started}
        for each in ("SuccessCriteriaMet", "Complete")
    ]
    job = {
        "metadata": builders.metadata(f"{name}-29000000", own),
        "spec": {"activeDeadlineSeconds": 480},
        "status": {
            "startTime": started,
            "completionTime": started,
            "succeeded": 1,
            "conditions": done,
        },
    }
    cron = {
        "metadata": builders.metadata(name, own),
        "spec": {"schedule": "10,25,40,55 9-23 * * *", "suspend": False},
        "status": {"lastScheduleTime": started},
    }
    return {"batch/v1/jobs": [job], "batch/v1/cronjobs": [cron]}
