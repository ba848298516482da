"""A run that is killed around the refresh of a token: the next run goes on, or says truly what
became of the token.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from probes.auth.signing_key import load_signer
from probes.config.environment_file import build, parse
from probes.state.store import State, open_state
from tests.conftest import Replica
from tests.support.replica_visitor import Visitor
from tests.test_refresh_race import (
    Racer,
    await_next_second,
    environment,
    gives_pair,
    is_alive,
)

POINTS = 20  # at least
ASKS = "send_request_headers.started"


@pytest.fixture
def visitor(replica: Replica) -> Iterator[Visitor]:
    visitor = Visitor.at(replica.environment)
    with visitor.http:
        yield visitor


def test_a_kill_around_a_refresh_loses_no_session_in_silence(
    replica: Replica, visitor: Visitor, tmp_path: Path
) -> None:
    """At each point of two runs at once: the other run has a living token, or the sentence says
    that a run of the probes has spent it. Killed before it asked or after it saved, none is lost.
    """
    where = f"file:{tmp_path / 'state.json'}"
    sow, state = _seeds(replica, where)
    lost = dict[str, str]()
    with closing(Racer(environment(replica, tmp_path, "two", where))) as lasting:
        lasting.wait_until_ready()
        points = _points(lasting, sow)
        for number, point in enumerate(points, 1):
            sow()
            with closing(Racer(environment(replica, tmp_path, f"one-{number}", where))) as killed:
                killed.wait_until_ready()
                killed.go(f"stop {number}")
                assert killed.told().startswith("at "), point
                lasting.go()
                killed.kill()
            kind, _, rest = lasting.told().partition(" ")
            if kind == "token":
                assert is_alive(visitor, rest), point
                assert gives_pair(visitor, asyncio.run(state.read("alice"))["refresh"]), point
            else:
                assert "by a run of the probes" in rest, (point, rest)
                lost[f"{number} {point}"] = rest
    print(f"{len(points) - len(lost)} of {len(points)} sessions survived; lost at {[*lost]}")
    asked, saved = points.index(ASKS) + 1, len(points) - points[::-1].index("swap.complete")
    spending = {f"{number} {points[number - 1]}" for number in range(asked + 1, saved)}
    assert lost.keys() <= spending


def _points(racer: Racer, sow: Callable[[], None]) -> list[str]:
    """The points of a round, in their order."""
    sow()
    racer.go("points")
    points = racer.told().split()
    assert racer.told().startswith("token ")
    assert len(points) >= POINTS, points
    return points


def _seeds(replica: Replica, where: str) -> tuple[Callable[[], None], State]:
    """What puts a good refresh token into the store; the store."""
    target = build(parse(replica.environment), "replica")
    signer, config, state = (
        load_signer(target.identity),
        target.users["alice"],
        open_state(where, 30),
    )
    assert signer
    assert state

    async def seed() -> bool:
        fresh = {"refresh": signer.pair(config).refresh}
        return await state.swap("alice", await state.read("alice"), fresh)

    def sow() -> None:
        await_next_second()
        assert asyncio.run(seed())

    return sow, state
