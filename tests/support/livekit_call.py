"""Two people who talk by LiveKit's own SDK: `python -m tests.support.livekit_call URL TOKEN TOKEN`
in a process of its own, for the SDK may signal the one that it is in. What bob got from alice goes
out as one line of JSON.
"""

import asyncio
import json
import os
import sys
from typing import Any

import numpy as np
from livekit import rtc

RATE, HERTZ, FRAME = 48_000, 1000, 480
TIMEOUT_S = 20
TONE = (np.sin(2 * np.pi * HERTZ * np.arange(RATE) / RATE) * 12_000).astype(np.int16)


async def talk(url: str, tokens: list[str]) -> dict[str, Any]:
    alice, bob = rtc.Room(), rtc.Room()
    data: asyncio.Queue[rtc.DataPacket] = asyncio.Queue()
    tracks: asyncio.Queue[rtc.Track] = asyncio.Queue()
    bob.on("data_received", data.put_nowait)
    bob.on("track_subscribed", lambda track, _publication, _who: tracks.put_nowait(track))
    for room, token in zip((alice, bob), tokens, strict=True):
        await room.connect(url, token)
    packets = [await _sent(alice, data, reliable=reliable) for reliable in (True, False)]
    playing = asyncio.create_task(_play(alice))
    hertz = await _heard(await tracks.get())
    playing.cancel()
    found = {"packets": packets, "hertz": hertz, "ways": await _ways(bob)}
    await alice.disconnect()
    await bob.disconnect()
    return found


async def _sent(
    room: rtc.Room, data: asyncio.Queue[rtc.DataPacket], *, reliable: bool
) -> list[Any]:
    await room.local_participant.publish_data(b"hello", reliable=reliable, topic="test")
    packet = await data.get()
    who = packet.participant.identity if packet.participant else None
    return [
        packet.data.decode(),
        packet.topic,
        who,
        packet.kind == rtc.DataPacketKind.KIND_RELIABLE,
    ]


async def _play(room: rtc.Room) -> None:
    source = rtc.AudioSource(RATE, 1)
    track = rtc.LocalAudioTrack.create_audio_track("tone", source)
    await room.local_participant.publish_track(track)
    while True:
        for start in range(0, RATE, FRAME):
            await source.capture_frame(
                rtc.AudioFrame(TONE[start : start + FRAME].tobytes(), RATE, 1, FRAME)
            )


async def _heard(track: rtc.Track) -> float:
    """The loudest frequency of the first third of a second that is not silent."""
    frames: list[Any] = []
    async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1):
        frame = np.frombuffer(bytes(event.frame.data), np.int16)
        frames += [frame] if np.abs(frame).max() > 1000 else []
        if len(frames) == 33:
            break
    sound = np.concatenate(frames)
    return float(
        np.fft.rfftfreq(len(sound), 1 / RATE)[
            np.abs(np.fft.rfft(sound * np.hanning(len(sound)))).argmax()
        ]
    )


async def _ways(room: rtc.Room) -> list[str]:
    """The protocols of the pairs that were chosen, server's side."""
    stats = await room.get_rtc_stats()
    rows = [*stats.subscriber_stats, *stats.publisher_stats]
    remote = {each.remote_candidate.rtc.id: each.remote_candidate.candidate for each in rows}
    pairs = {each.candidate_pair.rtc.id: each.candidate_pair.candidate_pair for each in rows}
    chosen = {each.transport.transport.selected_candidate_pair_id for each in rows}
    return sorted({remote[pairs[one].remote_candidate_id].protocol for one in chosen if one})


if __name__ == "__main__":
    said = asyncio.run(asyncio.wait_for(talk(sys.argv[1], sys.argv[2:]), TIMEOUT_S))
    print(json.dumps(said), flush=True)
    os._exit(0)  # the SDK's threads have been seen to abort while Python ends
