"""A TURN server that lends nothing (RFC 8656 §7): LiveKit's built-in one with a secret that is not
the one it gave out.

The stand-in has no relay that works: honest, it names none, as weAlist's chart does (`turn.enabled:
false`).
"""

import asyncio
import secrets
from typing import Any

from aioice import stun
from livekit.protocol import rtc

from replica.livekit.node import LiveKitNode

REALM = "livekit"
FAULT = "livekit-turn-refuses"


class RefusingTurn(asyncio.DatagramProtocol):
    """Answers whoever wants a relay with 401, with his password as without one."""

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(8).encode()
        self._udp: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        port: int = self._udp.get_extra_info("sockname")[1] if self._udp else 0
        return port

    async def open(self, host: str) -> None:
        """Listen on a port of its own."""
        self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, (host, 0)
        )

    def close(self) -> None:
        if self._udp:
            self._udp.close()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        try:
            asked = stun.parse_message(data)
        except ValueError:
            return
        if asked.message_class == stun.Class.REQUEST and self._udp:
            self._udp.sendto(bytes(self._refusal(asked)), addr)

    def _refusal(self, asked: stun.Message) -> stun.Message:
        no = stun.Message(asked.message_method, stun.Class.ERROR, asked.transaction_id)
        no.attributes["ERROR-CODE"] = (401, "Unauthorized")
        no.attributes["REALM"], no.attributes["NONCE"] = REALM, self._nonce
        return no


def ice_servers(node: LiveKitNode, relay: RefusingTurn) -> list[rtc.ICEServer]:
    """What somebody who joins is told of relays. LiveKit names public STUN servers too; nobody is
    to be asked here.
    """
    if not node.is_fault_active(FAULT):
        return []
    url = f"turn:{node.address}:{relay.port}?transport=udp"
    return [
        rtc.ICEServer(
            urls=[url], username=secrets.token_hex(4), credential=secrets.token_urlsafe(12)
        )
    ]
