"""The two ways in which clients and LiveKit have agreed on connections: two of them (v0), or one
for all (v1).
"""

from collections.abc import Sequence

from aiortc import RTCDataChannel
from livekit.protocol import rtc

from replica.livekit.participant import JoinContext, Participant, Published
from replica.livekit.peer import Peer


class DualConnection(Participant):
    """v0: he sends over a connection that he offers, and hears over one that the server offers."""

    def __init__(self, context: JoinContext) -> None:
        super().__init__(context)
        self.subscriber = Peer(
            context.media, rtc.SignalTarget.SUBSCRIBER, over_tcp=context.over_tcp
        )
        self._listen(self.subscriber)
        self._offered = self._changed = False
        self._offers = 0

    async def start(self) -> None:
        self.subscriber.open_channels()
        await (
            self._offer()
        )  # of the data channels alone, as LiveKit's first one is; aiortc takes no other bundle
        self.tell_candidates(self.subscriber)
        self.do_subscribe(self.already())

    async def close(self) -> None:
        await self.subscriber.close()
        await super().close()

    @property
    def sending_peer(self) -> Peer:
        return self.subscriber

    def peer_of(self, target: rtc.SignalTarget) -> Peer:
        return self.subscriber if target == rtc.SignalTarget.SUBSCRIBER else self.publisher

    async def take_answer(self, answer: rtc.SessionDescription) -> None:
        await self.subscriber.take_answer(answer.sdp)
        self._offered = False
        if self._changed:
            await self._offer()

    async def subscribe(self, tracks: Sequence[Published]) -> None:
        for each in tracks:
            self.subscriber.add(each.track, f"{each.owner}|{each.info.sid}", each.info.sid)
        self._changed = True
        if not self._offered:
            await self._offer()

    async def _offer(self) -> None:
        self._offered, self._changed = True, False
        self._offers += 1
        offer = rtc.SessionDescription(
            type="offer", sdp=await self.subscriber.offer(), id=self._offers
        )
        self.say(rtc.SignalResponse(offer=offer))


class SingleConnection(Participant):
    """v1: one connection, offered by him; the server asks for room in it for what he is to hear."""

    def __init__(self, context: JoinContext, request: rtc.JoinRequest) -> None:
        super().__init__(context)
        self._request = request
        self._wanted: list[Published] = []

    async def start(self) -> None:
        for track in self._request.add_track_requests:
            await self.handle(rtc.SignalRequest(add_track=track))
        if self._request.HasField("publisher_offer"):
            await self.take_offer(self._request.publisher_offer)
        self.do_subscribe(self.already())

    def channel_opened(self, channel: RTCDataChannel) -> None:
        self.publisher.channel(channel)

    async def take_offer(self, offer: rtc.SessionDescription) -> None:
        await self.publisher.take_offer(offer.sdp)
        await self.answer(offer.id, self._fill())

    def _fill(self) -> dict[str, str]:
        """Put what he is to hear where his offer has room for it: the track's id by the place's."""
        placed: dict[str, str] = {}
        for each in tuple(self._wanted):
            if mid := self.publisher.fill(
                each.track, f"{each.owner}|{each.info.sid}", each.info.sid
            ):
                self._wanted.remove(each)
                placed[mid] = each.info.sid
        return placed

    async def subscribe(self, tracks: Sequence[Published]) -> None:
        self._wanted += tracks
        kinds = [each.track.kind for each in tracks]
        needed = rtc.MediaSectionsRequirement(
            num_audios=kinds.count("audio"), num_videos=kinds.count("video")
        )
        self.say(rtc.SignalResponse(media_sections_requirement=needed))
