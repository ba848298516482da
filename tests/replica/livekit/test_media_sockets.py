"""What passes to who is not called, by UDP and by TCP: authenticated checks, as a strict probe
sends them.
"""

import asyncio
import json
import re
import socket

import pytest
from aioice import stun

from tests.support.sfu import JoinedSocket, RunningStandIn


def check(sdp: str) -> stun.Message:
    """A check that the server's agent must answer."""
    ufrag, password = (re.findall(rf"a=ice-{what}:(\S+)", sdp)[0] for what in ("ufrag", "pwd"))
    found = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    found.attributes |= {"USERNAME": f"{ufrag}:mine", "PRIORITY": 1, "ICE-CONTROLLED": 7}
    found.add_message_integrity(password.encode())
    return found


def is_answer(data: bytes, asked: stun.Message) -> bool:
    answer = stun.parse_message(data)
    return (answer.transaction_id, answer.message_class) == (
        asked.transaction_id,
        stun.Class.RESPONSE,
    )


async def told(context: JoinedSocket) -> tuple[str, tuple[str, int]]:
    """The server's offer, and its UDP address."""
    sdp, candidates = await context.told()
    words = json.loads(candidates[0].candidateInit)["candidate"].split()
    return sdp, (words[4], int(words[5]))


async def first_answered(sfu: RunningStandIn, fault: str) -> int:
    """Which of two checks the server answers first: the one sent while it lies, or the one sent
    after.
    """
    async with sfu.joined() as context:
        sdp, address = await told(context)
        checks = [check(sdp), check(sdp)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendto(line, bytes(checks[0]), address)
            # The server has read it before it lifts the fault: a fault is lifted by the same loop.
            await sfu.server.state()
            await sfu.lie()
            await loop.sock_sendto(line, bytes(checks[1]), address)
            answer = await loop.sock_recv(line, 1500)
    return next(number for number, asked in enumerate(checks) if is_answer(answer, asked))


@pytest.mark.parametrize(
    "fault", ["livekit-udp-is-blocked", "livekit-ports-are-closed", "livekit-firewall-is-stateful"]
)
async def test_a_closed_door_answers_no_check(sfu: RunningStandIn, fault: str) -> None:
    """Of two checks only the one is answered that comes when the door is open."""
    await sfu.lie(fault)
    assert await first_answered(sfu, fault) == 1


@pytest.mark.parametrize(
    "fault", ["livekit-dtls-fails", "livekit-drops-media", "livekit-drops-data"]
)
async def test_what_breaks_later_answers_checks(sfu: RunningStandIn, fault: str) -> None:
    """ICE is not what fails there."""
    await sfu.lie(fault)
    assert await first_answered(sfu, fault) == 0


async def test_a_check_over_tcp_is_answered_over_tcp(sfu: RunningStandIn) -> None:
    """In the frames of RFC 4571, to who names one of its agents."""
    async with sfu.joined() as context:
        sdp, _ = await context.told()
        asked = check(sdp)
        reader, writer = await asyncio.open_connection("127.0.0.1", sfu.livekit.tcp_port)
        writer.write(len(bytes(asked)).to_bytes(2, "big") + bytes(asked))
        size = int.from_bytes(await reader.readexactly(2), "big")
        assert is_answer(await reader.readexactly(size), asked)
        writer.close()
        await writer.wait_closed()


async def test_who_names_nobody_is_hung_up_on(sfu: RunningStandIn) -> None:
    """A stream whose first frame is no check for anybody here ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sfu.livekit.tcp_port)
    writer.write(b"\x00\x05hello")
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    "fault", ["livekit-offers-no-tcp", "livekit-ports-are-closed", "livekit-firewall-is-stateful"]
)
async def test_a_closed_tcp_port_refuses(sfu: RunningStandIn, fault: str) -> None:
    """And opens again with the fault gone."""
    await sfu.lie(fault)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", sfu.livekit.tcp_port)
    await sfu.lie()
    _, writer = await asyncio.open_connection("127.0.0.1", sfu.livekit.tcp_port)
    writer.close()
    await writer.wait_closed()
