"""What pods, jobs, replicas and nodes say of capacity, by table."""

from datetime import timedelta

import pytest

from probes.cluster import capacity, endpoints, pods
from probes.cluster.facts import (
    Autoscaler,
    Destination,
    Endpoints,
    Facts,
    Job,
    Match,
    Node,
    Route,
    Rule,
    Service,
    Subsets,
    Usage,
)
from probes.config.cluster import ClusterConfig
from probes.finding import Certainty, Code, Verdict
from tests.support.cluster_objects import AN_HOUR, NOW, pod, told, workload


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
    waiting = pod(phase="Pending", pending="no room", started_at=NOW - timedelta(seconds=age_s))
    found = pods.pending(Facts(pods=(waiting,)), NOW, "weal")
    assert (found.observed if found else "") == ("a-1 is Pending: no room" if is_told else "")


@pytest.mark.parametrize(
    ("job", "is_stuck"),
    [
        (Job("j", "", NOW - AN_HOUR, is_finished=False, deadline_s=480, ours=True), True),
        (Job("j", "", NOW - AN_HOUR, is_finished=True, deadline_s=480, ours=True), False),
        (Job("j", "", NOW - AN_HOUR, is_finished=False, deadline_s=480, ours=False), False),
        (Job("j", "", NOW, is_finished=False, deadline_s=480, ours=True), False),
        (Job("j", "", NOW - AN_HOUR / 2, is_finished=False, deadline_s=0, ours=True), False),
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
    found = capacity.nodes(facts, ClusterConfig("weal", nodes_at_most=3))
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
    assert found.certainty is Certainty.LIKELY
    config = ClusterConfig("weal", nodes_at_most=3, min_replicas={"a": 1})
    proven = capacity.nodes(facts, config)
    assert proven
    assert proven.cause.endswith("; proven: minReplicas of a is 2, promised is 1")
    for at_most in (5, 0):
        assert capacity.nodes(facts, ClusterConfig("weal", nodes_at_most=at_most)) is None
