"""One person in a call, by LiveKit's own SDK. For the worker's process only: this SDK ends the
process it runs in when its native part panics (python-sdks#784), and prints tokens to its log.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import numpy as np
from livekit import rtc
from livekit.rtc._proto.stats_pb2 import RtcStats

from probes.livekit.sdk import tone
from probes.livekit.sdk.messages import (
    DELIVERY_TIMEOUT_S,
    LOSSY,
    MESSAGE_COUNT,
    RELIABLE,
    ConnectionLost,
    ConnectionRestored,
    DataReceived,
    SelectedPath,
    TcpRejoin,
    ToneReceived,
    WorkerMessage,
)

T = TypeVar("T")
SIGNAL_ATTEMPT_S = 3.0  # seconds for one try at signalling; the SDK tries four times
LOSSY_GRACE_S = 1.0  # seconds that lossy messages get after all reliable ones
_FRAME_MS = (
    100  # ms of sound given and taken at once; shorter frames cost more than the sound itself
)
_SAMPLES = tone.RATE_HZ * _FRAME_MS // 1000
_KINDS = ("host", "srflx", "prflx", "relay")


class SdkParticipant:
    """Somebody in the room, from `join` to `leave`. What happens to the connection in between goes
    to `send_message`.
    """

    def __init__(
        self, name: str, send_message: Callable[[WorkerMessage], None] = lambda _: None
    ) -> None:
        self.name, self.room = name, rtc.Room()
        self._send_message = send_message
        self._expects_loss = False  # we leave, or asked for another connection
        self._heard: dict[bytes, float] = {}
        self._news = asyncio.Event()
        self._track: asyncio.Future[rtc.RemoteAudioTrack] = (
            asyncio.get_running_loop().create_future()
        )
        self._sounding: set[asyncio.Task[None]] = set()
        self.room.on("data_received", self._hear)
        self.room.on("track_subscribed", self._on_subscribed)
        self.room.on("reconnecting", lambda: self._lose_connection("reconnecting"))
        self.room.on("disconnected", self._on_disconnected)
        self.room.on("reconnected", self._restore_connection)

    async def join(self, url: str, token: str) -> float:
        """Seconds until connected, media's transport included. Raises rtc.ConnectError."""
        began = time.monotonic()
        await self.room.connect(url, token, rtc.RoomOptions(connect_timeout=SIGNAL_ATTEMPT_S))
        return time.monotonic() - began

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        self._lose_connection(rtc.DisconnectReason.Name(reason).lower())

    def _lose_connection(self, reason: str) -> None:
        if not self._expects_loss:
            self._send_message(ConnectionLost(self.name, reason))

    def _restore_connection(self) -> None:
        if not self._expects_loss:
            self._send_message(ConnectionRestored(self.name))

    async def leave(self) -> None:
        self._expects_loss = True
        for task in self._sounding:
            task.cancel()
        await self.room.disconnect()

    def _hear(self, packet: rtc.DataPacket) -> None:
        self._heard.setdefault(packet.data, time.monotonic())
        self._news.set()

    def _on_subscribed(self, track: rtc.Track, *_: object) -> None:
        if isinstance(track, rtc.RemoteAudioTrack) and not self._track.done():
            self._track.set_result(track)

    async def send(self, mode: str, count: int = MESSAGE_COUNT) -> dict[bytes, float]:
        """The messages sent, each with its time."""
        sent_at = {}
        for number in range(count):
            message = f"{self.name} {mode} {number} {time.monotonic_ns()}".encode()
            sent_at[message] = time.monotonic()
            await self.room.local_participant.publish_data(
                message, reliable=mode == RELIABLE, topic="probe"
            )
        return sent_at

    async def heard_all(self, sent_at: Sequence[bytes], timeout_s: float) -> int:
        """How many of `sent_at` were heard, as soon as that is all, or after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while missing := [message for message in sent_at if message not in self._heard]:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            except TimeoutError:
                return len(sent_at) - len(missing)
        return len(sent_at)

    def slowest(self, sent_at: dict[bytes, float]) -> float:
        """Seconds of the slowest of `sent_at` that was heard; 0 where none was."""
        return max(
            (
                self._heard[message] - at
                for message, at in sent_at.items()
                if message in self._heard
            ),
            default=0.0,
        )

    async def sound(self) -> None:
        """Publish a microphone that gives our tone from now on. Without pauses in silence, without
        redundancy.
        """
        source = rtc.AudioSource(tone.RATE_HZ, 1, 2 * _FRAME_MS)
        track = rtc.LocalAudioTrack.create_audio_track("tone", source)
        options = rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False, red=False
        )
        self._sounding.add(asyncio.ensure_future(_play(source)))
        await self.room.local_participant.publish_track(track, options)

    async def unpublish(self) -> None:
        for publication in list(self.room.local_participant.track_publications.values()):
            await self.room.local_participant.unpublish_track(publication.sid)

    async def listen(self, began_at: float, timeout_s: float) -> ToneReceived:
        """What is heard of the other, for at most `timeout_s`; ends a second after the tone has
        begun.
        """
        ear = _Ear(began_at)
        listening = asyncio.ensure_future(self._collect(ear))
        await asyncio.wait({listening}, timeout=timeout_s)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        packets, lost = _count_packets(await self._stats())
        loss = lost / (packets + lost) if packets else 0.0
        best = tone.detect_tone(ear.whole)
        return ToneReceived(best.hertz, best.share, ear.after_s, packets, loss)

    async def _collect(self, ear: "_Ear") -> None:
        stream = rtc.AudioStream(
            await self._track, sample_rate=tone.RATE_HZ, num_channels=1, frame_size_ms=_FRAME_MS
        )
        async for event in stream:
            if ear.hear(np.frombuffer(event.frame.data, dtype=np.int16)):
                return

    async def _stats(self) -> list[RtcStats]:
        """Of both connections; one that is used for both directions has its selected pair in the
        first.
        """
        stats = await self.room.get_rtc_stats()
        return [*stats.publisher_stats, *stats.subscriber_stats]

    async def path(self) -> SelectedPath | None:
        """The selected pair of candidates; None while there is none."""
        stats = await self._stats()
        chosen = {stat.transport.transport.selected_candidate_pair_id for stat in stats} - {""}
        pairs = {stat.candidate_pair.rtc.id: stat.candidate_pair.candidate_pair for stat in stats}
        ends = {stat.remote_candidate.rtc.id: stat.remote_candidate.candidate for stat in stats}
        for pair in (pairs[name] for name in sorted(chosen & pairs.keys())):
            if end := ends.get(pair.remote_candidate_id):
                kind = _KINDS[end.candidate_type] if end.candidate_type < len(_KINDS) else "unknown"
                return SelectedPath(
                    self.name,
                    end.protocol,
                    end.address,
                    end.port,
                    kind,
                    pair.current_round_trip_time,
                )
        return None

    async def rejoin_by_tcp(self) -> None:
        """Have the server offer TCP alone; back when the SDK has come back."""
        back = asyncio.get_running_loop().create_future()
        self._expects_loss = True
        self.room.on("reconnected", lambda: back.set_result(None) if not back.done() else None)
        await self.room.simulate_scenario(rtc.SimulateScenarioKind.SIMULATE_FORCE_TCP)
        await back


class _Ear:
    """Sound as it comes in. `after_s`: seconds from `began_at` to the first tone, negative until
    then.
    """

    def __init__(self, began_at: float) -> None:
        self.after_s, self.whole = -1.0, np.zeros(0, dtype=np.int16)
        self._began_at = began_at

    def hear(self, samples: tone.Samples) -> bool:
        """Whether a second has been heard from the first tone on. What came before it is
        forgotten.
        """
        if self.after_s < 0:
            self.whole = samples
            if tone.detect_tone(samples).is_ours:
                self.after_s = time.monotonic() - self._began_at
        else:
            self.whole = np.concatenate([self.whole, samples])
        return self.after_s >= 0 and len(self.whole) >= tone.RATE_HZ


async def _play(source: rtc.AudioSource) -> None:
    """Whole periods make a frame, so that frames join without a click."""
    frame = rtc.AudioFrame(tone.make_tone(_FRAME_MS / 1000).tobytes(), tone.RATE_HZ, 1, _SAMPLES)
    while True:
        await source.capture_frame(frame)


def _count_packets(stats: Sequence[RtcStats]) -> tuple[int, int]:
    """Audio packets that came, and those that did not."""
    audio = [stat.inbound_rtp.received for stat in stats if stat.inbound_rtp.stream.kind == "audio"]
    return sum(each.packets_received for each in audio), sum(
        max(each.packets_lost, 0) for each in audio
    )


async def exchange_data(
    one: SdkParticipant, other: SdkParticipant, timeout_s: float
) -> list[DataReceived]:
    """Data in both directions at once, first reliable, then lossy: what the network may lose is not
    sent before the channels are known to be open.
    """
    results: list[DataReceived] = []
    for mode, mode_timeout_s in ((RELIABLE, timeout_s), (LOSSY, LOSSY_GRACE_S)):
        results += await asyncio.gather(
            _send_to(one, other, mode, mode_timeout_s), _send_to(other, one, mode, mode_timeout_s)
        )
    return results


async def _send_to(
    sender: SdkParticipant, receiver: SdkParticipant, mode: str, timeout_s: float
) -> DataReceived:
    """Lossy messages are sent once more where none came: the first may find no open channel."""
    sent = await sender.send(mode)
    heard = await receiver.heard_all([*sent], timeout_s)
    if mode == LOSSY and not heard:
        sent = await sender.send(mode)
        heard = await receiver.heard_all([*sent], timeout_s)
    return DataReceived(sender.name, mode, len(sent), heard, receiver.slowest(sent))


async def by_tcp(speaker: SdkParticipant, listener: SdkParticipant, timeout_s: float) -> TcpRejoin:
    """The speaker comes again by TCP within `timeout_s`, and then has as many to be heard."""
    began = time.monotonic()
    await within(timeout_s, speaker.rejoin_by_tcp())
    back = time.monotonic() - began
    sent_at = await speaker.send(RELIABLE, 3)
    heard = await listener.heard_all([*sent_at], DELIVERY_TIMEOUT_S)
    path = await speaker.path()
    protocol, port = (path.protocol, path.port) if path else ("", 0)
    return TcpRejoin(protocol, port, back, len(sent_at), heard)


async def within(timeout_s: float, doing: Awaitable[T]) -> T:
    """As `doing`; TimeoutError after `timeout_s`. It is let go, never cancelled: a cancelled
    connect panics later.
    """
    task = asyncio.ensure_future(doing)
    done, _ = await asyncio.wait({task}, timeout=timeout_s)
    if not done:
        raise TimeoutError
    return task.result()
