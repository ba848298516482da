"""What an environment promises of its Kubernetes cluster, and how the suite may ask its API."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from probes.config.toml_schema import TEXTS, section, table, text
from probes.finding import BadEnvironment


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """`kubeconfig`: a file; empty for the pod's own account. `context`: empty for its current one.

    `config`: by service, the keys of its ConfigMap and the values that are promised; an empty text
    is promised to be set and empty. `validates_tokens`: services that check tokens themselves.
    `livekit_keys`: the Secret with LiveKit's keys.yaml. `nodes_at_most` 0: nothing is promised.
    """

    namespace: str
    kubeconfig: str = ""
    context: str = ""
    argocd_namespace: str = "argocd"
    ask_timeout_s: float = 3.0
    nodes_at_most: int = 0
    livekit_keys: str = ""
    validates_tokens: TEXTS = ()
    replicas: Mapping[str, int] = field(default_factory=dict)
    min_replicas: Mapping[str, int] = field(default_factory=dict)
    config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


NESTED = ("replicas", "min_replicas", "config")


def cluster_config(source: str, settings: Mapping[str, Any]) -> ClusterConfig | None:
    """The table [cluster] of `settings`; None where there is none. Raises BadEnvironment."""
    if "cluster" not in settings:
        return None
    values = dict(table(source, "cluster", settings))
    nested: dict[str, Any] = {
        name: _read_nested(source, name, values.pop(name, {})) for name in NESTED
    }
    plain: ClusterConfig = section(source, "cluster", ClusterConfig, values)
    if plain.ask_timeout_s <= 0:
        raise BadEnvironment(f"{source}: ask_timeout_s in [cluster] must be more than 0 seconds")
    return replace(plain, **nested)


def _read_nested(source: str, name: str, values: Any) -> Mapping[str, Any]:
    where = f"cluster.{name}"
    rows = table(source, where, {where: values})
    if name == "config":
        return {service: _texts(source, f"{where}.{service}", row) for service, row in rows.items()}
    for service, number in rows.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise BadEnvironment(
                f"{source}: {service} in [{where}] must be a whole number, not {number!r}"
            )
    return rows


def _texts(source: str, where: str, values: Any) -> Mapping[str, str]:
    rows = table(source, where, {where: values})
    return {key: text(source, f"{key} in [{where}]", value) for key, value in rows.items()}
