"""A door of media is open when a check that nobody expected is answered there, signed."""

import asyncio
import errno

import pytest
from aioice import Candidate, stun

from probes.finding import CannotAsk
from probes.livekit import signalling
from probes.livekit import stun as stun_checks
from probes.livekit.stun import IceEndpoint, StunCheck
from probes.transport.http import Web
from tests.support.livekit_node import ACCESS, PASSWORD, FakeNode

TOKEN = ACCESS.to_join("probe-room", "probe")


async def check_node(web: Web, node: FakeNode, *dial: str) -> list[StunCheck]:
    async with signalling.join_room(web, node.promised, TOKEN) as session:
        return list(await stun_checks.check_all(session, dial))


def of(host: str, kind: str = "host", tcptype: str = "") -> Candidate:
    transport = f"tcp 1 {host} 7881" if tcptype else f"udp 1 {host} 50000"
    return Candidate.from_sdp(
        f"1 1 {transport} typ {kind}" + (f" tcptype {tcptype}" if tcptype else "")
    )


def test_only_what_can_be_dialled_is_asked() -> None:
    """Active TCP and relays are nobody's to dial; the environment's nodes are asked at the same
    ports.
    """
    there = [of("203.0.113.7"), of("203.0.113.7", tcptype="passive"), of("198.51.100.9", "relay")]
    there += [of("203.0.113.7", tcptype="active"), of("203.0.113.7")]
    assert stun_checks.endpoints(there, ["203.0.113.7", "203.0.113.8"]) == [
        IceEndpoint("udp", "203.0.113.7", 50000),
        IceEndpoint("tcp", "203.0.113.7", 7881),
        IceEndpoint("udp", "203.0.113.8", 50000, is_from_server=False),
        IceEndpoint("tcp", "203.0.113.8", 7881, is_from_server=False),
    ]


async def test_an_open_door_answers(web: Web, node: FakeNode) -> None:
    """Over UDP, and over TCP among checks of the server's own."""
    udp, tcp = await check_node(web, node)
    assert (udp.endpoint, tcp.endpoint) == (
        IceEndpoint("udp", "127.0.0.1", node.udp),
        IceEndpoint("tcp", "127.0.0.1", node.tcp),
    )
    assert udp.has_answer
    assert tcp.has_answer


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("deaf", "answered"), [("udp", [False, True]), ("tcp", [True, False])])
async def test_a_closed_door_does_not(
    web: Web, node: FakeNode, deaf: str, answered: list[bool]
) -> None:
    """Each transport for itself; who takes connections and says nothing is seen to be there."""
    node.deaf = (deaf,)
    checks = await check_node(web, node)
    assert [check.has_answer for check in checks] == answered
    assert checks[1].is_connected
    assert ("no answer" in checks[0].detail) == (deaf == "udp")


@pytest.mark.usefixtures("impatient")
async def test_a_port_that_nobody_holds_is_told(web: Web, node: FakeNode) -> None:
    """Refused is not the same as silent."""
    async with await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0
    ) as server:
        node.tcp = server.sockets[0].getsockname()[1]
    tcp = (await check_node(web, node))[1]
    assert not tcp.has_answer
    assert not tcp.is_connected
    assert tcp.detail == "connection refused"


async def test_who_hangs_up_is_not_livekit(web: Web, node: FakeNode) -> None:
    """A load balancer takes a connection and closes it."""
    async with await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0
    ) as server:
        node.tcp = server.sockets[0].getsockname()[1]
        tcp = (await check_node(web, node))[1]
    assert (tcp.has_answer, tcp.is_connected) == (False, True)


@pytest.mark.usefixtures("impatient")
async def test_an_echo_counts_for_nothing(
    web: Web, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An echo of the check is, with the request's own key, and is no answer for all that."""
    monkeypatch.setattr(FakeNode, "answer", lambda _, data, __: data)
    assert [check.has_answer for check in await check_node(web, node)] == [False, False]


@pytest.mark.usefixtures("impatient")
async def test_a_node_is_asked_directly_as_well(web: Web, node: FakeNode) -> None:
    """Who answers there and not where the server says has the wrong address."""
    checks = await check_node(web, node, "127.0.0.2")
    assert [(check.endpoint.host, check.endpoint.is_from_server) for check in checks] == [
        ("127.0.0.1", True),
        ("127.0.0.1", True),
        ("127.0.0.2", False),
        ("127.0.0.2", False),
    ]


@pytest.mark.usefixtures("impatient")
async def test_an_answer_that_another_key_signed_counts_for_nothing(
    web: Web, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sits at the port now, it is not the agent that was named."""

    def forged(_: FakeNode, data: bytes, addr: tuple[str, int]) -> bytes:
        reply = stun.Message(
            stun.Method.BINDING, stun.Class.RESPONSE, stun.parse_message(data).transaction_id
        )
        reply.attributes["XOR-MAPPED-ADDRESS"] = addr
        reply.add_message_integrity(b"another-password")
        return bytes(reply)

    monkeypatch.setattr(FakeNode, "answer", forged)
    assert [check.has_answer for check in await check_node(web, node)] == [False, False]


async def test_an_error_of_the_agent_is_an_answer(
    web: Web, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """487 says that two want the same role, and that somebody has read the check."""

    def conflicting(_: FakeNode, data: bytes, __: tuple[str, int]) -> bytes:
        reply = stun.Message(
            stun.Method.BINDING, stun.Class.ERROR, stun.parse_message(data).transaction_id
        )
        reply.attributes["ERROR-CODE"] = (487, "Role Conflict")
        reply.add_message_integrity(PASSWORD.encode())
        return bytes(reply)

    monkeypatch.setattr(FakeNode, "answer", conflicting)
    checks = await check_node(web, node)
    assert [check.has_answer for check in checks] == [True, True]
    assert "487" in checks[0].detail


async def test_a_machine_without_descriptors_is_nobody_s_closed_port(
    web: Web, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this machine has no more of says nothing about LiveKit's ports."""

    async def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(stun_checks, "_by_tcp", fail)
    with pytest.raises(CannotAsk, match="no file descriptor left"):
        await check_node(web, node)
