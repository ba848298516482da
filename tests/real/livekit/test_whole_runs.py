"""The suite as a user runs it, with a real livekit-server in the stand-in's place: all tiers of
calls, the app and its page included.
"""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from probes.finding import Verdict
from replica.edge.places import NAMES
from replica.livekit.binary import CONFIG_VARIABLE, CONFIGURED, VARIABLE
from replica.livekit.server_build import VERSIONS, server_path
from tests.conftest import Ended, Probe
from tests.fault_matrix.livekit import LIVEKIT, LIVEKIT_CAUSES
from tests.real.livekit.conftest import running_redises
from tests.support.livekit_lab import free_port

CALLS = ("--env", "replica", "-k", "(livekit or calls) and not cluster")
TURN_TLS_PORT = 443
UNCONFIRMED = ("--no-confirm", "--page-traces", "never")
# Each runs on one version in turn; a new one goes to the end, so that all others keep theirs.
FAULTS = (
    "app-hands-out-wrong-livekit-url",
    "app-signs-with-another-key",
    "app-token-lacks-grant",
    "app-token-lives-too-long",
    "livekit-accepts-dev-keys",
    "livekit-advertises-nat-gateway",
    "livekit-advertises-private-address",
    "livekit-gateway-strips-upgrade",
    "livekit-host-serves-html",
    "livekit-key-is-unknown",
    "livekit-offers-no-tcp",
    "livekit-secret-differs",
    "livekit-shows-debug",
    "app-token-names-another-room",
)


def test_every_fault_of_a_configuration_is_run() -> None:
    """One that is not was never seen on a real server."""
    assert CONFIGURED.keys() <= set(FAULTS)


def run(probe: Probe, version: str, *arguments: str, over: Mapping[str, Any]) -> Ended:
    variables = {VARIABLE: str(server_path(version)), CONFIG_VARIABLE: json.dumps(over)}
    return probe(*CALLS, *arguments, **variables)


def configured_otherwise() -> dict[str, Any]:
    """Well, and nothing as it is by default."""
    udp_port, turn_port = (free_port(socket.SOCK_DGRAM) for _ in range(2))
    return {
        "rtc": {
            "use_ice_lite": True,
            "udp_port": udp_port,
            "port_range_start": None,
            "port_range_end": None,
        },
        "room": {"auto_create": False},
        "turn": {"enabled": True, "domain": "turn.localhost", "udp_port": turn_port},
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("otherwise", [False, True], ids=["default", "otherwise"])
def test_all_tiers_hold_on_a_healthy_server(probe: Probe, version: str, *, otherwise: bool) -> None:
    """Two participants and the page included, and the run says which server it asked."""
    over = configured_otherwise() if otherwise else {}
    expect_held(run(probe, version, "-vv", over=over), version, has_relay=otherwise)


def expect_held(ended: Ended, version: str, *, has_relay: bool) -> None:
    assert (ended.code, ended.codes) == (0, {}), ended.output
    skipped = {s.id for s in ended.report.scenarios if s.verdict == Verdict.SKIPPED}
    relay = set() if has_relay else {"livekit/a-relay-is-lent"}
    assert skipped == {"livekit/the-server-is-the-promised-one"} | relay
    assert f"livekit-server {version}" in ended.output


@pytest.mark.parametrize("version", VERSIONS)
def test_all_tiers_hold_with_redis_and_a_silent_stun_server(
    probe: Probe, version: str, tmp_path: Path
) -> None:
    """Joins of the app and its page pass through Redis, and nobody waits for who never answers."""
    with running_redises(tmp_path, 1) as redises, silent_stun_server() as line:
        over = {
            "redis": {"address": f"127.0.0.1:{redises[0].port}"},
            "rtc": {"stun_servers": [f"127.0.0.1:{line.getsockname()[1]}"]},
        }
        expect_held(run(probe, version, "-vv", over=over), version, has_relay=False)
        assert line.recv(2048), "nobody asked the STUN server"


@pytest.mark.parametrize("version", VERSIONS)
def test_all_tiers_hold_with_a_relay_by_tls(probe: Probe, version: str) -> None:
    """Whatever is configured, LiveKit names port 443; the page trusts the certificate there as it
    does all others.
    """
    if reason := why_port_is_taken(TURN_TLS_PORT):
        pytest.skip(reason)
    over = {"turn": {"enabled": True, "domain": NAMES["livekit"], "tls_port": TURN_TLS_PORT}}
    expect_held(run(probe, version, "-vv", over=over), version, has_relay=True)


def why_port_is_taken(port: int) -> str:
    """Why nobody can listen there, or nothing."""
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind(("127.0.0.1", port))
        except OSError as error:
            return f"port {port} cannot be had: {error.strerror}"
    return ""


def silent_stun_server() -> socket.socket:
    """It takes what is sent to it, and never answers."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    line.setblocking(False)
    return line


@pytest.mark.parametrize(
    ("version", "fault"),
    [(VERSIONS[number % len(VERSIONS)], fault) for number, fault in enumerate(FAULTS)],
)
def test_a_fault_shows_as_on_the_stand_in(probe: Probe, version: str, fault: str) -> None:
    """The same codes on the same scenarios, and the same cause; each on one version in turn.
    Unconfirmed, which is cheaper; confirmed where that differs, as on a busy machine.
    """
    ended = run(probe, version, "--fault", fault, *UNCONFIRMED, over={})
    if ended.codes != LIVEKIT[fault]:
        ended = run(probe, version, "--fault", fault, over={})
    assert ended.codes == LIVEKIT[fault], ended.output
    causes = {s.finding.cause for s in ended.report.scenarios if s.finding}
    assert any(LIVEKIT_CAUSES[fault] in cause for cause in causes), causes
