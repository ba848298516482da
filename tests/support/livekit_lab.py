"""A real livekit-server with a configuration of a test's own, on loopback."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from replica.infra import processes
from replica.infra.ports import Ports
from replica.livekit import server_build
from replica.livekit.binary import merge

KEY, SECRET = "APIlab", "a-secret-of-the-lab-of-thirty-two-characters"
START_TIMEOUT_S = 30
QUICK_START_S, STATS_INTERVAL_S = 0.5, 2.5


def free_port(kind: int = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    """Until somebody listens there on loopback."""
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        with socket.socket() as line:
            line.settimeout(1)
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server calls itself ready and will stay so, or has ended.

    Its statistics are as old as its start until 2 s after it began to listen, and with more than
    4 s it says 406 (1.7.2, pkg/routing/localrouter.go): one that was slow to start, be it for a
    silent STUN server, is ready, then not, and then ready.
    """
    began = time.monotonic()
    _wait_for_success(url, process, began + START_TIMEOUT_S)
    if time.monotonic() - began > QUICK_START_S and process.poll() is None:
        time.sleep(STATS_INTERVAL_S)
        _wait_for_success(url, process, began + START_TIMEOUT_S)


def _wait_for_success(url: str, process: subprocess.Popen[bytes], until: float) -> None:
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, trust_env=False, timeout=1).is_success:
                return
        time.sleep(0.05)


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
        """Start it, and wait until it is ready or has ended."""
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
        wait_until_ready(f"http://{self.host}:{self.port}/", self.process)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def lab_server(version: str, folder: Path, **over: Any) -> Iterator[LabServer]:
    """A server on loopback for as long as the block lasts; `over` changes its configuration."""
    udp_port = free_port(socket.SOCK_DGRAM)
    with Ports() as ports:
        base = default_configuration(ports.reserve(), ports.reserve(), min(udp_port, 65000))
        server = LabServer(version, folder, merge(base, over))
        try:
            server.start()
            yield server
        finally:
            server.kill()


def promised_table(server: LabServer, folder: Path, **more: Any) -> dict[str, Any]:
    """The table [livekit] of an environment with that server, and what it is to keep."""
    (folder / "key").write_text(str(more.pop("key", KEY)))
    (folder / "secret").write_text(str(more.pop("secret", SECRET)))
    return {
        "url": f"ws://{server.host}:{server.port}",
        "api_key": str(folder / "key"),
        "api_secret": str(folder / "secret"),
        "version": server.version,
        "nodes": ["127.0.0.1/32"],
        "tcp_port": server.configuration["rtc"]["tcp_port"],
        "tiers": ["ladder", "deep"],
        **more,
    }
