"""Replicas and nodes, and what keeps the autoscaler from removing one (V6 §6.2, §6.3)."""

import math
from collections.abc import Iterator, Mapping

from probes.cluster import kubectl, offenders
from probes.cluster.facts import Autoscaler, Facts, Node, Pod
from probes.cluster.pods import crashing_pods, sum_requests
from probes.config.cluster import ClusterConfig
from probes.finding import Code, Finding, with_fact

WORST = 4
ENDED = ("Succeeded", "Failed")


def replicas(facts: Facts, promised: ClusterConfig) -> Finding | None:
    """Replicas and minReplicas that are not as promised; pure."""
    found = [
        *_other_minimum(facts, promised.min_replicas),
        *_other_replicas(facts, promised.replicas),
    ]
    finding = offenders.finding(
        Code.REPLICAS_UNPROMISED,
        found,
        "autoscaling.minReplicas and replicaCount: a parameter of the Application overrides "
        "prod.yaml (V6 §6.3)",
        kubectl.get(promised.namespace, "hpa,deployments"),
    )
    return offenders.proven(finding, found)


def _other_minimum(facts: Facts, promised: Mapping[str, int]) -> Iterator[str]:
    by_target = {each.target: each for each in facts.autoscalers}
    for service, wanted in promised.items():
        found = by_target.get(service)
        if found is None:
            yield f"{service} has no autoscaler, and minReplicas {wanted} is promised"
        elif found.min_replicas != wanted:
            yield _minimum(found, wanted)


def _other_replicas(facts: Facts, promised: Mapping[str, int]) -> Iterator[str]:
    by_name = {each.name: each for each in facts.workloads}
    for service, wanted in promised.items():
        found = by_name.get(service)
        if found is None:
            yield f"{service} is not deployed, and {wanted} replicas are promised"
        elif found.replicas != wanted:
            yield f"{service} has {found.replicas} replicas, promised are {wanted}"


def nodes(facts: Facts, promised: ClusterConfig) -> Finding | None:
    """More nodes than promised: the arithmetic of requests against use, in one finding; pure.

    Proven where an autoscaler keeps more pods than is promised.
    """
    at_most = promised.nodes_at_most
    ready = [node for node in facts.nodes if node.ready]
    if not at_most or len(ready) <= at_most:
        return None
    placed = [pod for pod in facts.pods if pod.phase not in ENDED]
    sentences = [
        f"{len(ready)} nodes are ready, promised are at most {at_most}",
        _requests_and_use(facts, ready, placed),
        f"requests alone would fit on {enough(ready, placed)}",
        *_crashing(placed),
        *_extra_replicas(facts.autoscalers, placed),
        f"most is kept by {', '.join(_idlest(facts, placed))}",
    ]
    finding = Finding(
        Code.NODES_OVERPROVISIONED,
        "; ".join(sentences),
        "Cluster Autoscaler removes a node by requests, not by use: lower minReplicas and "
        "requests, remove what crashes (V6 §6.2)",
        reproduce_command="kubectl top nodes && "
        + kubectl.get(promised.namespace, "hpa,pods", "", "wide"),
    )
    kept = [*_too_many_replicas(facts, promised.min_replicas)]
    return with_fact(finding, kept[0]) if kept else finding


def _too_many_replicas(facts: Facts, promised: Mapping[str, int]) -> Iterator[str]:
    """Autoscalers that keep more pods than is promised, whatever the use."""
    for each in facts.autoscalers:
        wanted = promised.get(each.target, each.min_replicas)
        if each.min_replicas > wanted:
            yield _minimum(each, wanted)


def _minimum(found: Autoscaler, wanted: int) -> str:
    return f"minReplicas of {found.target} is {found.min_replicas}, promised is {wanted}"


def _requests_and_use(facts: Facts, ready: list[Node], placed: list[Pod]) -> str:
    cpu, memory = sum_requests(placed)
    room = sum(node.cpu_m for node in ready), sum(node.memory_mib for node in ready)
    used = sum(each.cpu_m for each in facts.usage), sum(each.memory_mib for each in facts.usage)
    return (
        f"{len(placed)} pods request {cpu:.0f}m CPU and {memory:.0f} MiB, use {used[0]:.0f}m and "
        f"{used[1]:.0f} MiB, of {room[0]:.0f}m and {room[1]:.0f} MiB"
    )


def enough(ready: list[Node], placed: list[Pod]) -> int:
    """How many of the smallest node hold all requests; other namespaces' pods are not counted."""
    cpu, memory = sum_requests(placed)
    smallest_cpu = min(node.cpu_m for node in ready) or 1
    smallest_memory = min(node.memory_mib for node in ready) or 1
    return max(1, math.ceil(cpu / smallest_cpu), math.ceil(memory / smallest_memory))


def _crashing(placed: list[Pod]) -> Iterator[str]:
    if crashing := crashing_pods(placed):
        cpu, _ = sum_requests(crashing)
        yield f"of it {cpu:.0f}m are requested by {len(crashing)} pods that only crash"


def _extra_replicas(autoscalers: tuple[Autoscaler, ...], placed: list[Pod]) -> Iterator[str]:
    kept = [each for each in autoscalers if each.min_replicas > 1]
    if kept:
        more = sum(each.min_replicas - 1 for each in kept)
        yield f"minReplicas above 1 keeps {more} of {len(placed)} pods"


def _idlest(facts: Facts, placed: list[Pod]) -> list[str]:
    used = {each.pod: each.cpu_m for each in facts.usage}
    idle = {pod.name: pod.cpu_m - used.get(pod.name, 0.0) for pod in placed}
    worst = sorted(idle, key=lambda name: -idle[name])[:WORST]
    by_name = {pod.name: pod for pod in placed}
    return [f"{name} ({by_name[name].cpu_m:.0f}m, uses {used.get(name, 0):.0f}m)" for name in worst]
