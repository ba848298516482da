"""Two runs at once on one refresh token that rotates: neither fails, and the token that is kept is
the living one.
"""

import asyncio
import contextlib
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from probes.auth.signing_key import load_signer
from probes.config.environment_file import build, parse
from probes.state.store import State, open_state
from replica.environment import toml
from tests.conftest import ROOT, Replica
from tests.support.cluster import Cluster
from tests.support.replica_visitor import Visitor

ROUNDS = 20


class Racer:
    """A process that signs in whenever it is told to."""

    def __init__(self, environment: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.concurrent_refresh", str(environment)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._ears, self._mouth = self._process.stdin, self._process.stdout

    def go(self, order: str = "go") -> None:
        self._ears.write(f"{order}\n")
        self._ears.flush()

    def told(self) -> str:
        return self._mouth.readline().strip()

    def wait_until_ready(self) -> None:
        """Its modules are loaded."""
        assert self.told() == "ready"

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._ears.close()
        self._process.wait(60)
        self._mouth.close()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    cluster = Cluster()
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig(tmp_path)))
    yield cluster
    cluster.close()


def environment(replica: Replica, folder: Path, name: str, state: str) -> Path:
    """The replica's, as production's is: with nothing but a refresh token to sign in with."""
    tables: dict[str, Any] = tomllib.loads(replica.environment.read_text())
    users = tables.pop("users")
    tables.pop("cluster", None)  # nested tables, which no one here asks about
    tables |= {f"users.{who}": config for who, config in users.items()}
    tables["identity"] = {"way": "refresh-token", "state": state}
    path = folder / f"{name}.toml"
    path.write_text(toml(tables.pop("name"), tables), "utf-8")
    return path


def is_alive(visitor: Visitor, token: str) -> bool:
    """Whether auth-service takes the access token for valid."""
    url = f"{visitor.environment['hosts']['api']}/api/svc/auth/api/auth/validate"
    return bool(visitor.http.post(url, json={"token": token}).json()["valid"])


def gives_pair(visitor: Visitor, refresh_token: str) -> bool:
    """Whether auth-service gives a pair for it, which spends it."""
    url = f"{visitor.environment['hosts']['api']}/api/svc/auth/api/auth/refresh"
    return bool(visitor.http.post(url, json={"refreshToken": refresh_token}).status_code == 200)


def await_next_second() -> None:
    """Tokens count in seconds and carry no number of their own (contract 2.2): two that are made
    in the same second are the same, and spent together.
    """
    time.sleep(1 - time.time() % 1)


@pytest.mark.parametrize("kind", ["file", "secret"])
def test_two_runs_at_once_lose_no_refresh_token(
    kind: str, replica: Replica, cluster: Cluster, tmp_path: Path
) -> None:
    """Twenty times: one of them refreshes, the other goes on with what that one has kept."""
    where = f"file:{tmp_path / 'state.json'}" if kind == "file" else "secret:probes/tokens"
    replica_target = build(parse(replica.environment), "replica")
    mint, config = load_signer(replica_target.identity), replica_target.users["alice"]
    state, visitor = open_state(where, 30), Visitor.at(replica.environment)
    assert mint
    assert state
    with ExitStack() as stack:
        stack.enter_context(visitor.http)
        racers = [
            stack.enter_context(closing(Racer(environment(replica, tmp_path, name, where))))
            for name in ("one", "two")
        ]
        for racer in racers:
            racer.wait_until_ready()
        for number in range(ROUNDS):
            await_next_second()
            seed = mint.pair(config).refresh
            assert asyncio.run(_sown(state, seed))
            for racer in racers:
                racer.go()
            told = [racer.told() for racer in racers]
            kept = asyncio.run(state.read("alice"))
            assert [word.partition(" ")[0] for word in told] == ["token", "token"], (number, told)
            assert all(is_alive(visitor, word.partition(" ")[2]) for word in told), number
            assert kept["refresh"] != seed, number
            assert gives_pair(visitor, kept["refresh"]), number
            assert not gives_pair(visitor, seed), number


async def _sown(state: State, seed: str) -> bool:
    return await state.swap("alice", await state.read("alice"), {"refresh": seed})
