"""A run against a target that tells nothing is never green: no scenario holds there but those that
are listed with their reason.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from probes.finding import Verdict
from tests.conftest import Probe
from tests.support.signed import signed

# What may hold where nobody answers in earnest, and why that was asked all the same.
MAY_HOLD: dict[str, str] = {}
CLOSED = [
    *("test-token", "internal-user", "internal-noti", "metrics", "actuator", "prometheus", "loki"),
    *("git", "config", "source-maps", "stack-traces", "cors", "security-headers"),
]
ENVIRONMENT = """
name = "mute"
[hosts]
apex = "{origin}"
api = "{origin}"
plain = "{origin}"
[identity]
way = "static"
[workspace]
id = "00000000-0000-4000-8000-000000000001"
project = "00000000-0000-4000-8000-000000000002"
[presign]
host = "files.s3.example"
style = "virtual-host"
bucket = "files"
region = "ap-northeast-2"
[oauth]
drivable = true
provider = "{origin}"
authorize = "{origin}/auth"
[exposure]
closed = {closed}
[sign_out]
ends_access = ["board-socket"]
ends_refresh = true
[livekit]
url = "{socket_origin}"
api_key = "PROBES_MUTE_LIVEKIT_KEY"
api_secret = "PROBES_MUTE_LIVEKIT_SECRET"
[timeouts]
answer_s = 0.5
scenario_s = 8
retry_delay_s = 0
[realtime]
deliver_seconds = 0.5
stream_seconds = 0.5
"""
PEOPLE = {
    name: f"00000000-0000-4000-8000-0000000000{number}"
    for number, name in enumerate(("alice", "bob", "stranger", "operator"), 10)
}
NO_PODS = (
    b"HTTP/1.1 503 Service Unavailable\r\nserver: istio-envoy\r\ncontent-type: text/plain\r\n"
    b"content-length: 19\r\nconnection: close\r\n\r\nno healthy upstream"
)
EMPTY = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def environment(folder: Path, origin: str) -> Path:
    """An environment whose every host is `origin`."""
    users = "".join(
        f'[users.{name}]\nid = "{identity}"\ntoken = "PROBES_MUTE_{name.upper()}"\n'
        for name, identity in PEOPLE.items()
    )
    path = folder / "mute.toml"
    text = ENVIRONMENT.format(
        origin=origin, socket_origin=origin.replace("http", "ws", 1), closed=json.dumps(CLOSED)
    )
    path.write_text(text + users, "utf-8")
    return path


@contextmanager
def listening(answer: bytes) -> Iterator[str]:
    """A host that takes every connection, and gives each the same answer, or none."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=512)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                held.append(connection)
                if answer:
                    threading.Thread(target=reply, args=(connection,), daemon=True).start()

        def reply(connection: socket.socket) -> None:
            with closing(connection):
                connection.recv(65536)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for connection in held:
                connection.close()


@contextmanager
def refusing() -> Iterator[str]:
    """A port at which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@contextmanager
def hanging() -> Iterator[str]:
    with listening(b"") as origin:
        yield origin


@contextmanager
def empty() -> Iterator[str]:
    with listening(EMPTY) as origin:
        yield origin


@contextmanager
def unavailable() -> Iterator[str]:
    with listening(NO_PODS) as origin:
        yield origin


TARGETS = {
    "refuses": refusing,
    "hangs": hanging,
    "is-empty": empty,
    "has-no-pods": unavailable,
}


@pytest.mark.slow
@pytest.mark.parametrize("how", TARGETS)
def test_nothing_holds_where_nothing_was_observed(
    how: str, probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connection refused, no answer, 200 with nothing in it, or a gateway without pods: broken,
    unknown or skipped.
    """
    for name, identity in PEOPLE.items():
        monkeypatch.setenv(f"PROBES_MUTE_{name.upper()}", signed(sub=identity))
    monkeypatch.setenv("PROBES_MUTE_LIVEKIT_KEY", "APImute")
    monkeypatch.setenv("PROBES_MUTE_LIVEKIT_SECRET", "s" * 40)
    with TARGETS[how]() as origin:
        run = probe("--env", str(environment(tmp_path, origin)), "--no-confirm")
    held = {s.id for s in run.report.scenarios if s.verdict in (Verdict.HELD, Verdict.DEGRADED)}
    assert held - MAY_HOLD.keys() == set(), run.output
    broken = [s for s in run.report.scenarios if s.verdict is Verdict.BROKEN]
    assert len(broken) > 20, run.output  # it was the target that said nothing
