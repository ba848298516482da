"""A run that is killed around the refresh of a token: the next run goes on, or says truly what
became of the token.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from probes.auth.signing_key import load_signer
from probes.config.environment_file import build, parse
from probes.state.store import open_state
from tests.conftest import Replica
from tests.support.replica_visitor import Visitor
from tests.test_refresh_race import Racer, environment, gives_pair, is_alive

POINTS = 20


@pytest.fixture
def visitor(replica: Replica) -> Iterator[Visitor]:
    visitor = Visitor.at(replica.environment)
    with visitor.http:
        yield visitor


def test_a_kill_around_a_refresh_loses_no_session_in_silence(
    replica: Replica, visitor: Visitor, tmp_path: Path
) -> None:
    """At twenty points of two runs at once: the other run has a living token, or the sentence says
    that a run of the probes has spent it.
    """
    where = f"file:{tmp_path / 'state.json'}"
    target = build(parse(replica.environment), "replica")
    signer, config, state = (
        load_signer(target.identity),
        target.users["alice"],
        open_state(where, 30),
    )
    assert signer
    assert state

    async def sow() -> bool:
        seed = {"refresh": signer.pair(config).refresh}
        return await state.swap("alice", await state.read("alice"), seed)

    survived = 0
    with closing(Racer(environment(replica, tmp_path, "two", where))) as lasting:
        lasting.wait_until_ready()
        round_s = _duration(lasting, sow)
        for point in range(POINTS):
            assert asyncio.run(sow())
            with closing(Racer(environment(replica, tmp_path, f"one-{point}", where))) as killed:
                killed.wait_until_ready()
                killed.go()
                time.sleep(round_s * point / POINTS)  # the point is the test's very subject
                killed.kill()
            lasting.go()
            kind, _, rest = lasting.told().partition(" ")
            if kind == "token":
                assert is_alive(visitor, rest), point
                assert gives_pair(visitor, asyncio.run(state.read("alice"))["refresh"]), point
                survived += 1
            else:
                assert "by a run of the probes" in rest, (point, rest)
    print(f"{survived} of {POINTS} sessions survived")
    assert survived >= POINTS // 2


def _duration(racer: Racer, sow: Callable[[], Coroutine[None, None, bool]]) -> float:
    """Seconds that a whole round takes here and now."""
    for _ in range(2):
        assert asyncio.run(sow())
        began = time.monotonic()
        racer.go()
        assert racer.told().startswith("token ")
    return time.monotonic() - began
