"""A real livekit-server that is well is told to be well, however it is configured."""

import itertools
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.real.livekit.conftest import Redis, TurnFiles
from tests.support.livekit_lab import free_port
from tests.support.livekit_namespace import SILENT, TURN_NAME
from tests.support.livekit_worlds import expect_held, in_a_namespace, on_loopback


def single_udp_port() -> dict[str, Any]:
    udp_port = free_port(socket.SOCK_DGRAM)
    return {"rtc": {"udp_port": udp_port, "port_range_start": None, "port_range_end": None}}


@pytest.mark.parametrize(
    "over",
    [
        {},
        single_udp_port,
        {"rtc": {"use_ice_lite": True}},
        {"room": {"auto_create": False}},
    ],
    ids=["default", "single UDP port", "ICE lite", "auto_create off"],
)
async def test_what_is_well_holds(tmp_path: Path, over: Any) -> None:
    """No version breaks a promise, and each promise was asked."""
    await expect_held(lambda: on_loopback(tmp_path, over, {}))


async def test_a_node_with_redis_holds(tmp_path: Path, redises: list[Redis]) -> None:
    """Joins pass through Redis."""
    ports = itertools.cycle([redis.port for redis in redises])

    def over() -> dict[str, Any]:
        return {"redis": {"address": f"127.0.0.1:{next(ports)}"}}

    await expect_held(lambda: on_loopback(tmp_path, over, {}))


@pytest.mark.usefixtures("_namespaces")
async def test_a_silent_stun_server_breaks_nothing() -> None:
    """The TCP candidate comes 5 s late, and is waited for."""
    await expect_held(lambda: in_a_namespace(stun=SILENT))


@pytest.mark.usefixtures("_namespaces")
async def test_a_node_ip_that_is_the_nodes_holds() -> None:
    """Said by hand, it is the same address."""
    await expect_held(lambda: in_a_namespace(over={"rtc": {"node_ip": "10.99.0.2"}}))


@pytest.mark.usefixtures("_namespaces")
async def test_turn_with_a_good_certificate_holds(turn_files: TurnFiles) -> None:
    """By UDP and by TLS, whose certificate names TURN_NAME and not the node's address."""
    certificate, key = map(str, turn_files.good)
    turn = {
        "enabled": True,
        "domain": TURN_NAME,
        "udp_port": 3478,
        "tls_port": 443,
        "cert_file": certificate,
        "key_file": key,
    }
    world = {"over": {"turn": turn}, "promised": {"turn": True}, "ca": str(turn_files.ca)}
    await expect_held(lambda: in_a_namespace(**world))
