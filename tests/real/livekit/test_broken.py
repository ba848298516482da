"""A real livekit-server that is broken by configuration, firewall or a kill: the right code, and
one cause for one trouble.
"""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest

from probes.finding import Code
from tests.real.livekit.conftest import Redis, TurnFiles
from tests.support.livekit_lab import LabServer
from tests.support.livekit_namespace import LYING, TURN_NAME
from tests.support.livekit_worlds import expect_codes, in_a_namespace, on_loopback

JOINED = ("joinable", "version", "addresses", "ports", "meeting", "data", "sound", "tcp")
CALL = ("meeting", "data", "sound", "tcp")
WITH_ADDRESSES = ("addresses", "ports", "meeting", "tcp")


def of(code: Code, *promises: str) -> dict[str, str]:
    return dict.fromkeys(promises, str(code))


@pytest.mark.parametrize(
    ("over", "promised", "codes", "cause"),
    [
        pytest.param(
            {},
            {"secret": "another-secret-of-thirty-two-characters"},
            of(Code.LIVEKIT_SECRET_MISMATCH, *JOINED),
            "keys.yaml",
            id="wrong secret",
        ),
        pytest.param(
            {},
            {"key": "APIold"},
            of(Code.LIVEKIT_KEY_UNKNOWN, *JOINED),
            "keys.yaml",
            id="unknown key",
        ),
        pytest.param(
            {"rtc": {"force_tcp": True}},
            {},
            of(Code.LIVEKIT_UDP_BLOCKED, "ports"),
            "rtc.force_tcp",
            id="force_tcp",
        ),
        pytest.param(
            {"rtc": {"tcp_port": 0}},
            {"tcp_port": 7881},
            of(Code.LIVEKIT_TCP_FALLBACK_MISSING, "addresses", "tcp"),
            "rtc.tcp_port",
            id="no TCP",
        ),
        pytest.param(
            {"room": {"max_participants": 1}},
            {},
            of(Code.LIVEKIT_NOT_READY, *CALL),
            "room.max_participants",
            id="room full",
        ),
    ],
)
async def test_a_configuration_that_breaks_calls_is_named(
    tmp_path: Path, over: Any, promised: dict[str, Any], codes: dict[str, str], cause: str
) -> None:
    """The same code and cause on every version, whatever its words are."""
    await expect_codes(lambda: on_loopback(tmp_path, over, promised), codes, cause)


async def test_a_development_server_is_open_to_everybody(tmp_path: Path) -> None:
    """--dev takes the manual's key and shows its goroutines."""
    over = {"development": True, "keys": {"devkey": "secret"}}
    for verdicts in (await on_loopback(tmp_path, over, {})).values():
        assert verdicts["dev-key"].code == Code.LIVEKIT_DEV_KEYS_ACCEPTED
        assert verdicts["debug"].code == Code.LIVEKIT_DEBUG_EXPOSED


@pytest.mark.parametrize(
    ("over", "log"),
    [
        ({"redis": {"address": "${REDIS_HOST}:6379"}}, "unable to connect to redis"),
        ({"redis": {"address": "127.0.0.1:1"}}, "unable to connect to redis"),
        ({"keys": None}, "one of key-file or keys must be provided"),
    ],
    ids=["literal ${REDIS_HOST}", "Redis down", "no keys"],
)
async def test_a_server_that_does_not_start_is_absent(
    tmp_path: Path, over: dict[str, Any], log: str
) -> None:
    """In front of it a gateway would answer 503; its log has the words that the cause names."""
    logs: list[str] = []

    async def look(server: LabServer) -> None:
        assert server.process
        await asyncio.to_thread(server.process.wait, 30)
        logs.append(server.log)

    found = await on_loopback(tmp_path, over, {}, meddle=look)
    for verdicts in found.values():
        assert verdicts["joinable"].code == Code.HOST_UNREACHABLE
    assert [log in text for text in logs] == [True] * len(found)


async def test_a_redis_that_stands_still_makes_nobody_ready(
    tmp_path: Path, redises: list[Redis]
) -> None:
    """Frozen while the node serves: after 4 s it says that it is not ready."""
    ports = iter([redis.port for redis in redises])
    processes = {redis.port: redis.process for redis in redises}

    def over() -> dict[str, Any]:
        return {"redis": {"address": f"127.0.0.1:{next(ports)}"}}

    def freeze(server: LabServer) -> None:
        port = int(server.configuration["redis"]["address"].rpartition(":")[2])
        processes[port].send_signal(signal.SIGSTOP)

    found = await on_loopback(tmp_path, over, {}, before=freeze)
    for version, verdicts in found.items():
        codes = {verdicts[name].code for name in JOINED}
        assert codes == {Code.LIVEKIT_NOT_READY}, (version, verdicts)
        assert "Redis" in verdicts["joinable"].cause


@pytest.mark.parametrize("returns", [False, True], ids=["for good", "and is back at once"])
async def test_a_server_that_dies_in_the_call_has_dropped_it(
    tmp_path: Path, *, returns: bool
) -> None:
    """Whoever has joined says that the connection was lost, not that media was."""

    async def kill(server: LabServer) -> None:
        async with asyncio.timeout(60):
            while server.log.count("participant active") < 2:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.02)
        server.kill()
        if returns:
            await asyncio.to_thread(server.start)

    found = await on_loopback(tmp_path, {}, {}, meddle=kill)
    for version, verdicts in found.items():
        dropped = [name for name in CALL if verdicts[name].code == Code.LIVEKIT_CALL_DROPPED]
        lost = [
            v
            for v in verdicts.values()
            if v.code in (Code.LIVEKIT_MEDIA_LOST, Code.LIVEKIT_DATA_LOST)
        ]
        assert dropped, (version, verdicts)
        assert lost == [], (version, verdicts)


@pytest.mark.usefixtures("_namespaces")
@pytest.mark.parametrize(
    ("firewall", "codes", "cause"),
    [
        ("no-udp", of(Code.LIVEKIT_UDP_BLOCKED, "ports"), "UDP"),
        ("no-tcp", of(Code.LIVEKIT_TCP_FALLBACK_MISSING, "ports", "tcp"), "TCP"),
        ("closed", of(Code.LIVEKIT_UNREACHABLE, "ports", *CALL), "security group"),
        (
            "stateful",
            of(Code.LIVEKIT_MASKED, "ports", "meeting")
            | of(Code.LIVEKIT_TCP_FALLBACK_MISSING, "tcp"),
            "security group",
        ),
        ("no-large-packets", of(Code.LIVEKIT_DTLS_FAILED, *CALL), "DTLS"),
    ],
)
async def test_a_firewall_is_named_by_what_it_drops(
    firewall: str, codes: dict[str, str], cause: str
) -> None:
    """The kernel drops the packets, on the server's host."""
    await expect_codes(lambda: in_a_namespace(firewall=firewall), codes, cause)


@pytest.mark.usefixtures("_namespaces")
@pytest.mark.parametrize(
    ("over", "nodes", "code", "cause"),
    [
        ({"rtc": {"node_ip": "203.0.113.9"}}, True, Code.LIVEKIT_ADDRESS_WRONG, "NAT gateway"),
        ({"rtc": {"node_ip": "203.0.113.9"}}, False, Code.LIVEKIT_ADDRESS_WRONG, "rtc.node_ip"),
        ({"rtc": {"node_ip": "10.9.8.7"}}, True, Code.LIVEKIT_ADDRESS_PRIVATE, "rtc.node_ip"),
        ({"rtc": {"node_ip": "10.9.8.7"}}, False, Code.LIVEKIT_ADDRESS_PRIVATE, "rtc.node_ip"),
    ],
    ids=["wrong", "wrong, no nodes promised", "private", "private, no nodes promised"],
)
async def test_a_wrong_address_is_one_cause(
    over: dict[str, Any], code: Code, cause: str, *, nodes: bool
) -> None:
    """Nobody is told of a security group, though nothing gets through."""
    promised: dict[str, Any] = {} if nodes else {"nodes": []}
    seen = WITH_ADDRESSES if nodes or code is Code.LIVEKIT_ADDRESS_PRIVATE else WITH_ADDRESSES[1:]
    world = {"over": over, "promised": promised}
    await expect_codes(lambda: in_a_namespace(**world), of(code, *seen), cause)


@pytest.mark.usefixtures("_namespaces")
async def test_incident_5_is_one_cause() -> None:
    """A STUN server that answers with the NAT gateway's address (V6 §5)."""
    world = {"stun": LYING, "over": {"rtc": {"use_external_ip": True}}}
    codes = of(Code.LIVEKIT_ADDRESS_WRONG, *WITH_ADDRESSES)
    await expect_codes(lambda: in_a_namespace(**world), codes, "NAT gateway")


def turn_over_tls(files: tuple[Path, Path]) -> dict[str, Any]:
    """LiveKit's own TURN server, with that certificate and key."""
    certificate, key = map(str, files)
    return {
        "enabled": True,
        "domain": TURN_NAME,
        "udp_port": 3478,
        "tls_port": 443,
        "cert_file": certificate,
        "key_file": key,
    }


@pytest.mark.usefixtures("_namespaces")
async def test_a_relay_whose_certificate_nobody_trusts_is_refused(turn_files: TurnFiles) -> None:
    """By UDP it still relays, and who needs no relay notices nothing."""
    over = {"turn": turn_over_tls(turn_files.unknown)}
    world = {"over": over, "promised": {"turn": True}, "ca": str(turn_files.ca)}
    codes = of(Code.LIVEKIT_TURN_REFUSED, "relays")
    await expect_codes(lambda: in_a_namespace(**world), codes, "turn.domain and its certificate")


@pytest.mark.usefixtures("_namespaces")
@pytest.mark.parametrize(
    ("server", "codes", "cause"),
    [
        pytest.param(
            [{"port": 9, "protocol": "tcp", "username": "u", "credential": "c"}],
            of(Code.LIVEKIT_TURN_REFUSED, "relays"),
            "process and port",
            id="dead",
        ),
        pytest.param(
            [{"port": 9, "protocol": "tcp"}],
            of(Code.LIVEKIT_TURN_REFUSED, "relays", *CALL),
            "username and credential",
            id="without credentials",
        ),
        pytest.param([], of(Code.LIVEKIT_TURN_REFUSED, "relays"), "turn.enabled", id="none"),
    ],
)
async def test_a_relay_that_cannot_be_had_is_refused(
    server: list[dict[str, Any]], codes: dict[str, str], cause: str
) -> None:
    """Who needs no relay notices nothing, unless clients refuse to begin with what is named."""
    over = {"rtc": {"turn_servers": [{"host": TURN_NAME} | one for one in server]}}
    world = {"over": over, "promised": {"turn": True}}
    await expect_codes(lambda: in_a_namespace(**world), codes, cause)


@pytest.mark.usefixtures("_namespaces")
async def test_a_relay_that_knows_another_password_is_refused() -> None:
    """As coturn's with another secret: LiveKit's own TURN server, named with words not its own."""
    named = {"host": TURN_NAME, "port": 3478, "protocol": "udp", "username": "u", "credential": "c"}
    over = {
        "turn": {"enabled": True, "domain": TURN_NAME, "udp_port": 3478},
        "rtc": {"turn_servers": [named]},
    }
    world = {"over": over, "promised": {"turn": True}}
    codes = of(Code.LIVEKIT_TURN_REFUSED, "relays")
    await expect_codes(lambda: in_a_namespace(**world), codes, "the credentials")
