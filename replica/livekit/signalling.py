"""LiveKit's sockets: a join is answered before the upgrade is, and then one protobuf message
follows the other.
"""

import asyncio
import base64
import contextlib
import gzip

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from replica.livekit.connection_modes import DualConnection, SingleConnection
from replica.livekit.media_sockets import MediaSockets
from replica.livekit.node import NEEDS_ROOM, LiveKitNode
from replica.livekit.participant import JoinContext, Participant
from replica.livekit.relay import ice_servers
from replica.livekit.signal_messages import join_response
from replica.livekit.tokens import Grants, LiveKitRefusal, may_join

NO_NODES = "could not find any available nodes"


class Signalling:
    """The doors of one node."""

    def __init__(self, node: LiveKitNode, media: MediaSockets) -> None:
        self._node, self._media = node, media

    async def join_v0(self, socket: WebSocket) -> None:
        """`/rtc`: what every version speaks."""
        if (grants := await self._admit(socket)) is None:
            return
        line = SignalSocket(socket)
        if socket.query_params.get("reconnect") == "1":
            await line.reject_resume()
            return
        await self._serve(
            line, DualConnection(self._context(grants, line)), subscriber_primary=True
        )

    async def join_v1(self, socket: WebSocket) -> None:
        """`/rtc/v1`: what 1.9.10 and later speak too."""
        if (grants := await self._admit(socket)) is None:
            return
        try:
            line, request = (
                SignalSocket(socket),
                _request(socket.query_params.get("join_request", "")),
            )
        except (ValueError, OSError, DecodeError):
            await socket.send_denial_response(
                PlainTextResponse("could not decode join request\n", 400)
            )
            return
        if request.reconnect:
            await line.reject_resume()
            return
        await self._serve(line, SingleConnection(self._context(grants, line), request))

    def _context(self, grants: Grants, line: "SignalSocket") -> JoinContext:
        return JoinContext(self._node, self._media, self._node.room(grants.room), grants, line.say)

    async def _admit(self, socket: WebSocket) -> Grants | None:
        """Who it is; None where he was sent away, or has gone while he was left to wait."""
        if self._node.is_fault_active("livekit-join-hangs"):
            await _until_gone(socket)
            return None
        try:
            return self._check_grants(socket.scope["grants"])
        except LiveKitRefusal as no:
            await socket.send_denial_response(PlainTextResponse(no.text + "\n", no.status))
            return None

    def _check_grants(self, grants: Grants | None) -> Grants:
        found = may_join(grants, needs_room=self._node.is_at_least(*NEEDS_ROOM))
        if self._node.is_fault_active("livekit-loses-redis"):
            raise LiveKitRefusal(500, NO_NODES)
        return found

    async def _serve(
        self, line: "SignalSocket", participant: Participant, *, subscriber_primary: bool = False
    ) -> None:
        relays, room = ice_servers(self._node, self._media.relay), participant.room
        first = join_response(
            self._node, room, participant.info, relays, subscriber_primary=subscriber_primary
        )
        self._node.enter(room, participant)
        self._node.tell(room, participant)
        await line.serve(participant, first)


class SignalSocket:
    """One socket: what is to be said over it, in its order."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._said: asyncio.Queue[rtc.SignalResponse | None] = asyncio.Queue()

    def say(self, response: rtc.SignalResponse) -> None:
        self._said.put_nowait(response)

    async def serve(self, participant: Participant, first: rtc.SignalResponse) -> None:
        """Speak with somebody until he, or the server, has had enough."""
        await self._socket.accept()
        await self._socket.send_bytes(first.SerializeToString())
        reading = asyncio.create_task(self._read(participant))
        writing = asyncio.create_task(self._write())
        try:
            await participant.run()
        finally:
            self._said.put_nowait(None)
            await writing
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def reject_resume(self) -> None:
        """Have a client that wants to go on where it was join anew: nothing is kept here for it."""
        reason, action = models.DisconnectReason.STATE_MISMATCH, rtc.LeaveRequest.Action.RECONNECT
        await self._socket.accept()
        leave = rtc.SignalResponse(leave=rtc.LeaveRequest(reason=reason, action=action))
        await self._socket.send_bytes(leave.SerializeToString())
        await self._socket.close()

    async def _read(self, participant: Participant) -> None:
        try:
            while True:
                request = rtc.SignalRequest.FromString(await self._socket.receive_bytes())
                participant.do(lambda request=request: participant.handle(request))  # type: ignore[misc]
        except (WebSocketDisconnect, KeyError, DecodeError):  # gone, or speaking something else
            participant.over()

    async def _write(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # he has gone
            while (response := await self._said.get()) is not None:
                await self._socket.send_bytes(response.SerializeToString())
            await self._socket.close()


def _request(sent: str) -> rtc.JoinRequest:
    """What a v1 client says of itself in its address."""
    wrapped = rtc.WrappedJoinRequest.FromString(
        base64.urlsafe_b64decode(sent + "=" * (-len(sent) % 4))
    )
    zipped = wrapped.compression == rtc.WrappedJoinRequest.Compression.GZIP
    packed = wrapped.join_request
    plain = gzip.decompress(packed) if zipped else packed
    return rtc.JoinRequest.FromString(plain)


async def _until_gone(socket: WebSocket) -> None:
    await socket.receive()  # websocket.connect
    await socket.receive()  # websocket.disconnect: there is nothing else before the upgrade
