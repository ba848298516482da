"""Two people, by the SDK that weAlist's own services would use."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.sfu import RunningStandIn

ROOT = Path(__file__).parents[3]
HELLO = ["hello", "test", "alice"]


async def talked(sfu: RunningStandIn) -> dict[str, Any]:
    """What the two got out of it."""
    tokens = [sfu.token(who, "talking") for who in ("alice", "bob")]
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.support.livekit_call", sfu.livekit.url, *tokens],
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert out, errors.decode()
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("faults", "way"),
    [
        ((), "udp"),
        (("livekit-is-another-version",), "udp"),
        (("livekit-udp-is-blocked",), "tcp"),
        (("livekit-firewall-is-stateful",), "udp"),
    ],
    ids=["two-connections", "one-connection", "over-tcp", "by-hole-punching"],
)
async def test_people_talk(sfu: RunningStandIn, faults: tuple[str, ...], way: str) -> None:
    """Data reliable and lossy and a tone of 1 kHz arrive from who sent them, whichever way they
    have to go.
    """
    await sfu.lie(*faults)
    found = await talked(sfu)
    assert found["packets"] == [[*HELLO, True], [*HELLO, False]]
    assert found["hertz"] == pytest.approx(1000, abs=10)
    assert found["ways"] == [way]
    state = await sfu.server.state()
    assert "talking/alice" not in state["people"]
