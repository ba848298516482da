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

from replica.livekit.node import LiveKitNode
from replica.livekit.relay import RefusingTurn

Address = tuple[str, int]

DTLS = range(20, 64)  # the first byte, RFC 7983
RTP = range(128, 192)
RTCP = range(200, 208)  # the second byte of what RTP's range has, RFC 5761
FRAME_BYTES = 2  # bytes of length in front of each datagram, RFC 4571
EVERY = 10
ALL_BLOCKED = "livekit-ports-are-closed"
UDP_BLOCKED = "livekit-udp-is-blocked"
STATEFUL = "livekit-firewall-is-stateful"


class MediaSockets:
    """All ways in and out of one node, and the relay that it may name."""

    def __init__(self, node: LiveKitNode) -> None:
        self.node = node
        self.ice_sockets: dict[str, IceSocket] = {}
        self.relay = RefusingTurn()
        self.tcp_only: set[str] = set()  # ICE user names of those who are to use TCP
        self._listener: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._sent = 0

    @property
    def offers_tcp(self) -> bool:
        return not self.node.is_fault_active("livekit-offers-no-tcp")

    @property
    def _takes_tcp(self) -> bool:
        return (
            self.offers_tcp
            and not self.node.is_fault_active(ALL_BLOCKED)
            and not self.node.is_fault_active(STATEFUL)
        )

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
        closed = self.node.is_fault_active(UDP_BLOCKED) or self.node.is_fault_active(ALL_BLOCKED)
        return not closed and ufrag not in self.tcp_only

    def passes(self, data: bytes) -> bool:
        """Whether the keys' handshake may pass."""
        return not (
            self.node.is_fault_active("livekit-dtls-fails") and data[:1] and data[0] in DTLS
        )

    def sends(self, data: bytes) -> bool:
        """Whether a packet reaches the user."""
        if data[0] not in RTP or data[1] in RTCP:
            return self.passes(data)
        self._sent += 1
        lost = self.node.is_fault_active("livekit-loses-packets") and self._sent % EVERY == 0
        return not lost and not self.node.is_fault_active("livekit-drops-media")

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)
        peer: Address = writer.get_extra_info("peername")
        ice_socket: IceSocket | None = None
        try:
            async for data in _frames(reader):
                if ice_socket is None:
                    ice_socket = self.ice_sockets[_user_name_of(data)]
                    ice_socket.streams[peer] = writer
                ice_socket.take(data, peer)
        except (KeyError, ValueError):  # no check of ICE, or one for nobody who is here
            pass
        finally:
            self._streams.discard(writer)
            if ice_socket is not None:
                ice_socket.streams.pop(peer, None)
            writer.close()


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            size = int.from_bytes(await reader.readexactly(FRAME_BYTES), "big")
            yield await reader.readexactly(size)


def _user_name_of(data: bytes) -> str:
    """The ICE user name on our side that a check names. Raises KeyError, ValueError."""
    return str(stun.parse_message(data).attributes["USERNAME"]).partition(":")[0]


class IceSocket(ice.StunProtocol):
    """A UDP socket of aioice's behind the wire's rules, with TCP streams as further ways in."""

    media: MediaSockets

    def __init__(self, receiver: ice.Connection) -> None:
        super().__init__(receiver)
        self.ufrag = receiver.local_username
        self.streams: dict[Address, asyncio.StreamWriter] = {}
        self.callees: set[Address] = set()
        self.media.ice_sockets[self.ufrag] = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._udp = cast("asyncio.DatagramTransport", transport)
        super().connection_made(cast("asyncio.DatagramTransport", RoutedTransport(self, self._udp)))

    def connection_lost(self, exc: Exception | None) -> None:
        self.media.ice_sockets.pop(self.ufrag, None)
        for writer in tuple(self.streams.values()):
            writer.close()
        super().connection_lost(exc)

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        peer = (addr[0], addr[1])
        unasked = self.media.node.is_fault_active(STATEFUL) and peer not in self.callees
        if self.media.passes_udp(self.ufrag) and not unasked:
            self.take(cast("bytes", data), peer)

    def take(self, data: bytes, peer: Address) -> None:
        """Hand in what has come by either way."""
        if self.media.passes(data):
            super().datagram_received(data, peer)

    def send(self, data: bytes, peer: Address) -> None:
        """Send by the way that leads to the peer."""
        if not self.media.sends(data):
            return
        if (writer := self.streams.get(peer)) is not None:
            writer.write(len(data).to_bytes(FRAME_BYTES, "big") + data)
        elif self.media.passes_udp(self.ufrag):
            self.callees.add(peer)
            self._udp.sendto(data, peer)


class RoutedTransport(asyncio.DatagramTransport):
    """What aioice takes for its socket."""

    def __init__(self, ice_socket: IceSocket, udp: asyncio.DatagramTransport) -> None:
        super().__init__()
        self._gate, self._udp = ice_socket, udp

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


def install(media: MediaSockets) -> None:
    """Have aioice, which asks its own module for both, use this wire and no address but the
    node's.
    """
    ice_socket = type("IceSocket", (IceSocket,), {"media": media})
    vars(ice)["StunProtocol"] = ice_socket
    vars(ice)["get_host_addresses"] = lambda **_kinds: [media.node.address]
