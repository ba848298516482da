"""Where the server says that it is."""

import json

import pytest

from tests.support.sfu import RunningStandIn


async def advertised(sfu: RunningStandIn) -> list[tuple[str, str, int]]:
    """Protocol, host and port of every candidate."""
    async with sfu.joined() as context:
        _, candidates = await context.told()
    lines = [json.loads(trickle.candidateInit)["candidate"].split() for trickle in candidates]
    return [(line[2], line[4], int(line[5])) for line in lines]


async def test_media_is_where_the_server_is(sfu: RunningStandIn) -> None:
    """A UDP port of its own, and the one for TCP."""
    udp, tcp = await advertised(sfu)
    assert udp[:2] == ("udp", "127.0.0.1")
    assert tcp == ("tcp", "127.0.0.1", sfu.livekit.tcp_port)


@pytest.mark.parametrize(
    ("fault", "host"),
    [
        ("livekit-advertises-private-address", "10.0.11.27"),
        ("livekit-advertises-nat-gateway", "203.0.113.7"),
    ],
)
async def test_a_wrong_address_is_named_for_both(
    sfu: RunningStandIn, fault: str, host: str
) -> None:
    """UDP and TCP alike, at the ports that are really there."""
    await sfu.lie(fault)
    udp, tcp = await advertised(sfu)
    assert (udp[1], tcp[1:]) == (host, (host, sfu.livekit.tcp_port))


async def test_a_server_without_tcp_names_none(sfu: RunningStandIn) -> None:
    """And still says which candidate is the last."""
    await sfu.lie("livekit-offers-no-tcp")
    assert [protocol for protocol, _, _ in await advertised(sfu)] == ["udp"]
