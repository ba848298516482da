"""Who guards tokens, which secrets are in sync, and how LiveKit's keys and ports fit, by table."""

from datetime import timedelta

import pytest

from probes.cluster import livekit, trust
from probes.cluster.facts import (
    Container,
    Facts,
    Node,
    SyncedSecret,
    TokenGuard,
)
from probes.cluster.secret_shapes import shape
from probes.config.livekit import LiveKit
from probes.finding import Code
from tests.support.cluster_objects import NOW, pod, told, workload

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
    kept = shape(text) if text is not None else None
    found = livekit.keys(kept, "k", "APIkey", SECRET, "weal")
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
