"""LiveKit's process, seen from the replica."""

import subprocess
import sys
from pathlib import Path

import pytest

from replica import livekit
from replica.infra.ports import Ports
from replica.infra.processes import ChildError, child
from replica.livekit import LiveKit
from tests.support.sfu import RunningStandIn


async def test_faults_and_state_go_over_a_private_socket(sfu: RunningStandIn) -> None:
    """What is no fault of LiveKit's is none there; what the socket tells is not told on the public
    port.
    """
    await sfu.lie("livekit-loses-redis", "service-hangs")
    assert sfu.get("/").status_code == 406
    assert sorted(await sfu.server.state()) == ["people", "rooms", "ways"]
    assert [sfu.get(path).status_code for path in ("/state", "/faults")] == [404, 404]


async def test_a_server_that_ends_is_named(tmp_path: Path) -> None:
    """In place of a start that is waited for without an end."""
    with Ports() as ports:
        waiting = LiveKit("wss://livekit.test", ports.reserve(), ports.reserve())
        command = [sys.executable, "-c", "raise SystemExit('no such key')"]
        async with child(command, tmp_path, {}, "livekit-server") as process:
            with pytest.raises(
                ChildError, match="livekit-server ended unexpectedly; it said: no such key"
            ):
                await waiting.ready(process)


def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That says what to do."""
    assert b"LivekitClient" in livekit.library()[:500]
    monkeypatch.setattr(livekit, "CLIENT_LIBRARY", tmp_path / "none.js")
    with pytest.raises(ChildError, match="make setup"):
        livekit.library()


def test_its_secret_is_in_no_description() -> None:
    """A record that prints it would end in a log."""
    found = LiveKit("wss://livekit.test", 1, 2)
    assert found.secret not in repr(found)
    assert found.secret != LiveKit("wss://livekit.test", 1, 2).secret


def test_the_process_starts_without_the_services() -> None:
    """It need not import what it does not serve."""
    code = (
        "import sys; sys.argv = ['x']; import replica.livekit.answers; "
        "print('replica.services' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout == "False\n"
