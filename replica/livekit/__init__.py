"""LiveKit as users meet it: a stand-in in a process of its own, so that its media slows no service
down.

`LIVEKIT_SERVER` names a real livekit-server that is started in its place; see
`replica.livekit.binary`.
"""

import asyncio
import json
import secrets
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from replica.infra.ports import LOOPBACK
from replica.infra.processes import Child, ChildError

SETTINGS = "LIVEKIT"
TWIRP = "/twirp/livekit.RoomService/"
ROOT = Path(__file__).parents[2]
CLIENT_LIBRARY = (
    Path(__file__).parent.parent
    / "node_modules"
    / "livekit-client"
    / "dist"
    / "livekit-client.umd.js"
)


@dataclass(frozen=True, slots=True)
class LiveKit:
    """Where LiveKit is for users and for services, where media goes, the one key that it knows, and
    what it must be.
    """

    url: str
    port: int
    tcp_port: int
    key: str = "APIreplica"
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    expected: Mapping[str, str | int] = field(
        default_factory=lambda: {"version": "1.7.2", "protocol": 14}
    )

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    async def ready(self, process: Child) -> None:
        """Wait until it answers. Raises ChildError if it has ended instead."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            while True:
                process.check()
                try:
                    await http.get(f"http://{self.address}/")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.02)


class Server(Protocol):
    """What runs there, as the replica drives it."""

    @property
    def livekit(self) -> LiveKit: ...

    def command(self) -> list[str]: ...

    def settings(self, faults: Collection[str]) -> dict[str, str]:
        """What it is told in its environment."""
        ...

    async def switch(self, faults: Collection[str]) -> None:
        """Have its faults be these. When this returns, they are in force. Raises ChildError, with
        nothing changed, where it cannot have one of them.
        """
        ...

    async def state(self) -> dict[str, list[str]]:
        """Its rooms, who is in them, and the ways for media that it holds open, as far as it
        tells.
        """
        ...


@dataclass(frozen=True, slots=True)
class StandIn:
    """The replica's own server, driven over a socket that nobody else knows."""

    livekit: LiveKit
    control: Path

    def command(self) -> list[str]:
        return [sys.executable, "-m", "replica.livekit"]

    def settings(self, faults: Collection[str]) -> dict[str, str]:
        """What it is told in its environment."""
        node_settings = {
            "port": self.livekit.port,
            "control": str(self.control),
            "tcp_port": self.livekit.tcp_port,
            "keys": {self.livekit.key: self.livekit.secret},
            "version": self.livekit.expected["version"],
            "faults": sorted(faults),
        }
        return {SETTINGS: json.dumps(node_settings), "PYTHONPATH": str(ROOT)}

    async def switch(self, faults: Collection[str]) -> None:
        async with self._http() as http:
            (await http.put("/faults", json=sorted(faults))).raise_for_status()

    async def state(self) -> dict[str, list[str]]:
        async with self._http() as http:
            found: dict[str, list[str]] = (await http.get("/state")).raise_for_status().json()
            return found

    def _http(self) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(uds=str(self.control))
        return httpx.AsyncClient(
            transport=transport, base_url="http://livekit", trust_env=False, timeout=10
        )


def library() -> bytes:
    """The front end's own LiveKit library, as its package ships it. Raises ChildError where it has
    not been set up.
    """
    if not CLIENT_LIBRARY.is_file():
        raise ChildError(
            "livekit-client is missing, by which pages talk; install it with: make setup"
        )
    return CLIENT_LIBRARY.read_bytes()
