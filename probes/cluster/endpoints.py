"""A Service has pods behind it, and a subset selects some of them (a4263252)."""

from collections import Counter
from collections.abc import Iterator

from probes.cluster import kubectl, offenders
from probes.cluster.facts import Destination, Facts, Labels, Service, selects
from probes.finding import Code, Finding


def missing(facts: Facts, where: str) -> Finding | None:
    """Services and subsets that lead to no pod that takes requests; pure."""
    return offenders.finding(
        Code.ENDPOINTS_MISSING,
        [problem for _, problem in empty(facts)],
        "pods: none of them is ready, or their labels are not those that the selector asks for "
        "(a4263252)",
        kubectl.get(where, "endpointslices,pods", output="wide") + " --show-labels",
    )


def empty(facts: Facts) -> Iterator[tuple[str, str]]:
    """Each Service that leads to no pod that takes requests, or a subset of which does not, with a
    sentence; pure.
    """
    yield from _empty_services(facts)
    yield from _empty_subsets(facts)


def _empty_services(facts: Facts) -> Iterator[tuple[str, str]]:
    ready: Counter[str] = Counter()
    for each in facts.endpoints:
        ready[each.service] += each.ready
    for service in facts.services:
        if service.selector and not ready[service.name] and not _is_scaled_to_zero(service, facts):
            yield service.name, f"no pod takes requests for Service {service.name}"


def _is_scaled_to_zero(service: Service, facts: Facts) -> bool:
    behind = [each for each in facts.workloads if selects(service.selector, each.labels)]
    return bool(behind) and all(each.replicas == 0 for each in behind)


def _empty_subsets(facts: Facts) -> Iterator[tuple[str, str]]:
    rules = [rule for route in facts.routes for rule in route.rules]
    used = {each for rule in rules for each in rule.destinations if each.weight and each.subset}
    for destination in sorted(used, key=str):
        if problem := _empty_subset(destination, facts):
            yield destination.host, problem


def _empty_subset(destination: Destination, facts: Facts) -> str:
    host, subset = destination.host, destination.subset
    rule = next((each for each in facts.subsets if each.host == host), None)
    if rule is None or subset not in rule.labels:
        return f"no DestinationRule has the subset {subset} of {host}, which a route leads to"
    service = next((each for each in facts.services if each.name == host), None)
    selector: Labels = {**(service.selector if service else {}), **rule.labels[subset]}
    if any(pod.ready and selects(selector, pod.labels) for pod in facts.pods):
        return ""
    asked = ", ".join(f"{name}={value}" for name, value in rule.labels[subset].items())
    return f"subset {subset} of DestinationRule {rule.name} ({asked}) selects no ready pod"
