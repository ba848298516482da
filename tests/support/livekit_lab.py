"""A real livekit-server with a configuration of a test's own, and runs of the suite against it.

Everything is on loopback, or in network namespaces that a test made for itself.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from replica.infra import processes
from replica.livekit import server_build
from reports.model.run import Run, load

ROOT = Path(__file__).parents[2]
KEY, SECRET = "APIlab", "a-secret-of-the-lab-of-thirty-two-characters"
START_TIMEOUT_S = 30
RUN_TIMEOUT_S = 120
LADDER_AND_DEEP = "(livekit or calls) and not in_the_app and not on_the_page"


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with what `over` says otherwise, table by table; None takes a key out."""
    result = dict(base)
    for name, value in over.items():
        if isinstance(value, Mapping) and isinstance(result.get(name), Mapping):
            result[name] = merged(result[name], value)
        elif value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def free_port(kind: int = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def default_configuration(port: int, tcp_port: int, udp_port: int) -> dict[str, Any]:
    """A healthy server on loopback; a public STUN server is never asked."""
    return {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "keys": {KEY: SECRET},
        "logging": {"level": "info"},
        "rtc": {
            "tcp_port": tcp_port,
            "port_range_start": udp_port,
            "port_range_end": udp_port + 20,
            "use_external_ip": False,
            "node_ip": "127.0.0.1",
            "enable_loopback_candidate": True,
            "interfaces": {"includes": ["lo"]},
            "stun_servers": ["127.0.0.1:3478"],
        },
    }


@dataclass
class LabServer:
    """A livekit-server, and what it wrote to its log."""

    version: str
    folder: Path
    configuration: dict[str, Any]
    host: str = "127.0.0.1"
    prefix: tuple[str, ...] = ()  # of its command, for instance to start it in a namespace
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def port(self) -> int:
        return int(self.configuration["port"])

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Start it, and wait until it listens or has ended."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(server_build.server_path(self.version))],
                cwd=self.folder,
                env={
                    "PATH": os.environ["PATH"],
                    "LIVEKIT_CONFIG": json.dumps(self.configuration),
                },
                stdout=log,
                stderr=log,
                preexec_fn=processes._end_with_parent(os.getpid()),  # noqa: PLW1509 - two system calls
            )
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as line:
                line.settimeout(1)
                if line.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def lab_server(version: str, folder: Path, **over: Any) -> Iterator[LabServer]:
    """A server on loopback for as long as the block lasts; `over` changes its configuration."""
    udp_port = free_port(socket.SOCK_DGRAM)
    base = default_configuration(free_port(), free_port(), min(udp_port, 65000))
    server = LabServer(version, folder, merged(base, over))
    try:
        server.start()
        yield server
    finally:
        server.kill()


@dataclass(frozen=True, slots=True)
class Promises:
    """The table [livekit] of a run's environment."""

    url: str
    key: str = KEY
    secret: str = SECRET
    more: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "key").write_text(self.key)
        (folder / "secret").write_text(self.secret)
        table = {
            "url": self.url,
            "api_key": str(folder / "key"),
            "api_secret": str(folder / "secret"),
            "tiers": ["ladder", "deep"],
            **self.more,
        }
        lines = [
            'name = "lab"',
            '[hosts]\napex = "http://127.0.0.1:9"\napi = "http://127.0.0.1:9"',
            '[workspace]\nid = "none"',
            '[identity]\nway = "static"',
            "[timeouts]\nanswer_s = 5\nscenario_s = 60\nrun_s = 100",
            "[livekit]",
            *(f"{name} = {json.dumps(value)}" for name, value in table.items()),
        ]
        path = folder / "environment.toml"
        path.write_text("\n".join(lines) + "\n")
        return path


def promises_of(server: LabServer, **more: Any) -> Promises:
    """What a healthy server keeps."""
    rtc = server.configuration["rtc"]
    table = {"version": server.version, "nodes": ["127.0.0.1/32"], "tcp_port": rtc["tcp_port"]}
    return Promises(f"ws://{server.host}:{server.port}", more={**table, **more})


def run_suite(
    promises: Promises, folder: Path, selection: str = LADDER_AND_DEEP, prefix: tuple[str, ...] = ()
) -> Run:
    """A run of the ladder and of two participants; its report."""
    environment = promises.write(folder)
    command = [*prefix, sys.executable, "-m", "pytest", "scenarios", "-q", "--no-confirm"]
    done = subprocess.run(
        [*command, "--env", str(environment), "--runs", str(folder / "runs"), "-k", selection],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    (folder / "output.txt").write_text(done.stdout + done.stderr)
    journals = sorted((folder / "runs").glob("*/run.jsonl"))
    assert journals, done.stdout + done.stderr
    return load(journals[-1].parent)


def codes_of(run: Run) -> dict[str, str]:
    """What did not hold: {scenario: code}."""
    return {s.id.partition("/")[2]: str(s.finding.code) for s in run.scenarios if s.finding}


def with_promises(promises: Promises, **more: Any) -> Promises:
    return replace(promises, more={**promises.more, **more})


def show(run: Run) -> str:
    """A run in words, for the message of a failing test."""
    lines = [
        f"{s.id}: {s.verdict.name} {s.finding or s.outcome.reason or ''}" for s in run.scenarios
    ]
    return "\n".join(lines)
