"""A TURN server lends a relay to who has its credentials, and takes it back; every way it does not
is told.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aioice import stun

from probes.config.environment import Target
from probes.config.livekit import LiveKit
from probes.finding import Code
from probes.livekit import turn
from probes.livekit.signalling import IceServer
from probes.livekit.turn import TurnResult, allocate_all, explain_turn

REALM, NONCE = "turn.example.org", b"nonce"


class Turn(asyncio.DatagramProtocol):
    """As little of RFC 8656 as lends one relay: `refuses` says no to whatever credentials."""

    def __init__(self, *, refuses: bool = False, unsigned: int = 401) -> None:
        self.refuses, self.unsigned = refuses, unsigned  # the error that refuses what was signed
        self.given_back = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = stun.parse_message(data)
        signed = "MESSAGE-INTEGRITY" in asked.attributes
        refused = not signed or self.refuses
        kind = stun.Class.ERROR if refused else stun.Class.RESPONSE
        reply = stun.Message(asked.message_method, kind, asked.transaction_id)
        if refused:
            reply.attributes |= {
                "ERROR-CODE": (self.unsigned, "Bad") if signed else (401, "Unauthorized"),
                "REALM": REALM,
                "NONCE": NONCE,
            }
            self._transport.sendto(bytes(reply), addr)
            return
        reply.attributes["LIFETIME"] = asked.attributes.get("LIFETIME", 600)
        if asked.message_method == stun.Method.ALLOCATE:
            reply.attributes["XOR-RELAYED-ADDRESS"] = ("127.0.0.1", 49152)
            reply.attributes["XOR-MAPPED-ADDRESS"] = addr
        elif asked.attributes["LIFETIME"] == 0:
            self.given_back.set()
        reply.add_message_integrity(long_term("u", "secret-credential"))
        self._transport.sendto(bytes(reply), addr)


def long_term(username: str, password: str) -> bytes:
    """RFC 8489 section 9.2.2; MD5 is the protocol's."""
    return hashlib.md5(f"{username}:{REALM}:{password}".encode()).digest()  # noqa: S324


@asynccontextmanager
async def lending(turn: Turn) -> AsyncIterator[str]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: turn, local_addr=("127.0.0.1", 0)
    )
    with contextlib.closing(transport):
        yield f"turn:localhost:{transport.get_extra_info('sockname')[1]}?transport=udp"


def of(*urls: str) -> list[IceServer]:
    return [IceServer(urls, "u", "secret-credential")]


async def test_a_relay_is_lent_and_given_back(target: Target) -> None:
    """Allocated, then released: none of ours is left at the server."""
    turn = Turn()
    async with lending(turn) as url:
        (came,) = await allocate_all(target, of("stun:stun.example.org:3478", url))
        assert (came.relay, came.url) == ("127.0.0.1:49152", url)
        assert turn.given_back.is_set()


async def test_credentials_that_are_refused_are_told(target: Target) -> None:
    """With the server's own words."""
    async with lending(Turn(refuses=True)) as url:
        (came,) = await allocate_all(target, of(url))
    assert came.relay == ""
    assert "refused with 401" in came.detail


async def test_a_refusal_that_nobody_signed_is_no_silence(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pion's server, which is LiveKit's own, says 400 to a password that it does not know."""
    monkeypatch.setattr(turn, "TIMEOUT_S", 0.5)
    async with lending(Turn(refuses=True, unsigned=400)) as url:
        (came,) = await allocate_all(target, of(url))
    assert came.detail == "refused with 400 Bad"
    finding = explain_turn([came], LiveKit("wss://x", "K", "S"))
    assert finding
    assert "the credentials" in finding.cause


async def test_a_server_that_is_silent_is_told(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while; it is not waited for like a call."""
    monkeypatch.setattr(turn, "TIMEOUT_S", 0.2)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    with contextlib.closing(transport):
        port = transport.get_extra_info("sockname")[1]
        (came,) = await allocate_all(target, of(f"turn:127.0.0.1:{port}"))
    assert (came.relay, came.detail) == ("", "no answer within 0.2 s")


@pytest.mark.parametrize(
    "url", ["turn:127.0.0.1:1?transport=tcp", "turns:localhost:1?transport=tcp", "turn:"]
)
async def test_a_way_that_leads_nowhere_is_told(target: Target, url: str) -> None:
    """A port that nobody holds, or no address at all."""
    (came,) = await allocate_all(target, of(url))
    assert came.relay == ""
    assert "connection failed" in came.detail or "no TURN URL" in came.detail


@pytest.mark.parametrize(("username", "credential"), [("", ""), ("u", ""), ("", "secret")])
async def test_a_server_without_credentials_is_named_before_it_is_asked(
    target: Target, username: str, credential: str
) -> None:
    """No client begins a connection with it (W3C WebRTC 4.4.1.6), so a relay that answers proves
    nothing.
    """
    promised = LiveKit("wss://x", "K", "S")
    async with lending(Turn()) as url:
        results = await allocate_all(target, [IceServer((url,), username, credential)])
    finding = turn.credentials_finding(results, promised)
    assert finding
    assert "rtc.turn_servers: username and credential" in finding.cause
    assert turn.credentials_finding([TurnResult("turn:a", "", "no answer")], promised) is None


@pytest.mark.parametrize(
    ("tried", "turn", "wanted"),
    [
        ([TurnResult("turn:a", "203.0.113.7:1", "lent a relay")], True, None),
        ([], False, None),
        ([], True, Code.LIVEKIT_TURN_REFUSED),
        (
            [TurnResult("turn:a", "203.0.113.7:1", ""), TurnResult("turns:b", "", "refused")],
            False,
            Code.LIVEKIT_TURN_REFUSED,
        ),
    ],
)
def test_each_that_is_offered_must_lend(
    tried: list[TurnResult], turn: bool, wanted: Code | None
) -> None:
    """One that does not is told, and so is one that was promised and is not there."""
    finding = explain_turn(tried, LiveKit("wss://x", "K", "S", turn=turn))
    assert (finding.code if finding else None) == wanted
