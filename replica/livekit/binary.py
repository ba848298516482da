"""A real livekit-server in the stand-in's place: `LIVEKIT_SERVER=/path/to/livekit-server make
probe` (1.7.2 and newer).

It is honest: of what it can do wrong it does what a configuration makes it do, from its start on
(CONFIGURED), and the rest is refused. What the edge and video-service do wrong stays possible. Keys
of its configuration: livekit/livekit, config-sample.yaml;
livekit/mediatransportutil, rtcconfig. JSON is YAML too.
"""

import json
import os
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import jwt

from replica.faults.livekit import BESIDE, LIVEKIT
from replica.infra.certificates import Certificate
from replica.infra.ports import LOOPBACK
from replica.infra.processes import ChildError
from replica.livekit import TWIRP, LiveKit, Server, StandIn

VARIABLE = "LIVEKIT_SERVER"
CONFIG_VARIABLE = "LIVEKIT_SERVER_CONFIG"  # JSON, table by table over ours
UDP_PORTS = (50000, 50100)
NAT_GATEWAY, POD = "203.0.113.7", "10.42.0.7"  # addresses that are nobody's here


# What makes a real server wrong as the fault of that name says.
CONFIGURED: Mapping[str, Callable[[LiveKit], dict[str, Any]]] = {
    "livekit-key-is-unknown": lambda livekit: {
        "keys": {livekit.key: None, "APIrotatedaway": secrets.token_urlsafe(32)}
    },
    "livekit-secret-differs": lambda livekit: {"keys": {livekit.key: secrets.token_urlsafe(32)}},
    "livekit-accepts-dev-keys": lambda _: {"keys": {"devkey": "secret"}},
    "livekit-shows-debug": lambda _: {"development": True},
    "livekit-advertises-nat-gateway": lambda _: {"rtc": {"node_ip": NAT_GATEWAY}},
    "livekit-advertises-private-address": lambda _: {"rtc": {"node_ip": POD}},
    "livekit-offers-no-tcp": lambda _: {"rtc": {"tcp_port": 0}},
}


@dataclass(frozen=True, slots=True)
class Binary:
    """A livekit-server, started as it comes."""

    livekit: LiveKit
    path: Path
    over: Mapping[str, Any] = field(default_factory=dict)  # over our configuration
    certificate: Certificate | None = None  # of LiveKit's name, for TURN by TLS
    start_faults: set[str] = field(default_factory=set)  # faults that it was started with

    def command(self) -> list[str]:
        return [str(self.path)]

    def settings(self, faults: Collection[str]) -> dict[str, str]:
        """Its whole configuration. Raises ChildError where a fault needs the stand-in."""
        self.expect_possible(set(faults) - CONFIGURED.keys())
        self.start_faults.update(CONFIGURED.keys() & set(faults))
        settings = merge(configuration(self.livekit, self.start_faults), self.over)
        return {"LIVEKIT_CONFIG": json.dumps(self._with_certificate(settings))}

    def _with_certificate(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """`settings`; TURN by TLS that names no certificate shows LiveKit's own."""
        turn = settings.get("turn", {})
        if not (self.certificate and turn.get("tls_port")) or "cert_file" in turn:
            return settings
        files = {
            "cert_file": str(self.certificate.chain),
            "key_file": str(self.certificate.key),
        }
        return merge(settings, {"turn": files})

    async def switch(self, faults: Collection[str]) -> None:
        self.expect_possible(faults)

    def expect_possible(self, faults: Collection[str]) -> None:
        """Raise ChildError where one of `faults` is not to be had of a real server that runs."""
        possible = {fault.name for fault in BESIDE} | self.start_faults
        impossible = {fault.name for fault in LIVEKIT} - possible
        for name in sorted(impossible & set(faults)):
            if name in CONFIGURED:
                raise ChildError(
                    f"{name} is in a real server's configuration: start the replica with it "
                    f"(--fault {name}), or unset {VARIABLE}"
                )
            raise ChildError(f"{name} is a fault of the stand-in: unset {VARIABLE} to rehearse it")

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


def configuration(livekit: LiveKit, faults: Collection[str] = ()) -> Mapping[str, Any]:
    """What makes livekit-server do on loopback what the stand-in does, `faults` included."""
    settings = _healthy(livekit)
    for name in sorted(faults):
        settings = merge(settings, CONFIGURED[name](livekit))
    return settings


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with what `over` says otherwise, table by table; None takes a key out."""
    result = dict(base)
    for name, value in over.items():
        if isinstance(value, Mapping) and isinstance(result.get(name), Mapping):
            result[name] = merge(result[name], value)
        elif value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def _healthy(livekit: LiveKit) -> dict[str, Any]:
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
            # In place of public ones, which clients would ask.
            "stun_servers": [f"{LOOPBACK}:3478"],
        },
    }


def choose_server(
    livekit: LiveKit,
    control: Path,
    certificate: Certificate | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Server:
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
    return Binary(replace(livekit, expected={}), path, _over(environ), certificate=certificate)


def _over(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """Raises ChildError where it is no table in JSON."""
    text = environ.get(CONFIG_VARIABLE, "") or "{}"
    try:
        table = json.loads(text)
    except ValueError:
        table = None
    if isinstance(table, dict):
        return table
    raise ChildError(
        f'{CONFIG_VARIABLE} must be a table in JSON, as in {{"rtc": {{"use_ice_lite": true}}}}, '
        f"not {text!r}"
    )
