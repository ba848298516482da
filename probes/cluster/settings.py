"""What is set reaches the pod (V6 §1.2, third cause; §3.6; §5.4)."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from probes.cluster import kubectl, offenders
from probes.cluster.environment import (
    config_name,
    environment,
    of_workload,
    quotable_value,
    workload,
)
from probes.cluster.facts import Application, Container, Facts, Pod, Workload
from probes.finding import Code, Finding

PARAMETER = "config."
SLACK = timedelta(seconds=10)  # a sync writes the ConfigMap and starts the pods in one go
PLACEHOLDER = re.compile(r"\$\{[A-Za-z_]\w*\}|\$\([A-Za-z_]\w*\)")
SHELLS = ("sh", "bash", "ash")


def missing(facts: Facts, promised: Mapping[str, Mapping[str, str]], where: str) -> Finding | None:
    """Promised settings that a service's container does not have, or has otherwise; pure."""
    found = [
        problem for name, keys in promised.items() for problem in missing_keys(facts, name, keys)
    ]
    first = next(iter(promised), "")
    finding = offenders.finding(
        Code.SETTING_MISSING,
        found,
        "ConfigMap: its settings are parameters of the Argo CD Application, not of prod.yaml "
        "(V6 §1.3, §3.3)",
        kubectl.get(where, "configmap", config_name(first), "yaml"),
    )
    return offenders.proven(finding, found)


def missing_keys(facts: Facts, service: str, keys: Mapping[str, str]) -> Iterator[str]:
    deployed = workload(facts, service)
    if deployed is None:
        yield f"{service} is not deployed, and its settings are promised"
        return
    values = of_workload(deployed, facts)
    for key, wanted in keys.items():
        value = values.get(key)
        if key not in values:
            yield f"ConfigMap {config_name(service)} has no {key}"
        elif value is not None and value != wanted:
            promised = quotable_value(key, wanted)
            yield f"{key} of {service} is {quotable_value(key, value)}, promised is {promised}"


def not_applied(facts: Facts, where: str) -> Finding | None:
    """Settings on their way from Git to a container that have not arrived; pure."""
    found = [
        *(problem for app in facts.applications for problem in _lost_parameters(app, facts)),
        *(problem for app in facts.applications for problem in _unread_values(app, facts)),
        *_older_pods(facts),
    ]
    finding = offenders.finding(
        Code.SETTING_NOT_APPLIED,
        found,
        "Argo CD and Helm: a chart of one service reads parameters and values at the top only, "
        "and a pod reads its ConfigMap when it starts (V6 §1.2)",
        kubectl.get(where, "configmaps,pods", output="wide"),
    )
    return offenders.proven(finding, found)


def _lost_parameters(app: Application, facts: Facts) -> Iterator[str]:
    written = facts.config_map(config_name(app.chart))
    if written is None:
        return
    for name, value in app.parameters.items():
        key = name.removeprefix(PARAMETER)
        if not name.startswith(PARAMETER):
            continue
        if key not in written.data:
            yield f"{app.name} sets {name}, and ConfigMap {written.name} has no {key}"
        elif written.data[key] != value:
            sets, has = quotable_value(key, value), quotable_value(key, written.data[key])
            yield f"{app.name} sets {name} to {sets}, and {written.name} has {has}"


def _unread_values(app: Application, facts: Facts) -> Iterator[str]:
    names = {each.name for each in facts.workloads}
    if app.chart in names:
        for key in app.values:
            if key in names:
                yield f"{app.name} has values under {key}: at the top, where its chart reads none"


def _older_pods(facts: Facts) -> Iterator[str]:
    for pod in facts.pods:
        for name in sorted(_maps_read_at_start(pod)):
            found = facts.config_map(name)
            if found and found.changed_at and pod.started_at + SLACK < found.changed_at:
                yield f"pod {pod.name} runs since before ConfigMap {name} was changed"


def _maps_read_at_start(pod: Pod) -> set[str]:
    sources = [source for each in pod.containers for source in each.sources]
    values = [v for each in pod.containers for v in each.env.values() if not isinstance(v, str)]
    return {source.name for source in (*sources, *values) if source.kind == "ConfigMap"}


def left_placeholders(facts: Facts) -> Iterator[str]:
    """Variables that somebody hoped would be expanded, and nobody does (V6 §5.4); pure."""
    for each in facts.workloads:
        yield from _placeholders_left(each, facts)


def placeholders(facts: Facts, where: str) -> Finding | None:
    found = [*left_placeholders(facts)]
    finding = offenders.finding(
        Code.PLACEHOLDER_LEFT,
        found,
        "configuration: neither Kubernetes nor the service expands variables there (V6 §5.4)",
        kubectl.get(where, "configmaps", output="yaml") + r" | grep -nE '\$[({][A-Z_]+[)}]'",
    )
    return offenders.proven(finding, found)


def _placeholders_left(deployed: Workload, facts: Facts) -> Iterator[str]:
    for container in deployed.containers:
        known = environment(container, facts)
        for key, value in known.items():
            for placeholder in _placeholders_of(container, key, value or "", known):
                yield f"{key} of {deployed.name} holds {placeholder}"
        for word in _literal_words(container, known):
            yield f"the command of {deployed.name} holds {word}"


def _placeholders_of(
    container: Container, key: str, value: str, known: Mapping[str, str | None]
) -> Iterator[str]:
    # LiveKit expands variables in key_file, and nowhere else (contract 7.2).
    lines = [line for line in value.splitlines() if not line.strip().startswith("key_file:")]
    own = container.env.get(key) == value
    for found in PLACEHOLDER.findall("\n".join(lines)):
        expands = own and found.startswith("$(") and found[2:-1] in known
        if not expands:
            yield found


def _literal_words(container: Container, known: Mapping[str, str | None]) -> Iterator[str]:
    command = container.command
    in_shell = bool(command) and command[0].rpartition("/")[2] in SHELLS
    for found in PLACEHOLDER.findall(" ".join(command)):
        # Kubernetes leaves what it does not know; of envFrom's Secrets nobody here knows the names.
        is_known = found[2:-1] in known or any(s.kind == "Secret" for s in container.sources)
        if not in_shell and not (found.startswith("$(") and is_known):
            yield found
