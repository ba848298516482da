"""Somebody who has joined: his signalling, one message after the other, and what passes between him
and the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiortc import MediaStreamTrack, RTCDataChannel
from aiortc.contrib.media import MediaRelay
from livekit.protocol import models, rtc

from replica.livekit.media_sockets import MediaSockets
from replica.livekit.node import LiveKitNode, LiveKitRoom, new_id
from replica.livekit.peer import LOSSY, RELIABLE, Peer
from replica.livekit.signal_messages import State, new_participant, now_ms, track_info
from replica.livekit.tokens import Grants

Action = Callable[[], Awaitable[None]]
UNCONNECTED_TIMEOUT_S = 60  # how long somebody may be without a connection


@dataclass(frozen=True, slots=True)
class Published:
    """A track that somebody sends, and what the others know of it."""

    info: models.TrackInfo
    owner: str
    track: MediaStreamTrack


@dataclass(frozen=True, slots=True)
class JoinContext:
    """What somebody gets who is let in: a room, what he may do there, and how he is spoken to."""

    node: LiveKitNode
    media: MediaSockets
    room: LiveKitRoom
    grants: Grants
    say: Callable[[rtc.SignalResponse], None]

    @property
    def over_tcp(self) -> bool:
        return (self.room.info.name, self.grants.identity) in self.node.over_tcp


class Participant:
    """One who has joined; all that happens to him is done in its order, by `run`."""

    def __init__(self, context: JoinContext) -> None:
        self.node, self.room, self.grants, self.say = (
            context.node,
            context.room,
            context.grants,
            context.say,
        )
        self.info = new_participant(context.grants)
        self.tracks: list[Published] = []
        self._announced: list[rtc.AddTrackRequest] = []
        self._waiting: list[Published] = []  # for his connection
        self._relay = MediaRelay()
        self._actions: asyncio.Queue[Action | None] = asyncio.Queue()
        self.publisher = Peer(context.media, rtc.SignalTarget.PUBLISHER, over_tcp=context.over_tcp)
        self._listen(self.publisher)

    def _listen(self, peer: Peer) -> None:
        peer.connection.on("datachannel", self._channel_opened)
        peer.connection.on("track", self._track_came)
        peer.on_state(self._state_changed)

    # What others do to him.

    def receive_data(self, packet: models.DataPacket, *, reliable: bool) -> None:
        if self.grants.allows("canSubscribe"):
            channel = RELIABLE if reliable else LOSSY
            self.sending_peer.send(channel, packet.SerializeToString())

    def update(self, people: list[models.ParticipantInfo]) -> None:
        self.say(rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=people)))

    def end(self, reason: models.DisconnectReason) -> None:
        action = rtc.LeaveRequest.Action.DISCONNECT
        self.say(rtc.SignalResponse(leave=rtc.LeaveRequest(reason=reason, action=action)))
        self.over()

    def over(self) -> None:
        """Have nothing more done."""
        self._actions.put_nowait(None)

    def do(self, action: Action) -> None:
        """Have something done in its turn."""
        self._actions.put_nowait(action)

    # His life.

    async def run(self) -> None:
        """Do what there is to do until it is over."""
        ending = asyncio.get_running_loop().call_later(UNCONNECTED_TIMEOUT_S, self._give_up)
        try:
            await self.start()
            while (action := await self._actions.get()) is not None:
                await action()
        finally:
            ending.cancel()
            self.node.leave(self.room, self)
            await self.close()

    def _give_up(self) -> None:
        if self.info.state != State.ACTIVE:
            self.end(models.DisconnectReason.JOIN_FAILURE)

    async def start(self) -> None:
        """Begin what the server begins."""

    async def close(self) -> None:
        await self.publisher.close()

    @property
    def sending_peer(self) -> Peer:
        """The connection over which the server sends."""
        return self.publisher

    def _state_changed(self, state: str) -> None:
        self._subscribe_when_connected()
        if state == "connected" and self.info.state != State.ACTIVE:
            self.info.state = State.ACTIVE
            self.node.tell(self.room, self)
        elif state == "failed":
            self.end(models.DisconnectReason.CONNECTION_TIMEOUT)

    # What he asks for.

    async def handle(self, request: rtc.SignalRequest) -> None:
        """Do what one message asks for; what LiveKit knows beyond these needs no answer here."""
        match request.WhichOneof("message"):
            case "offer":
                await self.take_offer(request.offer)
            case "answer":
                await self.take_answer(request.answer)
            case "trickle":
                await self.peer_of(request.trickle.target).take_candidate(
                    request.trickle.candidateInit
                )
            case "add_track":
                self._add_track(request.add_track)
            case "ping":
                self.say(rtc.SignalResponse(pong=now_ms()))
            case "ping_req":
                pong = rtc.Pong(last_ping_timestamp=request.ping_req.timestamp, timestamp=now_ms())
                self.say(rtc.SignalResponse(pong_resp=pong))
            case "simulate":
                self._simulate(request.simulate)
            case "leave":
                self.over()

    def peer_of(self, _target: rtc.SignalTarget) -> Peer:
        return self.publisher

    async def take_offer(self, offer: rtc.SessionDescription) -> None:
        """Answer an offer, and tell where the server is to be reached."""
        await self.publisher.take_offer(offer.sdp)
        await self.answer(offer.id)

    async def answer(self, number: int, placed: dict[str, str] | None = None) -> None:
        first = self.publisher.connection.localDescription is None
        sdp = await self.publisher.answer()
        answer = rtc.SessionDescription(
            type="answer", sdp=sdp, id=number, mid_to_track_id=placed or {}
        )
        self.say(rtc.SignalResponse(answer=answer))
        if first:
            self.tell_candidates(self.publisher)

    async def take_answer(self, answer: rtc.SessionDescription) -> None:
        """Nobody answers who was not offered anything."""

    def tell_candidates(self, peer: Peer) -> None:
        for trickle in peer.candidates():
            self.say(rtc.SignalResponse(trickle=trickle))

    def _simulate(self, scenario: rtc.SimulateScenario) -> None:
        """Remember who wants TCP: he will join again."""
        if scenario.switch_candidate_protocol == rtc.CandidateProtocol.TCP:
            self.node.over_tcp.add((self.room.info.name, self.info.identity))

    # Tracks.

    def _add_track(self, request: rtc.AddTrackRequest) -> None:
        if not self.grants.allows("canPublish"):
            return
        request.sid = new_id("TR")
        self._announced.append(request)
        published = rtc.TrackPublishedResponse(cid=request.cid, track=track_info(request))
        self.say(rtc.SignalResponse(track_published=published))

    def _track_came(self, track: MediaStreamTrack) -> None:
        kinds = {"audio": models.TrackType.AUDIO, "video": models.TrackType.VIDEO}
        like = [each for each in self._announced if each.type == kinds[track.kind]]
        exact = [each for each in like if each.cid == track.id]
        request = next(iter(exact + like), None)
        if request is None:
            return
        self._announced.remove(request)
        published = Published(track_info(request), self.info.sid, track)
        self.tracks.append(published)
        self.info.tracks.append(published.info)
        self.info.is_publisher = True
        self.node.tell(self.room, self)
        for other in self.others():
            other.do_subscribe(
                [Published(published.info, self.info.sid, self._relay.subscribe(track))]
            )

    def others(self) -> Sequence["Participant"]:
        return [
            other
            for other in self.room.others(self.info.identity)
            if isinstance(other, Participant)
        ]

    def already(self) -> list[Published]:
        """What the others send already."""
        return [
            Published(each.info, each.owner, other._relay.subscribe(each.track))  # noqa: SLF001 - of our own kind
            for other in self.others()
            for each in other.tracks
        ]

    def do_subscribe(self, tracks: Sequence[Published]) -> None:
        """Have tracks sent to him, if he may hear any."""
        if self.grants.allows("canSubscribe"):
            self._waiting += tracks
            self._subscribe_when_connected()

    def _subscribe_when_connected(self) -> None:
        """A track that is offered while the connection is made is never sent by aiortc."""
        if self._waiting and self.sending_peer.connection.connectionState == "connected":
            tracks, self._waiting = self._waiting, []
            self.do(lambda: self.subscribe(tracks))

    async def subscribe(self, tracks: Sequence[Published]) -> None:
        """Send him these tracks."""
        raise NotImplementedError

    # Data.

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        reliable = channel.label == RELIABLE
        if channel.label in {RELIABLE, LOSSY}:
            self.channel_opened(channel)
            channel.on("message", lambda data: self._pass_on(data, reliable=reliable))

    def channel_opened(self, channel: RTCDataChannel) -> None:
        """A channel over which he sends."""

    def _pass_on(self, data: bytes, *, reliable: bool) -> None:
        if self.node.is_fault_active("livekit-drops-calls"):
            for member in (self, *self.others()):
                member.end(models.DisconnectReason.SERVER_SHUTDOWN)
            return
        if self.node.is_fault_active("livekit-drops-data") or not self.grants.allows(
            "canPublishData"
        ):
            return
        packet = models.DataPacket.FromString(data)
        wanted = [*packet.destination_identities] or [*packet.user.destination_identities]
        packet.participant_identity, packet.participant_sid = self.info.identity, self.info.sid
        if packet.WhichOneof("value") == "user":
            packet.user.participant_identity, packet.user.participant_sid = (
                self.info.identity,
                self.info.sid,
            )
        for other in self.room.others(self.info.identity):
            if not wanted or other.info.identity in wanted:
                other.receive_data(packet, reliable=reliable)
