"""`python -m replica` as a user starts and ends it."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jwt
import psutil
import pytest

from replica.faults import FAULTS
from tests.support.replica_visitor import Visitor

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "replica"]


def said(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a replica that cannot start says."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@dataclass(frozen=True, slots=True)
class Ready:
    """A replica of our own, its temporary folder watched."""

    process: subprocess.Popen[str]
    lines: list[str]
    environment: Path
    temporary: Path

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short name: sockets are made in it, and their paths may have some 100
    characters.
    """
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def ready(
    folder: Path, *arguments: str, settings: Mapping[str, str] | None = None
) -> Iterator[Ready]:
    temporary, environment = folder / "tmp", folder / "made" / "environment.toml"
    temporary.mkdir()
    command = [*COMMAND, *arguments, "--environment", str(environment)]
    around = {**os.environ, "TMPDIR": str(temporary), **(settings or {})}
    with subprocess.Popen(
        command, cwd=ROOT, env=around, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == "ready":
                break
        assert "ready" in lines, lines
        try:
            yield Ready(process, lines, environment, temporary)
        finally:
            process.kill()


def test_it_prints_what_a_user_needs(short: Path) -> None:
    """Each URL, the environment file, the faults, and at last that it is ready; the URLs then
    answer.
    """
    with ready(short, "--fault", "redis-not-configured") as replica:
        visitor = Visitor.at(replica.environment)
        hosts = visitor.environment["hosts"]
        expected = [f"{host:<6}{hosts[host]}" for host in ("apex", "api", "cdn", "plain")]
        assert replica.lines == [
            *expected,
            f"environment: {replica.environment}",
            "time-outs, pings and pauses: 0.1 of weAlist's",
            "faults: redis-not-configured",
            "ready",
        ]
        with visitor.http:
            assert visitor.get("apex", "/").status_code == 200
            checks = visitor.get("apex", "/api/svc/storage/health/ready").json()["checks"]
            assert checks["redis"] == "not_configured"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_end_leaves_nothing(number: signal.Signals, short: Path) -> None:
    """Code 0, not a word, no process, no temporary folder, no environment file."""
    with ready(short) as replica:
        children = replica.children()
        assert {child.name() for child in children} == {
            "weed",
            "caddy",
            "node",
            Path(sys.executable).name,
        }
        assert list(replica.temporary.iterdir()) != []
        replica.process.send_signal(number)
        assert replica.process.wait(30) == 0
        assert replica.process.stdout is not None
        assert replica.process.stdout.read() == ""
        assert psutil.wait_procs(children, timeout=30)[1] == []
    assert list(replica.temporary.iterdir()) == []
    assert [found.name for found in short.iterdir()] == ["tmp"]


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_a_killed_replica_leaves_no_process(short: Path) -> None:
    """SeaweedFS and Caddy go when it is killed outright."""
    with ready(short) as replica:
        children = replica.children()
        replica.process.kill()
        assert psutil.wait_procs(children, timeout=30)[1] == []


def test_a_program_that_dies_ends_the_replica(short: Path) -> None:
    """Nobody goes on asking an edge that is gone: one sentence, and an end."""
    with ready(short) as replica:
        [edge] = [child for child in replica.children() if child.name() == "caddy"]
        edge.kill()
        assert replica.process.wait(30) == 4
        assert replica.process.stdout is not None
        assert replica.process.stdout.read().startswith("caddy ended unexpectedly; it said: ")
    assert list(replica.temporary.iterdir()) == []


def test_a_replica_in_a_proxied_environment_stays_on_loopback(short: Path) -> None:
    """The machine's proxy settings concern it as little as its own programs."""
    nowhere = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"), "http://127.0.0.1:9"
    )
    with ready(short, settings=nowhere) as replica:
        assert replica.lines[-1:] == ["ready"]
        found = [psutil.Process(replica.process.pid), *replica.children()]
        told = [
            link
            for one in found
            for link in one.net_connections("inet")
            if link.status == psutil.CONN_LISTEN
        ]
        assert len(told) > 10
        assert {link.laddr.ip for link in told} == {"127.0.0.1", "127.0.0.2"}


def test_an_unknown_fault_ends_in_one_sentence() -> None:
    """It names the nearest and where all are listed, with exit code 4."""
    ended = said("--fault", "storage-presigns-for-localhots")
    assert ended.returncode == 4
    assert ended.stdout == ""
    assert "storage-presigns-for-localhost" in ended.stderr
    assert "--list-faults" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_an_environment_file_that_cannot_be_written_ends_in_one_sentence(short: Path) -> None:
    """The way out is named, and nothing stays behind."""
    (short / "file").write_text("")
    ended = said("--environment", str(short / "file" / "environment.toml"))
    assert ended.returncode == 4
    assert len(ended.stderr.splitlines()) == 1
    assert "--environment" in ended.stderr


def test_every_fault_is_listed_with_its_incident() -> None:
    """Name, sentence and what it rehearses, for each."""
    ended = said("--list-faults")
    assert ended.returncode == 0
    for fault in FAULTS.values():
        assert (
            f"{fault.name}\n    {fault.sentence}\n    rehearses: {fault.rehearses}\n"
            in ended.stdout
        )


def test_two_replicas_stand_side_by_side(short: Path) -> None:
    """They share no port, no user and no file."""
    (short / "a").mkdir()
    (short / "b").mkdir()
    with ready(short / "a") as one, ready(short / "b") as other:
        first, second = (tomllib.loads(replica.environment.read_text()) for replica in (one, other))
    for host in ("apex", "api", "cdn", "plain"):
        assert first["hosts"][host] != second["hosts"][host]
    assert first["users"]["alice"]["id"] != second["users"]["alice"]["id"]


def test_production_trusts_and_opens_more(short: Path) -> None:
    """As in contract §2.5: a forged token opens user-service and not ops; internal paths are open;
    pages say less.
    """
    with ready(short, "--as", "production") as replica:
        visitor = Visitor.at(replica.environment)
        told = visitor.environment
        assert (told["name"], told["oauth"]["drivable"]) == ("replica-production", False)
        assert {"metrics", "prometheus", "loki", "cors"} <= set(told["exposure"]["closed"])
        alice = told["users"]["alice"]
        forged = jwt.encode({"sub": alice["id"], "email": alice["email"]}, "", "none")
        with visitor.http:
            asked = {
                path: visitor.get("api", path, Authorization=f"Bearer {forged}").status_code
                for path in ("/api/svc/user/api/users/me", "/api/ops/api/users/me")
            }
            assert list(asked.values()) == [200, 401]
            inside = f"/api/svc/user/api/internal/users/{alice['id']}/exists"
            assert visitor.get("api", inside).status_code == 200
            assert "x-frame-options" not in visitor.get("apex", "/").headers


def test_an_unknown_mode_is_refused() -> None:
    """The two that there are stand in the sentence."""
    ended = said("--as", "staging")
    assert ended.returncode != 0
    assert "'dev', 'production'" in ended.stderr
