"""LiveKit's stand-in as the replica starts it, alone, and how tests speak to it."""

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import websockets
from livekit.protocol import rtc

from replica.infra import processes
from replica.infra.ports import LOOPBACK, Ports
from replica.livekit import LiveKit, StandIn

TIMEOUT_S = 30  # seconds, on the busiest machine


@dataclass(frozen=True, slots=True)
class RunningStandIn:
    """A stand-in that answers."""

    livekit: LiveKit
    server: StandIn
    http: httpx.Client

    async def lie(self, *faults: str) -> None:
        await self.server.switch(faults)

    def token(self, who: str = "alice", room: str = "room", secret: str = "", **claims: Any) -> str:
        """A good seat in a room; `claims` and `secret` say what is not good about it."""
        video = {"roomJoin": True, "room": room}
        said = {
            "iss": self.livekit.key,
            "sub": who,
            "exp": int(time.time()) + 120,
            "video": video,
            **claims,
        }
        return jwt.encode(
            {name: value for name, value in said.items() if value is not None},
            secret or self.livekit.secret,
        )

    def get(self, path: str, token: str = "", **headers: str) -> httpx.Response:
        return self.http.get(
            path, headers={**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        )

    def twirp(self, method: str, token: str = "", **asked: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.post(f"/twirp/livekit.RoomService/{method}", json=asked, headers=headers)

    def keeper(self) -> str:
        """A token of who keeps rooms."""
        return self.token(video={"roomList": True, "roomCreate": True})

    @contextlib.asynccontextmanager
    async def joined(
        self, token: str = "", way: str = "/rtc?protocol=9"
    ) -> AsyncIterator["JoinedSocket"]:
        """A socket whose first message has come."""
        url = f"ws://{self.livekit.address}{way}"
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        async with websockets.connect(url, additional_headers=headers, proxy=None) as line:
            yield JoinedSocket(line, rtc.SignalResponse.FromString(_bytes(await line.recv())))


@dataclass(frozen=True, slots=True)
class JoinedSocket:
    """A joined participant's socket, and the first thing that it said."""

    line: websockets.ClientConnection
    first: rtc.SignalResponse

    async def say(self, **request: Any) -> None:
        await self.line.send(rtc.SignalRequest(**request).SerializeToString())

    async def receive_data(self, kind: str) -> Any:
        """The next message of a kind; what comes before it is passed over."""
        while True:
            heard = rtc.SignalResponse.FromString(_bytes(await self.line.recv()))
            if heard.WhichOneof("message") == kind:
                return getattr(heard, kind)

    async def told(self) -> tuple[str, list[rtc.TrickleRequest]]:
        """The server's offer, and all the candidates that follow it."""
        offer: rtc.SessionDescription = await self.receive_data("offer")
        candidates = [await self.receive_data("trickle")]
        while not candidates[-1].final:
            candidates.append(await self.receive_data("trickle"))
        return offer.sdp, candidates


def _bytes(data: str | bytes) -> bytes:
    assert isinstance(data, bytes)
    return data


@contextlib.contextmanager
def run_stand_in(version: str = "1.7.2") -> Iterator[RunningStandIn]:
    """A stand-in for as long as the block lasts, which answers as that version does."""
    with tempfile.TemporaryDirectory(prefix="sfu-") as folder, Ports() as ports:
        port = ports.reserve()
        livekit = LiveKit(
            f"ws://{LOOPBACK}:{port}", port, ports.reserve(), expected={"version": version}
        )
        server = StandIn(livekit, Path(folder) / "control.sock")
        process = subprocess.Popen(
            server.command(),
            env={**os.environ, **server.settings([])},
            preexec_fn=processes._end_with_parent(os.getpid()),  # noqa: PLW1509 - it makes two system calls
        )
        try:
            _wait(port)
            with httpx.Client(
                base_url=f"http://{livekit.address}", trust_env=False, timeout=TIMEOUT_S
            ) as http:
                yield RunningStandIn(livekit, server, http)
        finally:
            process.terminate()
            process.wait(TIMEOUT_S)


def _wait(port: int) -> None:
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        with socket.socket() as line:
            if line.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError("the stand-in did not start")
