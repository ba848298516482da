"""What breaks a promise of the cluster is told by its code and by name, and nothing else is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from probes.cluster import argo, capacity, endpoints, livekit, paths, pods, settings, trust
from probes.cluster.facts import (
    Application,
    Autoscaler,
    ConfigMap,
    Container,
    Destination,
    Endpoints,
    Facts,
    Job,
    Match,
    Node,
    Place,
    Pod,
    Project,
    Rewrite,
    Route,
    Rule,
    Service,
    Source,
    Subsets,
    SyncedSecret,
    TokenGuard,
    Usage,
    Workload,
)
from probes.cluster.secret_shapes import shape
from probes.config.cluster import ClusterConfig
from probes.config.livekit import LiveKit
from probes.finding import Code, Finding, Verdict

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
HERE = Place("https://kubernetes.default.svc", "", "weal")
GIT = "https://github.com/OrangesCloud/wealist.git"


def told(finding: Finding | None, code: Code) -> str:
    assert finding
    assert finding.code is code
    assert finding.reproduce_command.startswith("kubectl")
    return finding.observed


def app(**changes: Any) -> Application:
    usual: dict[str, Any] = {
        "name": "a-prod",
        "project": "p",
        "sources": (GIT,),
        "destination": HERE,
        "sync": "Synced",
        "health": "Healthy",
        "conditions": (),
        "chart": "a",
        "parameters": {},
    }
    return Application(**{**usual, **changes})


def pod(name: str = "a-1", **changes: Any) -> Pod:
    usual: dict[str, Any] = {
        "labels": {"app": "a"},
        "phase": "Running",
        "ready": True,
        "started": NOW - AN_HOUR,
    }
    return Pod(name, **{**usual, **changes})


def workload(name: str = "a", *containers: Container, **changes: Any) -> Workload:
    usual: dict[str, Any] = {"replicas": 1, "labels": {"app": name}}
    return Workload(name, containers=containers, **{**usual, **changes})


@pytest.mark.parametrize(
    ("allowed", "source", "permitted"),
    [
        (("*",), "https://helm.livekit.io", True),
        ((GIT,), GIT.removesuffix(".git").upper(), True),
        (("https://github.com/OrangesCloud/*",), GIT, True),
        (("https://github.com/*",), GIT, False),
        (("https://github.com/**",), GIT, True),
        (("*", "!https://github.com/OrangesCloud/*"), GIT, False),
        (("https://helm.livekit.io",), GIT, False),
        ((), GIT, False),
    ],
)
def test_a_source_is_permitted_as_argo_cd_permits_it(
    allowed: tuple[str, ...], source: str, *, permitted: bool
) -> None:
    """A star does not cross a slash, and a pattern with ! forbids (Argo CD, AppProject)."""
    assert argo.permits_source(Project("p", allowed, ()), source) is permitted


@pytest.mark.parametrize(
    ("place", "permitted"),
    [
        (HERE, True),
        (Place("", "in-cluster", "weal"), True),
        (Place("https://kubernetes.default.svc", "", "elsewhere"), False),
        (Place("https://other.example.org", "", "weal"), False),
    ],
)
def test_a_destination_is_permitted_by_server_and_namespace(
    place: Place, *, permitted: bool
) -> None:
    facts = Facts(applications=(app(destination=place),), projects=(Project("p", ("*",), (HERE,)),))
    assert (argo.not_permitted(facts, "argocd") is None) is permitted


def test_a_project_that_is_not_there_permits_nothing() -> None:
    observed = told(
        argo.not_permitted(Facts(applications=(app(),)), "argocd"), Code.ARGO_NOT_PERMITTED
    )
    assert "AppProject p, which is not there" in observed


def test_an_application_that_is_not_synced_quotes_its_condition() -> None:
    facts = Facts(applications=(app(), app(name="b", sync="OutOfSync", conditions=("X: why",))))
    assert told(argo.not_synced(facts, "argocd"), Code.ARGO_NOT_SYNCED) == (
        "b is OutOfSync and Healthy (X: why)"
    )


FROM_MAP = Container("a", sources=(Source("ConfigMap", "shared"), Source("ConfigMap", "a-config")))


def with_config(data: dict[str, str], container: Container = FROM_MAP) -> Facts:
    shared = ConfigMap("shared", {"S3_ENDPOINT": "http://minio"})
    return Facts(
        config_maps=(shared, ConfigMap("a-config", data)), deployments=(workload("a", container),)
    )


@pytest.mark.parametrize(
    ("data", "observed"),
    [
        ({}, "S3_ENDPOINT of a is 'http://minio', promised is empty"),
        ({"S3_ENDPOINT": ""}, ""),
        ({"S3_ENDPOINT": "http://x"}, "S3_ENDPOINT of a is 'http://x', promised is empty"),
    ],
)
def test_a_promised_empty_setting_must_be_set_and_empty(
    data: dict[str, str], observed: str
) -> None:
    """The last source wins, as Kubernetes has it (V6 §3.6)."""
    found = settings.missing(with_config(data), {"a": {"S3_ENDPOINT": ""}}, "weal")
    assert (found.observed if found else "") == observed


def test_a_setting_that_is_not_there_is_told_from_an_empty_one() -> None:
    found = settings.missing(with_config({}), {"a": {"SERVER_BASE_PATH": ""}}, "weal")
    assert told(found, Code.SETTING_MISSING) == "ConfigMap a-config has no SERVER_BASE_PATH"


def test_of_a_secret_setting_only_its_length_is_quoted() -> None:
    facts = with_config({"S3_SECRET_KEY": "minioadmin"})
    found = settings.missing(facts, {"a": {"S3_SECRET_KEY": ""}}, "weal")
    observed = told(found, Code.SETTING_MISSING)
    assert "minioadmin" not in observed
    assert "set, 10 characters" in observed


def test_what_comes_from_a_secret_is_set() -> None:
    """Its value is not asked for, and nobody is blamed for it."""
    container = Container("a", env={"S3_ENDPOINT": Source("Secret", "s", "k")})
    assert settings.missing(with_config({}, container), {"a": {"S3_ENDPOINT": ""}}, "weal") is None


@pytest.mark.parametrize(
    ("application", "data", "observed"),
    [
        (app(parameters={"config.A": "1"}), {"A": "1"}, ""),
        (app(parameters={"config.A": "1"}), {}, "a-prod sets config.A, and ConfigMap a-config"),
        (app(parameters={"config.A": "1"}), {"A": "2"}, "sets config.A to '1', and a-config has"),
        (app(parameters={"image.tag": "1"}), {}, ""),
        (app(values=("a",)), {}, "a-prod has values under a: at the top"),
        (app(chart="umbrella", values=("a",)), {}, ""),
    ],
)
def test_a_setting_is_followed_from_git_to_the_configmap(
    application: Application, data: dict[str, str], observed: str
) -> None:
    """Only a chart of one service does not read what stands under a service's name (V6 §1.2)."""
    facts = with_config(data)
    found = settings.not_applied(
        Facts((facts.config_maps), (), facts.deployments, applications=(application,)), "weal"
    )
    assert observed in (found.observed if found else "")
    assert bool(found) == bool(observed)


@pytest.mark.parametrize(("age", "is_stale"), [(5, True), (-5, False)])
def test_a_pod_older_than_its_configmap_is_told(age: int, *, is_stale: bool) -> None:
    """By when its container started: a restarted one has read it anew."""
    changed = ConfigMap("a-config", {}, NOW)
    running = pod(started=NOW - timedelta(minutes=age), containers=(FROM_MAP,))
    found = settings.not_applied(Facts(config_maps=(changed,), pods=(running,)), "weal")
    assert bool(found) is is_stale


@pytest.mark.parametrize(
    ("container", "left"),
    [
        (Container("a", env={"X": "${HOST}:6379"}), "X of a holds ${HOST}"),
        (Container("a", env={"HOST": "h", "X": "$(HOST):6379"}), ""),
        (Container("a", env={"X": "$(HOST):6379"}), "X of a holds $(HOST)"),
        (Container("a", env={"LIVEKIT_CONFIG": "key_file: ${KEYS}"}), ""),
        (Container("a", command=("server", "--redis=${HOST}")), "the command of a holds ${HOST}"),
        (Container("a", command=("server", "$(HOST)")), "the command of a holds $(HOST)"),
        (Container("a", command=("/bin/sh", "-c", "echo ${HOST}")), ""),
        (Container("a", env={"X": "costs $5 (five)"}), ""),
    ],
)
def test_a_placeholder_is_told_where_nobody_expands_it(container: Container, left: str) -> None:
    """Kubernetes expands $(VAR) that it knows, a shell ${VAR}, LiveKit its key_file (V6 §5.4)."""
    found = settings.placeholders(Facts(deployments=(workload("a", container),)), "weal")
    assert (found.observed if found else "") == left


def test_a_placeholder_in_a_configmap_is_never_expanded() -> None:
    """What envFrom brings is taken as it is, even where the name is known."""
    found = settings.placeholders(with_config({"HOST": "h", "X": "$(HOST)"}), "weal")
    assert told(found, Code.PLACEHOLDER_LEFT) == "X of a holds $(HOST)"


STORAGE = Container("storage-service", sources=(Source("ConfigMap", "storage-service-config"),))
TO_STORAGE = (Destination("storage-service", "", 100),)


def routed(
    rewrite: Rewrite | None, data: dict[str, str], prefix: str = "/api/svc/storage"
) -> Facts:
    rule = Rule((Match("prefix", prefix),), rewrite, TO_STORAGE)
    return Facts(
        config_maps=(ConfigMap("storage-service-config", data),),
        deployments=(workload("storage-service", STORAGE),),
        virtual_services=(Route("VirtualService", "r", ("a.b",), (), (rule,)),),
    )


STRIP = Rewrite("regex", "^/api/svc/storage(.*)$", r"\1")


@pytest.mark.parametrize(
    ("rewrite", "data", "outside", "observed"),
    [
        (STRIP, {"SERVER_BASE_PATH": ""}, "/api/svc/storage", ""),
        (
            STRIP,
            {},
            "/api/svc/storage",
            "serves /api/storage/folders, and its route's rewrite sends /storage",
        ),
        (STRIP, {}, "/api/svc/storage/api", ""),
        (
            STRIP,
            {"SERVER_BASE_PATH": ""},
            "/api/svc/storage/api",
            "its route's rewrite sends /api/storage",
        ),
        (Rewrite("prefix", "", "/"), {"SERVER_BASE_PATH": ""}, "/api/svc/storage", "//storage"),
        (Rewrite("prefix", "", ""), {"SERVER_BASE_PATH": ""}, "/api/svc/storage", ""),
        (
            None,
            {"SERVER_BASE_PATH": ""},
            "/api/svc/storage",
            "rewrite sends /api/svc/storage/storage",
        ),
    ],
)
def test_a_rewrite_fits_the_base_path(
    rewrite: Rewrite | None, data: dict[str, str], outside: str, observed: str
) -> None:
    """Unset is /api, which is built in; empty is empty (V6 §1.2; contract 4.1)."""
    found = paths.find_path_mismatches(routed(rewrite, data), ["a.b"], outside, "weal")
    assert observed in (found.observed if found else "")
    assert bool(found) == bool(observed)


def test_a_service_without_a_route_is_told() -> None:
    found = paths.find_path_mismatches(
        routed(STRIP, {}, "/api/other"), ["a.b"], "/api/svc/storage", "weal"
    )
    assert "no route leads /api/svc/storage/storage/folders" in told(
        found, Code.ROUTE_PATH_MISMATCH
    )


def test_a_path_that_two_objects_take_is_told_once() -> None:
    rule = Rule((Match("prefix", "/a"),), None, ())
    other = Rule((Match("prefix", "/b"),), None, ())
    routes = tuple(Route("HTTPRoute", n, ("h",), (), (r,)) for n, r in (("x", rule), ("y", rule)))
    harmless = Route("HTTPRoute", "z", ("h",), (), (other,))
    found = paths.find_duplicate_routes(Facts(http_routes=(*routes, harmless)), "weal")
    assert told(found, Code.ROUTE_DUPLICATED) == "h /a is taken by HTTPRoute x and HTTPRoute y"


@pytest.mark.parametrize(
    ("subset", "weight", "labels", "is_missing"),
    [
        ("stable", 100, {"app": "a", "version": "stable"}, False),
        ("stable", 100, {"app": "a"}, True),
        ("canary", 0, {"app": "a"}, False),
        ("canary", 10, {"app": "a", "version": "stable"}, True),
        ("beta", 100, {"app": "a"}, True),
    ],
)
def test_a_subset_that_carries_weight_has_pods(
    subset: str, weight: int, labels: dict[str, str], *, is_missing: bool
) -> None:
    """A canary of no weight may have none, as all day long in production (a4263252)."""
    rule = Rule((Match("prefix", "/"),), None, (Destination("a", subset, weight),))
    facts = Facts(
        pods=(pod(labels=labels),),
        services=(Service("a", {"app": "a"}),),
        endpoints=(Endpoints("a", 1),),
        virtual_services=(Route("VirtualService", "r", ("h",), (), (rule,)),),
        subsets=(Subsets("a-dr", "a", {v: {"version": v} for v in ("stable", "canary")}),),
    )
    assert bool(endpoints.missing(facts, "weal")) is is_missing


@pytest.mark.parametrize(("replicas", "is_missing"), [(1, True), (0, False)])
def test_a_service_without_pods_is_told_unless_somebody_wants_none(
    replicas: int, *, is_missing: bool
) -> None:
    facts = Facts(
        services=(Service("a", {"app": "a"}), Service("external", {})),
        deployments=(workload("a", replicas=replicas),),
    )
    assert bool(endpoints.missing(facts, "weal")) is is_missing


def test_what_crashes_is_added_up() -> None:
    crashing = [pod(f"a-{n}", waiting="CrashLoopBackOff", cpu_m=500, restarts=9) for n in range(2)]
    observed = told(
        pods.crash_looping(Facts(pods=(*crashing, pod())), "weal"), Code.POD_CRASH_LOOPING
    )
    assert "request 1000m CPU" in observed


@pytest.mark.parametrize(("age_s", "is_told"), [(300, True), (10, False)])
def test_a_pod_that_waits_is_told_with_its_reason(age_s: int, *, is_told: bool) -> None:
    """A pod that has just been made may wait."""
    waiting = pod(phase="Pending", pending="no room", started=NOW - timedelta(seconds=age_s))
    found = pods.pending(Facts(pods=(waiting,)), NOW, "weal")
    assert (found.observed if found else "") == ("a-1 is Pending: no room" if is_told else "")


@pytest.mark.parametrize(("minutes", "is_told"), [(5, True), (30, False)])
def test_a_restart_since_the_last_run_degrades(minutes: int, *, is_told: bool) -> None:
    ended = pod(restarted=NOW - timedelta(minutes=minutes), ended="OOMKilled")
    found = pods.find_restarts(Facts(pods=(ended,)), NOW - timedelta(minutes=15), "weal")
    assert bool(found) is is_told
    assert found is None or found.verdict is Verdict.DEGRADED


@pytest.mark.parametrize(
    ("job", "is_stuck"),
    [
        (Job("j", "", NOW - AN_HOUR, finished=False, deadline_s=480, ours=True), True),
        (Job("j", "", NOW - AN_HOUR, finished=True, deadline_s=480, ours=True), False),
        (Job("j", "", NOW - AN_HOUR, finished=False, deadline_s=480, ours=False), False),
        (Job("j", "", NOW, finished=False, deadline_s=480, ours=True), False),
        (Job("j", "", NOW - AN_HOUR / 2, finished=False, deadline_s=0, ours=True), False),
    ],
)
def test_only_a_late_job_of_ours_is_stuck(job: Job, *, is_stuck: bool) -> None:
    assert bool(pods.stuck_jobs(Facts(jobs=(job,)), NOW, "weal")) is is_stuck


def test_replicas_are_compared_where_they_are_promised() -> None:
    promised = ClusterConfig("weal", replicas={"a": 2}, min_replicas={"a": 1, "b": 1})
    facts = Facts(deployments=(workload("a"),), autoscalers=(Autoscaler("a", "a", 2, 10),))
    observed = told(capacity.replicas(facts, promised), Code.REPLICAS_UNPROMISED)
    assert observed.split("; ") == [
        "minReplicas of a is 2, promised is 1",
        "b has no autoscaler, and minReplicas 1 is promised",
        "a has 1 replicas, promised are 2",
    ]


def test_too_many_nodes_come_with_their_arithmetic() -> None:
    """Requests against use, what crashes, and how many nodes would do (V6 §6.2)."""
    facts = Facts(
        nodes=tuple(Node(f"n{n}", True, 2000, 8000) for n in range(5)),
        pods=(
            pod("idle", cpu_m=900, memory_mib=100),
            pod("busy", cpu_m=900, memory_mib=100),
            pod("crash", cpu_m=500, waiting="CrashLoopBackOff"),
            pod("done", cpu_m=9000, phase="Succeeded"),
        ),
        usage=(Usage("busy", 850, 90), Usage("idle", 10, 20)),
        autoscalers=(Autoscaler("a", "a", 2, 10),),
    )
    found = capacity.nodes(facts, 3, "weal")
    observed = told(found, Code.NODES_OVERPROVISIONED)
    assert found
    assert found.verdict is Verdict.DEGRADED
    for said in (
        "5 nodes are ready, promised are at most 3",
        "request 2300m CPU and 200 MiB, use 860m",
        "fit on 2",
        "500m are requested by 1 pods that only crash",
        "keeps 1 of 3 pods",
        "idle (900m, uses 10m)",
    ):
        assert said in observed
    assert capacity.nodes(facts, 5, "weal") is None
    assert capacity.nodes(facts, 0, "weal") is None


MODE = Container("a", env={"ISTIO_JWT_MODE": "true"})


@pytest.mark.parametrize(
    ("mode", "guards", "validates", "is_told"),
    [
        ("true", (), (), True),
        ("false", (), (), False),
        ("true", (TokenGuard("all", {}),), (), False),
        ("true", (TokenGuard("a", {"app": "a"}),), (), False),
        ("true", (TokenGuard("b", {"app": "b"}),), (), True),
        ("true", (TokenGuard("all", {}),), ("a",), True),
    ],
)
def test_who_parses_only_needs_a_guard(
    mode: str, guards: tuple[TokenGuard, ...], validates: tuple[str, ...], *, is_told: bool
) -> None:
    container = Container("a", env={"ISTIO_JWT_MODE": mode})
    facts = Facts(deployments=(workload("a", container),), token_guards=guards)
    assert bool(trust.find_unguarded(facts, validates, "weal")) is is_told


def test_auth_service_has_the_variable_and_does_not_read_it() -> None:
    """It comes with all shared settings (contract 2.5)."""
    facts = Facts(deployments=(workload("auth-service", MODE),))
    assert trust.find_unguarded(facts, (), "weal") is None


@pytest.mark.parametrize(
    ("ready", "minutes", "observed"),
    [
        (True, 60, ""),
        (False, 1, "ExternalSecret s is not ready: denied"),
        (True, 200, "ExternalSecret s was refreshed 200 min ago"),
    ],
)
def test_a_secret_is_in_sync(ready: bool, minutes: int, observed: str) -> None:
    each = SyncedSecret("s", "s", ready, "denied", NOW - timedelta(minutes=minutes), 3600)
    found = trust.not_synced(Facts(synced_secrets=(each,)), NOW, "weal")
    assert (found.observed if found else "") == observed


SECRET = "s" * 40


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"APIkey: {SECRET}\n", None),
        (f"APIother: {SECRET}", Code.LIVEKIT_KEY_UNKNOWN),
        (f"APIkey: {SECRET}x", Code.LIVEKIT_SECRET_MISMATCH),
        ("APIkey: short", Code.LIVEKIT_KEYS_MALFORMED),
        (f"APIkey:{SECRET}", Code.LIVEKIT_KEYS_MALFORMED),
        (f"APIkey: {SECRET}\nAPIb: {SECRET}", Code.LIVEKIT_KEYS_MALFORMED),
        ("", Code.LIVEKIT_KEYS_MALFORMED),
        (None, Code.LIVEKIT_KEYS_MALFORMED),
    ],
)
def test_livekits_keys_are_as_livekit_reads_them(text: str | None, code: Code | None) -> None:
    """One line, a space behind the colon, long enough, and the same as the app's (V6 §5.3)."""
    found = livekit.keys(shape(text) if text is not None else None, "k", "APIkey", SECRET, "weal")
    assert (found.code if found else None) == code
    assert SECRET not in repr(found)


CONFIG = "rtc:\n  port_range_start: 50000\n  port_range_end: 60000\n  tcp_port: 7881\n"
PROMISED = LiveKit("wss://l", "K", "S", udp_ports=(50000, 60000))


@pytest.mark.parametrize(
    ("config", "replicas", "host_network", "promised", "observed"),
    [
        (CONFIG, 1, True, PROMISED, ""),
        (CONFIG, 3, True, PROMISED, "wants 3 nodes of its own, 2 are ready"),
        (CONFIG, 1, False, PROMISED, "is not on the nodes' network: UDP 50000-60000"),
        (CONFIG.replace("60000", "65000"), 1, True, PROMISED, "uses UDP 50000-65000, open are"),
        (CONFIG.replace("7881", "7882"), 1, True, PROMISED, "uses TCP 7882, open is 7881"),
        (CONFIG.replace("7881", "7882"), 1, True, None, ""),
    ],
)
def test_livekits_ports_fit(
    config: str, replicas: int, host_network: bool, promised: LiveKit | None, observed: str
) -> None:
    container = Container("livekit-server", env={"LIVEKIT_CONFIG": config})
    server = workload("livekit", container, replicas=replicas, host_network=host_network)
    nodes = tuple(Node(f"n{n}", True, 2000, 8000) for n in range(2))
    found = livekit.ports(Facts(deployments=(server,), nodes=nodes), promised, "weal")
    assert observed in (found.observed if found else "")
    assert bool(found) == bool(observed)


def test_two_pods_of_a_node_cannot_have_one_port() -> None:
    server = Container("livekit-server", host_ports=(7880,))
    two = tuple(pod(f"l-{n}", node="n1", containers=(server,)) for n in range(2))
    found = livekit.ports(Facts(pods=two), None, "weal")
    assert told(found, Code.LIVEKIT_PORTS_UNFIT) == "2 pods want port 7880 of node n1"
