"""The ways that media takes: aioice's UDP sockets and one TCP port (RFC 4571), each behind what the
faults leave open.

aioice gathers on every address but loopback and knows no TCP; here it sits on loopback alone, and a
TCP stream whose first check names one of its connections is one more way in.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

from aioice import ice, stun

from replica.livekit.node import Node
from replica.livekit.relay import Relay

Address = tuple[str, int]

DTLS = range(20, 64)  # the first byte, RFC 7983
RTP = range(128, 192)
RTCP = range(200, 208)  # the second byte of what RTP's range has, RFC 5761
FRAME = 2  # bytes of length in front of each datagram, RFC 4571
EVERY = 10
ALL_BLOCKED = "livekit-ports-are-closed"
UDP_BLOCKED = "livekit-udp-is-blocked"
STATEFUL = "livekit-firewall-is-stateful"


class Wire:
    """All ways in and out of one node, and the relay that it may name."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.gates: dict[str, Gate] = {}
        self.relay = Relay()
        self.tcp_only: set[str] = set()  # ICE user names of those who are to use TCP
        self._listener: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._sent = 0

    @property
    def offers_tcp(self) -> bool:
        return not self.node.lies("livekit-offers-no-tcp")

    @property
    def _takes_tcp(self) -> bool:
        return self.offers_tcp and not self.node.lies(ALL_BLOCKED) and not self.node.lies(STATEFUL)

    async def open(self) -> None:
        """Open what the faults leave open."""
        await self.relay.open(self.node.address)
        await self.apply()

    async def apply(self) -> None:
        """Open or close the TCP port as the faults have it."""
        if self._takes_tcp and self._listener is None:
            self._listener = await asyncio.start_server(
                self._stream, self.node.address, self.node.tcp_port, reuse_port=True
            )
        elif not self._takes_tcp:
            await self.close()

    async def close(self) -> None:
        """Close the TCP port and all that came over it."""
        for writer in tuple(self._streams):
            writer.transport.abort()
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()
            self._listener = None

    def passes_udp(self, ufrag: str) -> bool:
        closed = self.node.lies(UDP_BLOCKED) or self.node.lies(ALL_BLOCKED)
        return not closed and ufrag not in self.tcp_only

    def passes(self, data: bytes) -> bool:
        """Whether the keys' handshake may pass."""
        return not (self.node.lies("livekit-dtls-fails") and data[:1] and data[0] in DTLS)

    def sends(self, data: bytes) -> bool:
        """Whether a packet reaches the user."""
        if data[0] not in RTP or data[1] in RTCP:
            return self.passes(data)
        self._sent += 1
        lost = self.node.lies("livekit-loses-packets") and self._sent % EVERY == 0
        return not lost and not self.node.lies("livekit-drops-media")

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)
        peer: Address = writer.get_extra_info("peername")
        gate: Gate | None = None
        try:
            async for data in _frames(reader):
                if gate is None:
                    gate = self.gates[_wanted(data)]
                    gate.streams[peer] = writer
                gate.take(data, peer)
        except (KeyError, ValueError):  # no check of ICE, or one for nobody who is here
            pass
        finally:
            self._streams.discard(writer)
            if gate is not None:
                gate.streams.pop(peer, None)
            writer.close()


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            size = int.from_bytes(await reader.readexactly(FRAME), "big")
            yield await reader.readexactly(size)


def _wanted(data: bytes) -> str:
    """The ICE user name on our side that a check names. Raises KeyError, ValueError."""
    return str(stun.parse_message(data).attributes["USERNAME"]).partition(":")[0]


class Gate(ice.StunProtocol):
    """A UDP socket of aioice's behind the wire's rules, with TCP streams as further ways in."""

    wire: Wire

    def __init__(self, receiver: ice.Connection) -> None:
        super().__init__(receiver)
        self.ufrag = receiver.local_username
        self.streams: dict[Address, asyncio.StreamWriter] = {}
        self.called: set[Address] = set()
        self.wire.gates[self.ufrag] = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._udp = cast("asyncio.DatagramTransport", transport)
        super().connection_made(cast("asyncio.DatagramTransport", Ways(self, self._udp)))

    def connection_lost(self, exc: Exception | None) -> None:
        self.wire.gates.pop(self.ufrag, None)
        for writer in tuple(self.streams.values()):
            writer.close()
        super().connection_lost(exc)

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        peer = (addr[0], addr[1])
        unasked = self.wire.node.lies(STATEFUL) and peer not in self.called
        if self.wire.passes_udp(self.ufrag) and not unasked:
            self.take(cast("bytes", data), peer)

    def take(self, data: bytes, peer: Address) -> None:
        """Hand in what has come by either way."""
        if self.wire.passes(data):
            super().datagram_received(data, peer)

    def send(self, data: bytes, peer: Address) -> None:
        """Send by the way that leads to the peer."""
        if not self.wire.sends(data):
            return
        if (writer := self.streams.get(peer)) is not None:
            writer.write(len(data).to_bytes(FRAME, "big") + data)
        elif self.wire.passes_udp(self.ufrag):
            self.called.add(peer)
            self._udp.sendto(data, peer)


class Ways(asyncio.DatagramTransport):
    """What aioice takes for its socket."""

    def __init__(self, gate: Gate, udp: asyncio.DatagramTransport) -> None:
        super().__init__()
        self._gate, self._udp = gate, udp

    def sendto(self, data: Any, addr: Any = None) -> None:
        self._gate.send(bytes(data), (addr[0], addr[1]))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._udp.get_extra_info(name, default)

    def close(self) -> None:
        self._udp.close()

    def abort(self) -> None:
        self._udp.abort()

    def is_closing(self) -> bool:
        return self._udp.is_closing()


def lay(wire: Wire) -> None:
    """Have aioice, which asks its own module for both, use this wire and no address but the
    node's.
    """
    gate = type("Gate", (Gate,), {"wire": wire})
    vars(ice)["StunProtocol"] = gate
    vars(ice)["get_host_addresses"] = lambda **_kinds: [wire.node.address]
