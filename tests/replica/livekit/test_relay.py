"""The relay that lends nothing."""

import asyncio

import pytest
from aioice import stun, turn

from tests.support.sfu import RunningStandIn


async def test_an_honest_server_names_no_relay(sfu: RunningStandIn) -> None:
    """Nor any STUN server of somebody else's, whom SDKs and browsers would ask."""
    async with sfu.joined() as context:
        assert list(context.first.join.ice_servers) == []


async def test_the_named_relay_refuses_its_own_password(sfu: RunningStandIn) -> None:
    """With 401, to who signs with what came with its address."""
    await sfu.lie("livekit-turn-refuses")
    async with sfu.joined() as context:
        (named,) = context.first.join.ice_servers
    (url,) = named.urls
    assert url.startswith("turn:127.0.0.1:")
    port = int(url.rpartition(":")[2].partition("?")[0])
    with pytest.raises(stun.TransactionFailed) as failed:
        await turn.create_turn_endpoint(
            asyncio.DatagramProtocol,
            ("127.0.0.1", port),
            username=named.username,
            password=named.credential,
        )
    assert failed.value.response.attributes["ERROR-CODE"] == (401, "Unauthorized")
