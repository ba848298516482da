"""Runs behind walls that really drop packets: `unshare -rn python -m tests.support.firewall_runs
FOLDER WALL...`.

In a network namespace of its own, where a replica and the suite are alone. Each wall stands for one
run, whose reports go to FOLDER/WALL. A pair of veths stands beside loopback: LiveKit's SDK has no
candidates where there is nothing else.
"""

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from probes.runner.target_process import Started

# LiveKit is at 127.0.0.1, whoever talks at the veth's address: what LiveKit begins gets through the
# second wall.
TO_LIVEKIT = "-A INPUT -d 127.0.0.1"
NO_TCP = f"{TO_LIVEKIT} -p tcp --dport {{tcp_port}} -j DROP"
WALLS = {
    "udp": ("-A INPUT -p udp -j DROP",),
    "uncalled": (f"{TO_LIVEKIT} -p udp -m conntrack --ctstate NEW -j DROP", NO_TCP),
    "all": ("-A INPUT -p udp -j DROP", NO_TCP),
}
NETWORK = (
    "ip link set lo up",
    "ip link add v0 type veth peer name v1",
    "ip address add 10.99.0.1/24 dev v0",
    "ip link set v0 up",
    "ip link set v1 up",
)
SELECTION = "media_lets_callers_in or two_people_find"


def possible() -> str:
    """Why there are no walls to be had on this machine; empty where they are."""
    commands = " && ".join([*NETWORK, f"iptables {WALLS['uncalled'][0]}"])
    words = ["unshare", "-rn", "sh", "-c", commands]
    try:
        tried = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    except OSError as error:
        return f"unshare is missing: {error.strerror}"
    return tried.stderr.strip() if tried.returncode else ""


def main(folder: Path, walls: Sequence[str]) -> None:
    for line in NETWORK:
        subprocess.run(line.split(), check=True)
    started = Started(["python", "-m", "replica"], [])
    try:
        environment = started.wait()
        tcp_port = tomllib.loads(environment.read_text("utf-8"))["livekit"]["tcp_port"]
        for wall in walls:
            _run(
                environment, folder / wall, [rule.format(tcp_port=tcp_port) for rule in WALLS[wall]]
            )
    finally:
        started.stop()


def _run(environment: Path, reports: Path, rules: Sequence[str]) -> None:
    for rule in ("-F", *rules):
        subprocess.run(["iptables", *rule.split()], check=True)
    words = ["--env", str(environment), "--runs", str(reports), "-k", SELECTION, "--no-confirm"]
    subprocess.run([sys.executable, "-m", "pytest", "scenarios", *words], check=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
