"""As little of LiveKit as the ladder needs, on loopback: its answers, a join, and an ICE agent that
reads checks.
"""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jwt
from aioice import stun
from livekit.protocol.models import ServerInfo
from livekit.protocol.rtc import (
    ICEServer,
    JoinResponse,
    LeaveRequest,
    SessionDescription,
    SignalRequest,
    SignalResponse,
    SignalTarget,
    TrickleRequest,
)

from probes.config.livekit import LiveKit
from probes.livekit.tokens import Access
from replica.infra.app_servers import serve_apps

ACCESS = Access("APItest", "a-secret-that-nobody-else-knows-0123456789")
UFRAG, PASSWORD = "theirs", "a-password-of-at-least-22-characters"
OFFER = f"""v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0
a=msid-semantic:WMS *
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:0
a=ice-ufrag:{UFRAG}
a=ice-pwd:{PASSWORD}
a=setup:actpass
m=audio 9 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 0.0.0.0
a=mid:1
"""
NO_PERMISSIONS = (401, b"no permissions to access the room")


@dataclass(eq=False)
class FakeNode:
    """What the node says; a test has it lie by changing that. `heard` is what it was told."""

    port: int = 0
    udp: int = 0
    tcp: int = 0
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    welcomes: bool = True  # whether it says anything to who joins
    trickles: bool = False  # candidates follow the offer
    ends: bool = True  # and it is said which is the last
    deaf: tuple[str, ...] = ()  # transports whose checks it does not answer
    host: str = "127.0.0.1"
    version: str = "1.7.2"
    relays: tuple[ICEServer, ...] = ()
    heard: list[SignalRequest] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    joins: int = 0
    goodbye: asyncio.Event = field(
        default_factory=asyncio.Event
    )  # set when who joined says that it leaves

    def __post_init__(self) -> None:
        self._ports = (self.port, self.udp, self.tcp)

    def settle(self) -> None:
        """Keep the ports that it has got."""
        self._ports = (self.port, self.udp, self.tcp)

    def forget(self) -> None:
        """Be as it was when it stood up."""
        ports = self._ports
        self.__dict__ |= FakeNode(*ports).__dict__

    @property
    def promised(self) -> LiveKit:
        return LiveKit(
            f"ws://livekit.localhost:{self.port}",
            "KEY",
            "SECRET",
            version="1.7.2",
            protocol=14,
            nodes=("127.0.0.0/8",),
            tcp_port=self.tcp,
        )

    @property
    def candidates(self) -> list[str]:
        udp = f"candidate:1 1 udp 2130706431 {self.host} {self.udp} typ host"
        tcp = f"candidate:2 1 tcp 1671430143 {self.host} {self.tcp} typ host tcptype passive"
        return [udp, tcp]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._join(scope, receive, send)
        elif scope["type"] == "http":
            status, body = await self._answered(scope, receive)
            kind = b"text/html" if body.startswith(b"<") else b"text/plain"
            headers = [(b"access-control-allow-origin", b"*"), (b"content-type", kind)]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    async def _answered(self, scope: Any, receive: Any) -> tuple[int, bytes]:
        path, token = (
            scope["path"],
            dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer "),
        )
        if path in self.answers:
            return self.answers[path]
        if path.startswith("/twirp/"):
            return 200, json.dumps(
                self._twirp(path, json.loads((await receive())["body"]))
            ).encode()
        return {"/": (200, b"OK"), "/rtc/validate": self._validated(token)}.get(
            path, (404, b"404 page not found")
        )

    def _validated(self, token: str) -> tuple[int, bytes]:
        if not token:
            return NO_PERMISSIONS
        if jwt.decode(token, options={"verify_signature": False})["iss"] != ACCESS.key:
            return 401, b"invalid API key: somebody"
        try:
            jwt.decode(token, ACCESS.secret, algorithms=["HS256"])
        except jwt.InvalidTokenError as error:
            return 401, f"invalid token: {token}, error: {error}".encode()
        return 200, b"success"

    def _twirp(self, path: str, wish: dict[str, Any]) -> dict[str, Any]:
        if path.endswith("DeleteRoom"):
            self.removed.append(wish["room"])
            return {}
        return {"rooms": [{"name": room} for room in self.rooms]}

    async def _join(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if "/rtc" in self.answers:
            status, body = self.answers["/rtc"]
            await send({"type": "websocket.http.response.start", "status": status, "headers": []})
            await send({"type": "websocket.http.response.body", "body": body})
            return
        await send({"type": "websocket.accept"})
        self.joins += 1
        heard, goodbye = self.heard, self.goodbye
        if self.welcomes:
            for said in self._said():
                await send({"type": "websocket.send", "bytes": said.SerializeToString()})
        while (told := await receive())["type"] == "websocket.receive":
            heard.append(SignalRequest.FromString(told["bytes"]))
            if heard[-1].leave.action == LeaveRequest.Action.DISCONNECT and heard[-1].HasField(
                "leave"
            ):
                goodbye.set()

    def _said(self) -> list[SignalResponse]:
        info = ServerInfo(version=self.version, protocol=14, node_id="ND_test")
        lines = (
            ""
            if self.trickles
            else "".join(f"a={line}\n" for line in self.candidates) + "a=end-of-candidates\n"
        )
        offer = SessionDescription(type="offer", sdp=OFFER.replace("m=audio", f"{lines}m=audio"))
        said = [
            SignalResponse(join=JoinResponse(server_info=info, ice_servers=self.relays)),
            SignalResponse(offer=offer),
        ]
        if self.trickles:
            options = [json.dumps({"candidate": line, "sdpMid": "0"}) for line in self.candidates]
            said += [
                SignalResponse(
                    trickle=TrickleRequest(
                        candidateInit=wish,
                        target=SignalTarget.SUBSCRIBER,
                        final=self.ends and wish == options[-1],
                    )
                )
                for wish in options
            ]
        return said

    def answer(self, data: bytes, addr: tuple[str, int]) -> bytes | None:
        """A signed answer to a signed check; nothing to anybody else."""
        with contextlib.suppress(ValueError):
            request = stun.parse_message(data)
            if str(request.attributes.get("USERNAME", "")).startswith(
                f"{UFRAG}:"
            ) and request.check_message_integrity(PASSWORD.encode()):
                reply = stun.Message(
                    stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id
                )
                reply.attributes["XOR-MAPPED-ADDRESS"] = addr
                reply.add_message_integrity(PASSWORD.encode())
                return bytes(reply)
        return None


class _Agent(asyncio.DatagramProtocol):
    def __init__(self, node: FakeNode) -> None:
        self._node = node

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if "udp" in self._node.deaf:
            return
        if reply := self._node.answer(data, addr):
            self._transport.sendto(reply, addr)


@asynccontextmanager
async def run_node(node: FakeNode) -> AsyncIterator[FakeNode]:
    """The node, for as long as the block lasts."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Agent(node), local_addr=("127.0.0.1", 0)
    )
    node.udp = transport.get_extra_info("sockname")[1]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        node.port = listener.getsockname()[1]
        async with await asyncio.start_server(partial(_framed, node), "127.0.0.1", 0) as tcp:
            node.tcp = tcp.sockets[0].getsockname()[1]
            node.settle()
            async with serve_apps({listener: node}):
                yield node
    transport.close()


async def _framed(
    node: FakeNode, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """RFC 4571, with a check of its own that it sends first, as a full ICE agent does."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            reply = node.answer(await reader.readexactly(length), writer.get_extra_info("peername"))
            own = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
            for message in (own, reply) if reply and "tcp" not in node.deaf else ():
                writer.write(struct.pack("!H", len(message)) + message)
    writer.close()
