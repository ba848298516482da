"""One connection of a participant's, by aiortc: its descriptions name no candidates, which follow
one by one.
"""

import json
import re
from collections.abc import Callable, Iterator

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.sdp import candidate_from_sdp
from livekit.protocol import rtc

from replica.livekit.media_sockets import MediaSockets

RELIABLE, LOSSY = "_reliable", "_lossy"
# pion's priority for a passive TCP candidate of a host.
TCP_CANDIDATE = "candidate:tcphost 1 tcp 1671430143 {host} {port} typ host tcptype passive"
ADVERTISED = {
    "livekit-advertises-private-address": "10.0.11.27",
    "livekit-advertises-nat-gateway": "203.0.113.7",
}


class Peer:
    """A connection, its data channels by label, and what it takes to describe it."""

    def __init__(self, media: MediaSockets, target: rtc.SignalTarget, *, over_tcp: bool) -> None:
        self.target = target
        self.connection = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self.channels: dict[str, RTCDataChannel] = {}
        self._waiting: dict[str, list[bytes]] = {}
        self._early: list[str] = []  # candidates told before the description that they belong to
        self._media, self._over_tcp = media, over_tcp

    def open_channels(self) -> None:
        """The two channels that the server sends over."""
        self.channel(self.connection.createDataChannel(RELIABLE, ordered=True))
        self.channel(self.connection.createDataChannel(LOSSY, ordered=False, maxRetransmits=0))

    def channel(self, channel: RTCDataChannel) -> None:
        """Send what is for its label over this channel from now on."""
        self.channels[channel.label] = channel
        channel.on("open", lambda: self._send_waiting(channel))
        self._send_waiting(channel)

    def send(self, label: str, data: bytes) -> None:
        """Send as soon as the channel is open."""
        channel = self.channels.get(label)
        if channel is not None and channel.readyState == "open":
            channel.send(data)
        else:
            self._waiting.setdefault(label, []).append(data)

    def _send_waiting(self, channel: RTCDataChannel) -> None:
        if channel.readyState == "open":
            for data in self._waiting.pop(channel.label, []):
                channel.send(data)

    def add(self, track: MediaStreamTrack, stream: str, name: str) -> None:
        """Send a track, under the names by which the other side knows whose it is."""
        _name(self.connection.addTrack(track), stream, name)

    def fill(self, track: MediaStreamTrack, stream: str, name: str) -> str | None:
        """Send a track where the last offer has room for one, and say where; None where it has
        none.
        """
        for transceiver in self.connection.getTransceivers():
            if _is_free(transceiver, track.kind):
                transceiver.sender.replaceTrack(track)
                transceiver.direction = "sendonly"
                _name(transceiver.sender, stream, name)
                return str(transceiver.mid)
        return None

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self._describe()

    async def take_offer(self, sdp: str) -> None:
        await self._take(RTCSessionDescription(sdp, "offer"))

    async def answer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self._describe()

    async def take_answer(self, sdp: str) -> None:
        await self._take(RTCSessionDescription(sdp, "answer"))

    async def _take(self, description: RTCSessionDescription) -> None:
        await self.connection.setRemoteDescription(description)
        early, self._early = self._early, []
        for init in early:
            await self.take_candidate(init)

    async def take_candidate(self, init: str) -> None:
        """Candidates that we could do nothing with are left out: TCP ones, and names that only a
        browser resolves.
        """
        if self.connection.remoteDescription is None:
            self._early.append(init)
            return
        parsed = json.loads(init)
        line = str(parsed.get("candidate", "")).removeprefix("candidate:")
        words = line.split()
        if len(words) < 8 or words[2].lower() != "udp" or words[4].endswith(".local"):
            return
        candidate = candidate_from_sdp(line)
        candidate.sdpMid, candidate.sdpMLineIndex = (
            parsed.get("sdpMid") or None,
            parsed.get("sdpMLineIndex"),
        )
        await self.connection.addIceCandidate(candidate)

    def _describe(self) -> str:
        sdp = self.connection.localDescription.sdp
        if self._over_tcp:
            self._media.tcp_only.update(re.findall(r"a=ice-ufrag:(\S+)", sdp))
        kept = [
            line
            for line in sdp.splitlines()
            if not line.startswith(("a=candidate:", "a=end-of-candidates"))
        ]
        bare = re.sub(r"(?m)^c=IN IP4 .*$", "c=IN IP4 0.0.0.0", "\r\n".join(kept) + "\r\n")
        return re.sub(r"(?m)^(m=\w+) \d+ ", r"\1 9 ", bare)

    def candidates(self) -> Iterator[rtc.TrickleRequest]:
        """Where the server is to be reached, the last one marked as that."""
        lines = list(self._lines())
        first = re.findall(r"a=mid:(\S+)", self.connection.localDescription.sdp)[0]
        for number, line in enumerate(lines, 1):
            init = {"candidate": line, "sdpMid": first, "sdpMLineIndex": 0}
            yield rtc.TrickleRequest(
                candidateInit=json.dumps(init), target=self.target, final=number == len(lines)
            )

    def _lines(self) -> Iterator[str]:
        node = self._media.node
        parsed = next(
            (to for fault, to in ADVERTISED.items() if node.is_fault_active(fault)), node.address
        )
        found = dict.fromkeys(re.findall(r"a=(candidate:.*)", self.connection.localDescription.sdp))
        if not self._over_tcp:
            yield from (line.strip().replace(f" {node.address} ", f" {parsed} ") for line in found)
        if self._media.offers_tcp:
            yield TCP_CANDIDATE.format(host=parsed, port=node.tcp_port)

    def on_state(self, heard: Callable[[str], None]) -> None:
        """Say each new state of the connection."""
        self.connection.on("connectionstatechange", lambda: heard(self.connection.connectionState))

    async def close(self) -> None:
        await self.connection.close()


def _name(sender: object, stream: str, name: str) -> None:
    vars(sender).update(_stream_id=stream, _track_id=name)


def _is_free(transceiver: RTCRtpTransceiver, kind: str) -> bool:
    offered = vars(transceiver).get("_offerDirection")
    return (
        transceiver.kind == kind
        and transceiver.sender.track is None
        and offered in {"sendonly", "sendrecv"}
    )
