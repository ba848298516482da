"""LiveKit as users meet it: a stand-in in a process of its own, so that its media slows no service down."""

import asyncio
import json
import secrets
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from replica.processes import Child, ChildError

TOLD = "LIVEKIT"
TWIRP = "/twirp/livekit.RoomService/"
ROOT = Path(__file__).parents[2]
LIBRARY = Path(__file__).parent / "node_modules" / "livekit-client" / "dist" / "livekit-client.umd.js"


@dataclass(frozen=True, slots=True)
class LiveKit:
    """Where LiveKit is for users, where it is for us, and the one key that it knows."""

    url: str
    socket: Path
    control: Path
    tcp_port: int
    key: str = "APIreplica"
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def inside(self) -> str:
        """The name under which services ask it, over its socket."""
        return "http://livekit-livekit-server:7880"

    @property
    def kept(self) -> dict[Path, str]:
        """The files that hold the key and its secret, for who is to talk to it, and what is in them."""
        return {self.control.with_name("livekit-key"): self.key, self.control.with_name("livekit-secret"): self.secret}

    async def switch(self, faults: Collection[str]) -> None:
        """Have the stand-in's faults be these. When this returns, they are in force."""
        async with _over(self.control) as http:
            (await http.put("/faults", json=sorted(faults))).raise_for_status()

    async def state(self) -> dict[str, list[str]]:
        """Its rooms, who is in them, and the ways for media that it holds open."""
        async with _over(self.control) as http:
            found: dict[str, list[str]] = (await http.get("/state")).raise_for_status().json()
            return found

    async def ready(self, process: Child) -> None:
        """Wait until it listens. Raises ChildError if it has ended instead."""
        while not self.socket.exists():
            process.check()
            await asyncio.sleep(0.01)

    def settings(self, faults: Collection[str]) -> dict[str, str]:
        """What the stand-in is told in its environment."""
        told = {
            "socket": str(self.socket),
            "control": str(self.control),
            "tcp_port": self.tcp_port,
            "keys": {self.key: self.secret},
            "faults": sorted(faults),
        }
        return {TOLD: json.dumps(told), "PYTHONPATH": str(ROOT)}


def command() -> list[str]:
    """The stand-in's command line."""
    return [sys.executable, "-m", "replica.livekit"]


def library() -> bytes:
    """The front end's own LiveKit library, as its package ships it. Raises ChildError where it has not been set up."""
    if not LIBRARY.is_file():
        raise ChildError("livekit-client is missing, by which pages talk; install it with: make setup")
    return LIBRARY.read_bytes()


def _over(path: Path) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    return httpx.AsyncClient(transport=transport, base_url="http://livekit", trust_env=False, timeout=10)
