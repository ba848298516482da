"""Does media's door open to who comes uncalled: signed STUN checks against each address, over UDP
and over TCP.

Own candidates are never sent, so no answer is owed to a hole that the server itself has punched
(RFC 8445 section 7.2, RFC 4571 for the framing over TCP). aioice writes and verifies the messages.
"""

import asyncio
import contextlib
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aioice import Candidate, stun

from probes.livekit.signalling import Credentials, Joined

BUDGET = 3.2  # seconds, in which a request is sent six times over UDP
RETRANSMISSIONS = 5
PRIORITY = 1 << 24

Transport = Literal["udp", "tcp"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where media may be: as the server names it, or (`named` false) as the environment does."""

    transport: str
    host: str
    port: int
    named: bool = True

    def __str__(self) -> str:
        return f"{self.transport} {self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Check:
    """What came of asking one place; `seconds` until it answered, None where it did not. `saw` in
    words.
    """

    place: Place
    seconds: float | None
    detail: str
    connected: bool = False  # over TCP: somebody is there, be it somebody else

    @property
    def answered(self) -> bool:
        return self.seconds is not None


def places(candidates: Sequence[Candidate], dial: Sequence[str]) -> list[Place]:
    """What the server names and can be dialled, then the same ports at the addresses that the
    environment names.
    """
    named = [
        Place(candidate.transport.lower(), candidate.host, candidate.port)
        for candidate in candidates
        if candidate.type != "relay" and candidate.tcptype in (None, "passive")
    ]
    doors = dict.fromkeys((place.transport, place.port) for place in named)
    hosts = {place.host for place in named}
    direct = [
        Place(transport, host, port, named=False) for host in dial for transport, port in doors
    ]
    return list(dict.fromkeys([*named, *(place for place in direct if place.host not in hosts)]))


async def checks(seat: Joined, dial: Sequence[str]) -> tuple[Check, ...]:
    """All places at once, each within the budget."""
    return tuple(
        await asyncio.gather(
            *(_check(place, seat.credentials) for place in places(seat.candidates, dial))
        )
    )


async def _check(place: Place, credentials: Credentials) -> Check:
    ask = _by_udp if place.transport == "udp" else _by_tcp
    began = time.monotonic()
    try:
        return await ask(place, credentials, asyncio.get_running_loop().time() + BUDGET, began)
    except (TimeoutError, stun.TransactionTimeout):
        return Check(place, None, "no answer")
    except OSError as error:
        return Check(place, None, f"no way there: {error.strerror or error}")


def _request(credentials: Credentials) -> stun.Message:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = credentials.username
    request.attributes["PRIORITY"] = PRIORITY
    request.attributes["ICE-CONTROLLED"] = int.from_bytes(request.transaction_id[:8], "big")
    request.add_message_integrity(credentials.password.encode())
    return request


class _Datagrams(asyncio.DatagramProtocol):
    """Carries one transaction; whatever else arrives is not ours."""

    def __init__(self, request: stun.Message, place: Place, key: bytes) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._request = request
        self.transaction = stun.Transaction(
            request,
            (place.host, place.port),
            self,
            retransmissions=RETRANSMISSIONS,
            integrity_key=key,
        )

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:  # noqa: ARG002 - aioice's signature
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(bytes(message))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with contextlib.suppress(ValueError):
            message = stun.parse_message(data)
            if _answers(message, self._request):
                self.transaction.response_received(message, addr)


async def _by_udp(place: Place, credentials: Credentials, ends: float, began: float) -> Check:
    request = _request(credentials)
    loop = asyncio.get_running_loop()
    transport, asking = await loop.create_datagram_endpoint(
        lambda: _Datagrams(request, place, credentials.password.encode()),
        remote_addr=(place.host, place.port),
    )
    try:
        async with asyncio.timeout_at(ends):
            await asking.transaction.run()
    except (
        stun.TransactionFailed
    ) as failed:  # signed by who is there, for instance 487: roles conflict
        return _answered(place, began, f"answered with error {failed.response.error_code}")
    finally:
        transport.close()
    return _answered(place, began, "answered")


async def _by_tcp(place: Place, credentials: Credentials, ends: float, began: float) -> Check:
    async with asyncio.timeout_at(ends):
        reader, writer = await asyncio.open_connection(place.host, place.port)
    request = _request(credentials)
    try:
        writer.write(framed(bytes(request)))
        async with asyncio.timeout_at(ends):
            while not _is_answer(await _frame(reader), request, credentials.password.encode()):
                pass
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return Check(
            place, None, "takes connections and does not answer as ICE does", connected=True
        )
    finally:
        writer.transport.abort()
    return _answered(place, began, "answered")


def framed(message: bytes) -> bytes:
    return struct.pack("!H", len(message)) + message


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!H", await reader.readexactly(2))
    return await reader.readexactly(length)


def _is_answer(data: bytes, request: stun.Message, key: bytes) -> bool:
    """An error counts too, when it is signed: who is there has read the check."""
    try:
        message = stun.parse_message(data)
    except ValueError:
        return False
    return _answers(message, request) and message.check_message_integrity(key)


def _answers(message: stun.Message, request: stun.Message) -> bool:
    """An echo of the request does not, though it is signed with the same key."""
    told = message.message_class in (stun.Class.RESPONSE, stun.Class.ERROR)
    return told and message.transaction_id == request.transaction_id


def _answered(place: Place, began: float, how: str) -> Check:
    seconds = time.monotonic() - began
    return Check(place, seconds, f"{how} in {seconds * 1000:.1f} ms", connected=True)
