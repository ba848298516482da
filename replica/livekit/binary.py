"""A real livekit-server in the stand-in's place: `LIVEKIT_SERVER=/path/to/livekit-server make
probe` (1.7.2 and newer).

It is honest: what only the stand-in can do wrong is refused. What the edge and video-service do
wrong stays possible. Keys of its configuration: livekit/livekit, config-sample.yaml;
livekit/mediatransportutil, rtcconfig. JSON is YAML too.
"""

import json
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import jwt

from replica.faults.livekit import BESIDE, LIVEKIT
from replica.infra.ports import LOOPBACK
from replica.infra.processes import ChildError
from replica.livekit import TWIRP, LiveKit, Server, StandIn

VARIABLE = "LIVEKIT_SERVER"
UDP_PORTS = (50000, 50100)


@dataclass(frozen=True, slots=True)
class Binary:
    """A livekit-server, started as it comes."""

    livekit: LiveKit
    path: Path

    def command(self) -> list[str]:
        return [str(self.path)]

    def settings(self, faults: Collection[str]) -> dict[str, str]:
        """Its whole configuration. Raises ChildError where a fault needs the stand-in."""
        self._refuse(faults)
        return {"LIVEKIT_CONFIG": json.dumps(configuration(self.livekit))}

    async def switch(self, faults: Collection[str]) -> None:
        self._refuse(faults)

    async def state(self) -> dict[str, list[str]]:
        """Its rooms; of people and connections it tells nothing that we ask for."""
        claims = {
            "iss": self.livekit.key,
            "exp": int(time.time()) + 60,
            "video": {"roomList": True},
        }
        token = jwt.encode(claims, self.livekit.secret, algorithm="HS256")
        async with httpx.AsyncClient(
            base_url=f"http://{self.livekit.address}", trust_env=False, timeout=10
        ) as http:
            asked = await http.post(
                TWIRP + "ListRooms", json={}, headers={"Authorization": f"Bearer {token}"}
            )
            return {
                "rooms": sorted(
                    room["name"] for room in asked.raise_for_status().json().get("rooms", [])
                )
            }

    def _refuse(self, faults: Collection[str]) -> None:
        if wrong := sorted(set(faults) & {fault.name for fault in LIVEKIT if fault not in BESIDE}):
            raise ChildError(
                f"{wrong[0]} is a fault of the stand-in: unset {VARIABLE} to rehearse it"
            )


def configuration(livekit: LiveKit) -> Mapping[str, object]:
    """What makes livekit-server do on loopback what the stand-in does."""
    return {
        "port": livekit.port,
        "bind_addresses": [LOOPBACK],
        "keys": {livekit.key: livekit.secret},
        "logging": {"level": "warn"},
        "rtc": {
            "tcp_port": livekit.tcp_port,
            "port_range_start": UDP_PORTS[0],
            "port_range_end": UDP_PORTS[1],
            "use_external_ip": False,
            "node_ip": LOOPBACK,
            "enable_loopback_candidate": True,
            "interfaces": {"includes": ["lo"]},
            "stun_servers": [
                f"{LOOPBACK}:3478"
            ],  # in place of public ones, which clients would ask
        },
    }


def chosen(livekit: LiveKit, control: Path, environ: Mapping[str, str] = os.environ) -> Server:
    """The server to start: the stand-in, unless a real one is named. Raises ChildError where that
    one is none.

    Nothing is promised of a real one's version: it is the one that somebody wants to know about.
    """
    named = environ.get(VARIABLE, "")
    if not named:
        return StandIn(livekit, control)
    path = Path(named).absolute()
    if not os.access(path, os.X_OK) or path.is_dir():
        raise ChildError(f"{VARIABLE} names {named}, which is no program; correct it or unset it")
    return Binary(replace(livekit, promised={}), path)
