"""The worker as it is started: it tells why nobody can join, and leaves a call in order."""

import dataclasses

import pytest

from probes.finding import CannotAsk
from probes.livekit.sdk import worker_process
from probes.livekit.sdk.messages import Failed, Joined, Playing
from tests.probes.livekit.sdk.conftest import wish
from tests.support.sfu import Standing


async def test_who_is_refused_says_so(sfu: Standing) -> None:
    """The server's own word against a token comes first and last."""
    bad = dataclasses.replace(wish(sfu, "refused"), speaker="e30.e30.x", listener="e30.e30.x")
    call = await worker_process.made(bad)
    [failed] = call.facts
    assert isinstance(failed, Failed)
    assert failed.stage == "join"
    assert "signal failure" in failed.said
    assert "401" in failed.said


async def test_a_name_that_no_resolver_knows_leads_to_loopback(sfu: Standing) -> None:
    """The SDK finds a host under .localhost, which it could not find by itself."""
    port = sfu.livekit.address.rpartition(":")[2]
    there = dataclasses.replace(
        wish(sfu, "named", listens=False), url=f"ws://livekit.wealist.localhost:{port}"
    )
    async with worker_process.playing(there) as worker:
        assert [type(fact) for fact in worker.facts] == [Joined, Playing]


async def test_who_plays_is_in_the_room_and_leaves_it(sfu: Standing) -> None:
    """One is there for as long as the block lasts, and leaves as somebody does who hangs up."""
    async with worker_process.playing(wish(sfu, "play", listens=False)):
        assert (await sfu.server.state())["people"] == ["play/speaker"]
    assert (await sfu.server.state())["people"] == []


async def test_who_cannot_play_is_told_why(sfu: Standing) -> None:
    """A speaker whom the server refuses is nobody's broken promise."""
    bad = dataclasses.replace(wish(sfu, "refused", listens=False), speaker="e30.e30.x")
    with pytest.raises(CannotAsk, match="401"):
        async with worker_process.playing(bad):
            pytest.fail("nobody plays")
