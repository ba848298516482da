"""A real livekit-server on a host of its own, behind a firewall that really drops packets:
`unshare -rnm python -m tests.support.livekit_namespace` reads a world as JSON on standard input.

Two network namespaces and a cable between them: the suite is at 10.99.0.1, the server at 10.99.0.2,
and nothing leads anywhere else.
"""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aioice import stun

from replica.livekit.binary import merge
from tests.support import livekit_verdicts
from tests.support.livekit_lab import KEY, SECRET, LabServer

CLIENT, SERVER = "10.99.0.1", "10.99.0.2"
PORT, TCP_PORT, STUN_PORT = 7880, 7881, 3478
UDP_PORTS = (50000, 50020)
NAT_GATEWAY = "203.0.113.7"
TURN_NAME = "turn.lab.test"  # of the server's host, in these namespaces alone
HONEST, SILENT, LYING = "honest", "silent", "lying"
SETUP_TIMEOUT_S = 30

# What the server's host lets in.
FIREWALLS: dict[str, tuple[str, ...]] = {
    "none": (),
    "no-udp": ("-A INPUT -p udp --dport 50000:50020 -j DROP",),
    "no-tcp": (f"-A INPUT -p tcp --dport {TCP_PORT} -j DROP",),
    "closed": (
        "-A INPUT -p udp -j DROP",
        "-A OUTPUT -p udp -j DROP",
        f"-A INPUT -p tcp --dport {TCP_PORT} -j DROP",
    ),
    "stateful": (
        "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT",
        "-A INPUT -p udp -j DROP",
        f"-A INPUT -p tcp --dport {TCP_PORT} -j DROP",
    ),
    "no-large-packets": ("-A INPUT -p udp -m length --length 300:65535 -j DROP",),
}


def why_impossible() -> str:
    """Why there are no namespaces to be had on this machine; empty where there are."""
    rules = [f"iptables {rule}" for firewall in FIREWALLS.values() for rule in firewall]
    words = " && ".join(
        ("ip link add v0 type veth peer name v1", "mount --bind /etc/hosts /etc/hosts", *rules)
    )
    try:
        tried = subprocess.run(
            ["unshare", "-rnm", "sh", "-c", words],
            check=False,
            capture_output=True,
            text=True,
            timeout=SETUP_TIMEOUT_S,
        )
    except OSError as error:
        return f"unshare is missing: {error.strerror}"
    return tried.stderr.strip() if tried.returncode else ""


def configuration() -> dict[str, Any]:
    """A healthy server with one NIC; its STUN server is never on the internet."""
    return {
        "port": PORT,
        "keys": {KEY: SECRET},
        "logging": {"level": "info"},
        "rtc": {
            "tcp_port": TCP_PORT,
            "port_range_start": UDP_PORTS[0],
            "port_range_end": UDP_PORTS[1],
            "use_external_ip": False,
            "stun_servers": [f"{CLIENT}:{STUN_PORT}"],
        },
    }


@contextmanager
def server_host(firewall: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The server's namespace; what a command needs in front of it to run there."""
    holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
    inside = ("nsenter", "-t", str(holder.pid), "-n")
    try:
        _wait_for_namespace(holder.pid)
        for line in (
            "ip link set lo up",
            f"ip link add v0 type veth peer name v1 netns {holder.pid}",
            f"ip address add {CLIENT}/24 dev v0",
            "ip link set v0 up",
        ):
            _run(line.split())
        for line in (
            "ip link set lo up",
            f"ip address add {SERVER}/24 dev v1",
            "ip link set v1 up",
            f"ip route add default via {CLIENT}",
            *(f"iptables {rule}" for rule in firewall),
        ):
            _run([*inside, *line.split()])
        _run(f"ip route add default via {SERVER}".split())
        yield inside
    finally:
        holder.kill()
        holder.wait()


def _wait_for_namespace(pid: int) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    until = time.monotonic() + SETUP_TIMEOUT_S
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        if time.monotonic() > until:
            raise TimeoutError("the namespace was not made")
        time.sleep(0.01)


def _run(words: Sequence[str]) -> None:
    subprocess.run(words, check=True, timeout=SETUP_TIMEOUT_S)


def name_server(folder: Path) -> None:
    """Let TURN_NAME lead to the server; seen by nobody outside our own mount namespace."""
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{SERVER} {TURN_NAME}\n")
    _run(["mount", "--bind", str(hosts), "/etc/hosts"])


def start_stun_server(kind: str) -> None:
    """HONEST, SILENT, or LYING: that names a NAT gateway's address, as incident 5's did."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind((CLIENT, STUN_PORT))

    def serve() -> None:
        while True:
            data, peer = line.recvfrom(2048)
            if kind != SILENT:
                request = stun.parse_message(data)
                reply = stun.Message(
                    stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id
                )
                host = NAT_GATEWAY if kind == LYING else peer[0]
                reply.attributes["XOR-MAPPED-ADDRESS"] = (host, peer[1])
                line.sendto(bytes(reply), peer)

    threading.Thread(target=serve, daemon=True).start()


def judge(world: dict[str, Any]) -> dict[str, Any]:
    """The verdicts on a server in that world, and the end of its log."""
    with (
        tempfile.TemporaryDirectory(prefix="world-") as name,
        server_host(FIREWALLS[world.get("firewall", "none")]) as inside,
    ):
        folder = Path(name)
        name_server(folder)
        start_stun_server(world.get("stun", HONEST))
        server = LabServer(
            world["version"], folder, merge(configuration(), world["over"]), SERVER, inside
        )
        try:
            server.start()
            (folder / "key").write_text(KEY)
            (folder / "secret").write_text(SECRET)
            table = {
                "url": f"ws://{SERVER}:{PORT}",
                "api_key": str(folder / "key"),
                "api_secret": str(folder / "secret"),
                "version": world["version"],
                "nodes": [f"{SERVER}/32"],
                "tcp_port": TCP_PORT,
                "tiers": ["ladder", "deep"],
                **world["promised"],
            }
            promised = livekit_verdicts.promised_table(table)
            verdicts = asyncio.run(livekit_verdicts.judge(promised, world.get("ca", "")))
        finally:
            server.kill()
        return {
            "verdicts": {n: [v.code, v.observed, v.cause] for n, v in verdicts.items()},
            "log": server.log[-2000:],
        }


def main() -> None:
    print(json.dumps(judge(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
