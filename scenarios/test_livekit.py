"""Calls, as far as one can tell without a word being said: from LiveKit's name to the door of its
media.
"""

import pytest

from probes.auth.users import User
from probes.livekit.opener import OpenCalls
from probes.livekit.sdk.call import SdkCalls

pytestmark = pytest.mark.promise(owner="platform", incident="V6 §5")


async def test_a_call_can_be_joined(calls: OpenCalls) -> None:
    """Who dials LiveKit with a good token gets a seat: name, TLS, server, key, Redis and signalling
    are in order.
    """
    await calls().expect_joinable()


async def test_a_call_opened_in_the_app_can_be_joined(calls: OpenCalls, alice: User) -> None:
    """A call that a member opens in the app is joined by the very address and token that the app
    hands out.
    """
    await calls().expect_app_call(alice)


@pytest.mark.parametrize("stranger", ["livekit-dev", "chart", "compose", "random"])
async def test_a_key_that_anybody_has_opens_no_call(calls: OpenCalls, stranger: str) -> None:
    """A development key from a manual, or a made-up secret, gets nobody into a call."""
    await calls().expect_refusal(stranger)


async def test_its_inside_stays_hidden(calls: OpenCalls) -> None:
    """LiveKit shows the public nothing that is for its developers."""
    await calls().expect_hidden("/debug/goroutine")


async def test_the_server_is_the_promised_one(calls: OpenCalls) -> None:
    """Version and protocol are those that this environment was tested with."""
    await calls().expect_promised_version()


async def test_media_is_at_its_nodes(calls: OpenCalls) -> None:
    """What callers are told to dial is an address of a node, public, on the promised ports, and by
    TCP too.
    """
    await calls().expect_promised_addresses()


async def test_media_lets_callers_in(calls: OpenCalls, sdk_calls: SdkCalls) -> None:
    """A caller whom LiveKit has not called first gets through to media, by UDP and by TCP."""
    await calls().expect_open_media_ports(sdk_calls.connected_by)


async def test_a_relay_is_lent(calls: OpenCalls) -> None:
    """Who can reach nothing else gets a relay from each TURN server that is named."""
    await calls().expect_relays()
