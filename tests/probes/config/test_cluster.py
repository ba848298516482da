"""What is promised of the cluster is read whole or complained of in one sentence."""

from typing import Any

import pytest

from probes.config.cluster import cluster_config
from probes.finding import BadEnvironment

WHOLE = {
    "namespace": "weal",
    "nodes_at_most": 4,
    "replicas": {"auth-service": 2},
    "min_replicas": {"auth-service": 1},
    "config": {"storage-service": {"SERVER_BASE_PATH": ""}},
    "validates_tokens": ["ops-service"],
}


def test_no_table_promises_nothing() -> None:
    assert cluster_config("x.toml", {}) is None


def test_nested_tables_are_read() -> None:
    """An empty text is a promise too: set, and empty (V6 §3.6)."""
    config = cluster_config("x.toml", {"cluster": WHOLE})
    assert config
    assert config.config["storage-service"] == {"SERVER_BASE_PATH": ""}
    assert (config.replicas, config.argocd_namespace) == ({"auth-service": 2}, "argocd")
    assert config.validates_tokens == ("ops-service",)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"namespaces": "a"}, r"unknown key 'namespaces' in \[cluster\]; did you mean namespace"),
        ({"replicas": {"a": "2"}}, r"a in \[cluster.replicas\] must be a whole number, not '2'"),
        ({"min_replicas": 2}, r"\[cluster.min_replicas\] must be a table"),
        ({"config": {"a": {"B": 1}}}, r"B in \[cluster.config.a\] must be a text, not 1"),
        ({"ask_timeout_s": 0}, "must be more than 0 seconds"),
    ],
)
def test_a_mistake_is_told_with_its_place(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(BadEnvironment, match=told):
        cluster_config("x.toml", {"cluster": {**WHOLE, **changed}})


def test_the_namespace_is_needed() -> None:
    with pytest.raises(BadEnvironment, match=r"\[cluster\] lacks.*namespace"):
        cluster_config("x.toml", {"cluster": {}})
