"""LiveKit's keys and ports, as the cluster has them (V6 §5.3, §5.10; contract 7.2)."""

import re
from collections import Counter
from collections.abc import Iterator

from probes.cluster import kubectl, offenders
from probes.cluster.environment import of_workload
from probes.cluster.facts import Facts, Workload
from probes.cluster.secret_shapes import SecretShape, digest
from probes.config.livekit import LiveKit
from probes.finding import Code, Finding, with_fact

SHORTEST_SECRET = 32  # characters; LiveKit complains of less
CONFIG = "LIVEKIT_CONFIG"
_NUMBER = r"^\s*{key}:\s*(\d+)"


def keys(
    shape: SecretShape | None, secret: str, key: str, value: str, where: str
) -> Finding | None:
    """keys.yaml of the Secret `secret` against the key and secret that the suite signs with; pure.

    The suite's own come from where video-service has its own: what differs, differs for users too.
    """
    line = kubectl.get(where, "secret", secret) + " # its values are not shown"
    if problem := _key_file_problem(shape):
        observed = f"keys.yaml of Secret {secret} {problem}"
        cause = "keys.yaml: not the one line `key: secret` that its template must write (V6 §5.3)"
        return _of_keys(Code.LIVEKIT_KEYS_MALFORMED, observed, cause, line)
    assert shape is not None
    cause = "keys.yaml: LiveKit and video-service read different entries (V6 §5.3)"
    if shape.key_digest != digest(key):
        observed = f"keys.yaml of Secret {secret} has another key than the app signs with"
        return _of_keys(Code.LIVEKIT_KEY_UNKNOWN, observed, cause, line)
    if shape.secret_digest != digest(value):
        observed = f"keys.yaml of Secret {secret} has another secret than the app signs with"
        return _of_keys(Code.LIVEKIT_SECRET_MISMATCH, observed, cause, line)
    return None


def _of_keys(code: Code, observed: str, cause: str, line: str) -> Finding:
    """What the Secret holds is the cause itself."""
    return with_fact(Finding(code, observed, cause, reproduce_command=line), observed)


def _key_file_problem(shape: SecretShape | None) -> str:
    if shape is None:
        return "is not there"
    if shape.lines != 1 or not shape.has_pair:
        return f"is not one line `key: secret`: it has {shape.lines} lines"
    if shape.secret_length < SHORTEST_SECRET:
        return f"has a secret of {shape.secret_length} characters, {SHORTEST_SECRET} are asked for"
    return ""


def ports(facts: Facts, promised: LiveKit | None, where: str) -> Finding | None:
    """Whether LiveKit's pods fit on the nodes with the ports that they need; pure."""
    servers = [each for each in facts.workloads if CONFIG in of_workload(each, facts)]
    found = [problem for each in servers for problem in _unfit(each, facts, promised)]
    return offenders.finding(
        Code.LIVEKIT_PORTS_UNFIT,
        [*found, *_port_collisions(facts)],
        "hostNetwork: a node has each port once, so one pod of LiveKit runs on each (V6 §5.10)",
        kubectl.get(where, "deployments,pods", output="wide"),
    )


def _unfit(server: Workload, facts: Facts, promised: LiveKit | None) -> Iterator[str]:
    ready = sum(node.ready for node in facts.nodes)
    config = of_workload(server, facts).get(CONFIG) or ""
    first, last = _number(config, "port_range_start"), _number(config, "port_range_end")
    if server.host_network and server.replicas > ready:
        yield f"{server.name} wants {server.replicas} nodes of its own, {ready} are ready"
    if not server.host_network and last > first:
        yield f"{server.name} is not on the nodes' network: UDP {first}-{last} leads nowhere"
    if promised is None:
        return
    if promised.udp_ports and last and not _is_within((first, last), promised.udp_ports):
        problem = "-".join(map(str, promised.udp_ports))
        yield f"{server.name} uses UDP {first}-{last}, open are {problem}"
    tcp = _number(config, "tcp_port")
    if tcp and promised.tcp_port and tcp != promised.tcp_port:
        yield f"{server.name} uses TCP {tcp}, open is {promised.tcp_port}"


def _number(config: str, key: str) -> int:
    found = re.search(_NUMBER.format(key=key), config, re.MULTILINE)
    return int(found[1]) if found else 0


def _is_within(used: tuple[int, int], allowed: tuple[int, ...]) -> bool:
    return allowed[0] <= used[0] and used[1] <= allowed[-1]


def _port_collisions(facts: Facts) -> Iterator[str]:
    used = Counter(
        (pod.node, port)
        for pod in facts.pods
        if pod.node and pod.phase == "Running"
        for each in pod.containers
        for port in each.host_ports
    )
    for (node, port), number in sorted(used.items()):
        if number > 1:
            yield f"{number} pods want port {port} of node {node}"
