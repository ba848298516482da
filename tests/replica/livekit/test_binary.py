"""A real server in the stand-in's place. None is to be had where these run: what would be started
stands in for it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from replica.faults.livekit import BESIDE, LIVEKIT
from replica.infra.certificates import Certificate
from replica.infra.processes import ChildError
from replica.livekit import LiveKit, StandIn
from replica.livekit.binary import CONFIGURED, Binary, choose_server, configuration
from tests.support.sfu import RunningStandIn

LIVE = LiveKit("wss://livekit.test", 7880, 7881)


def test_the_stand_in_stands_in_unless_a_server_is_named(tmp_path: Path) -> None:
    """And what is named must be a program."""
    assert choose_server(LIVE, tmp_path, environ={}) == StandIn(LIVE, tmp_path)
    program = tmp_path / "livekit-server"
    for wrong in (program, tmp_path):
        with pytest.raises(ChildError, match="which is no program; correct it or unset it"):
            choose_server(LIVE, tmp_path, environ={"LIVEKIT_SERVER": str(wrong)})
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    real = choose_server(LIVE, tmp_path, environ={"LIVEKIT_SERVER": str(program)})
    assert real.command() == [str(program)]
    assert (LIVE.expected["version"], dict(real.livekit.expected)) == ("1.7.2", {})


def test_the_configuration_is_the_stand_ins(tmp_path: Path) -> None:
    """Ports and key are those that everybody else was told; the secret is long enough for
    LiveKit.
    """
    told = json.loads(Binary(LIVE, tmp_path).settings([])["LIVEKIT_CONFIG"])
    assert told == configuration(LIVE)
    assert (told["port"], told["rtc"]["tcp_port"], told["rtc"]["node_ip"]) == (
        7880,
        7881,
        "127.0.0.1",
    )
    assert told["keys"] == {LIVE.key: LIVE.secret}
    assert len(LIVE.secret) >= 32


async def test_a_fault_of_the_stand_in_is_refused(tmp_path: Path) -> None:
    """At the start and later; those of the edge and of the app are told beside it."""
    server = Binary(LIVE, tmp_path)
    for fault in LIVEKIT:
        if fault in BESIDE:
            await server.switch([fault.name])
            continue
        if fault.name in CONFIGURED:
            continue
        with pytest.raises(
            ChildError, match=f"{fault.name} is a fault of the stand-in: unset LIVEKIT_SERVER"
        ):
            server.settings([fault.name])
        with pytest.raises(ChildError):
            await server.switch([fault.name, "service-hangs"])


@pytest.mark.parametrize("fault", CONFIGURED)
async def test_a_fault_of_the_configuration_is_there_from_the_start(
    tmp_path: Path, fault: str
) -> None:
    """It changes the configuration, stays through a switch, and is refused to a server without."""
    server, healthy = Binary(LIVE, tmp_path), Binary(LIVE, tmp_path)
    settings = json.loads(server.settings([fault])["LIVEKIT_CONFIG"])
    assert settings != configuration(LIVE)
    assert settings.keys() - {"development"} == configuration(LIVE).keys()
    assert settings["rtc"].keys() == configuration(LIVE)["rtc"].keys()
    await server.switch([fault, "service-hangs"])
    with pytest.raises(ChildError, match=f"start the replica with it \\(--fault {fault}\\)"):
        await healthy.switch([fault])


def test_a_configuration_of_ones_own_goes_over_ours(tmp_path: Path) -> None:
    """Table by table; what is no table in JSON is refused in one sentence."""
    program = tmp_path / "livekit-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    named = {"LIVEKIT_SERVER": str(program)}
    own = {"LIVEKIT_SERVER_CONFIG": '{"rtc": {"use_ice_lite": true, "tcp_port": null}}'}
    rtc = json.loads(
        choose_server(LIVE, tmp_path, environ=named | own).settings([])["LIVEKIT_CONFIG"]
    )["rtc"]
    assert (rtc["use_ice_lite"], rtc["node_ip"], "tcp_port" in rtc) == (True, "127.0.0.1", False)
    for wrong in ("rtc: {}", "[1]"):
        with pytest.raises(ChildError, match="must be a table in JSON"):
            choose_server(LIVE, tmp_path, environ=named | {"LIVEKIT_SERVER_CONFIG": wrong})


@pytest.mark.parametrize(
    ("turn", "shown"),
    [
        ({"tls_port": 443}, "own.pem"),
        ({"tls_port": 443, "cert_file": "other.pem"}, "other.pem"),
        ({"udp_port": 3478}, None),
    ],
)
def test_a_relay_by_tls_shows_a_certificate(
    tmp_path: Path, turn: dict[str, Any], shown: str | None
) -> None:
    """LiveKit's own, unless the configuration names one."""
    own = Certificate(Path("own.pem"), Path("own.key"))
    server = Binary(LIVE, tmp_path, {"turn": turn}, certificate=own)
    settings = json.loads(server.settings([])["LIVEKIT_CONFIG"])
    assert settings["turn"].get("cert_file") == shown
    assert configuration(LIVE).keys() | {"turn"} == settings.keys()


async def test_it_tells_its_rooms(tmp_path: Path, sfu: RunningStandIn) -> None:
    """By its own RoomService, which a stand-in has too."""
    assert "rooms" in await Binary(sfu.livekit, tmp_path).state()
