"""What a container has in its environment, as far as ConfigMaps and its pod's text say it.

Kubernetes 1.34, Container.env and envFrom: env wins over envFrom, of envFrom the last one wins.
What is read from a Secret is known to be set; its value is not asked for.
"""

import re
from collections.abc import Mapping

from probes.cluster.facts import Container, Facts, Source, Workload

SECRETLY = re.compile(r"SECRET|PASSW|TOKEN|KEY|CREDENTIAL", re.IGNORECASE)


def environment(container: Container, facts: Facts) -> Mapping[str, str | None]:
    """Values by name; None for what is set and not read; pure."""
    values: dict[str, str | None] = {}
    for source in container.sources:
        found = facts.config_map(source.name) if source.kind == "ConfigMap" else None
        values |= found.data if found else {}
    for name, value in container.env.items():
        values[name] = _read(value, facts) if isinstance(value, Source) else value
    return values


def _read(source: Source, facts: Facts) -> str | None:
    found = facts.config_map(source.name) if source.kind == "ConfigMap" else None
    return found.data.get(source.key) if found else None


def of_workload(workload: Workload, facts: Facts) -> Mapping[str, str | None]:
    """The environment of its container that is named as it is, else of its first."""
    named = [each for each in workload.containers if each.name == workload.name]
    chosen = (*named, *workload.containers)
    return environment(chosen[0], facts) if chosen else {}


def workload(facts: Facts, name: str) -> Workload | None:
    return next((each for each in facts.workloads if each.name == name), None)


def config_name(service: str) -> str:
    """The ConfigMap of a service's chart (contract 9.2)."""
    return f"{service}-config"


def quotable_value(key: str, value: str) -> str:
    """A setting as a finding may quote it: of what may be secret only that it is set."""
    if not value:
        return "empty"
    return f"set, {len(value)} characters" if SECRETLY.search(key) else repr(value)
