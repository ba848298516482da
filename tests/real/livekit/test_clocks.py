"""A server whose clock differs from that of whoever signs tokens: on every version one code, one
cause, and by how much.

Nothing makes a clock of the server's own wrong here: a static Go program loads no library that
would (libfaketime), and a time namespace moves CLOCK_MONOTONIC and CLOCK_BOOTTIME only
(time_namespaces(7)). Who signs and who checks differ just the same when the signer's is moved.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes import clock
from probes.finding import Code
from tests.real.livekit.test_broken import JOINED, of
from tests.support.livekit_worlds import ByVersion, expect_codes, on_loopback

HOUR_S, A_LATE_ANSWER_S = 3600.0, 60.0


@pytest.fixture(params=[-HOUR_S, HOUR_S], ids=["server ahead", "server behind"])
def told(request: pytest.FixtureRequest) -> Iterator[str]:
    """How far the server's clock is from ours, which is moved for as long as the test lasts."""
    clock.correct_by(request.param)
    yield "ahead" if request.param < 0 else "behind"
    clock.correct_by(0.0)


async def test_clocks_that_differ_by_an_hour_are_named(tmp_path: Path, told: str) -> None:
    """Every fresh token has expired, or is not valid yet; the Date of the answer says why."""
    asked: list[ByVersion] = []

    async def ask() -> ByVersion:
        asked.append(await on_loopback(tmp_path, {}, {}))
        return asked[-1]

    await expect_codes(ask, of(Code.LIVEKIT_CLOCK_SKEW, *JOINED), "clocks")
    for version, verdicts in asked[-1].items():
        observed = verdicts["joinable"].observed
        off = re.search(rf"its clock is (\d+) s {told}", observed)
        assert off, (version, observed)
        assert abs(int(off[1]) - HOUR_S) < A_LATE_ANSWER_S, (version, observed)
