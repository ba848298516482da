"""Real livekit-servers, which `make test-real` has built."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from replica.livekit import server_build
from tests.support import livekit_lab, livekit_namespace
from tests.support.livekit_lab import free_port
from tests.support.livekit_namespace import TURN_NAME


@dataclass(frozen=True, slots=True)
class TurnFiles:
    """Certificates for TURN_NAME: one that `ca` has signed, and one that nobody trusts."""

    ca: Path
    good: tuple[Path, Path]
    unknown: tuple[Path, Path]


@pytest.fixture(scope="session", autouse=True)
def servers() -> None:
    """All versions are there: a test of fewer would be green without asking."""
    missing = [v for v in server_build.VERSIONS if not server_build.server_path(v).is_file()]
    assert missing == [], f"build livekit-server {', '.join(missing)} with: make livekit"


@pytest.fixture(scope="session")
def _namespaces() -> None:
    if reason := livekit_namespace.why_impossible():
        pytest.skip(f"no network namespaces here: {reason}")


@pytest.fixture(scope="session")
def turn_files(tmp_path_factory: pytest.TempPathFactory) -> TurnFiles:
    folder, authority = tmp_path_factory.mktemp("turn"), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return TurnFiles(
        folder / "ca.pem",
        _issue(authority, folder / "good"),
        _issue(trustme.CA(), folder / "unknown"),
    )


def _issue(authority: trustme.CA, stem: Path) -> tuple[Path, Path]:
    issued = authority.issue_cert(TURN_NAME)
    certificate, key = stem.with_suffix(".crt"), stem.with_suffix(".key")
    certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return certificate, key


@dataclass(frozen=True, slots=True)
class Redis:
    """A Redis on loopback, and its process."""

    port: int
    process: subprocess.Popen[bytes]


@pytest.fixture
def redises(tmp_path: Path) -> Iterator[list[Redis]]:
    """One for each version: nodes that share one are one cluster. Skipped where there is none."""
    with running_redises(tmp_path, len(server_build.VERSIONS)) as found:
        yield found


@contextmanager
def running_redises(folder: Path, count: int) -> Iterator[list[Redis]]:
    """So many, for as long as the block lasts. Skips the test where there is no redis-server."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is missing; on Debian: apt-get install redis-server")
    found = [_start_redis(folder) for _ in range(count)]
    try:
        yield found
    finally:
        for redis in found:
            redis.process.kill()
            redis.process.wait()


def _start_redis(folder: Path) -> Redis:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    livekit_lab.wait_for_port(port)
    return Redis(port, process)
