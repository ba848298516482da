"""Do media's ports accept unsolicited inbound packets? Signed STUN checks to each address, by UDP
and by TCP.

Own candidates are never sent, so no answer is owed to a hole that the server itself has punched
(RFC 8445 section 7.2, RFC 4571 for the framing over TCP). aioice writes and verifies the messages.
"""

import asyncio
import contextlib
import os
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aioice import Candidate, stun

from probes.finding import CannotAsk
from probes.livekit.signalling import Credentials, JoinedSession
from probes.transport.connection_errors import exhausted_resource

TIMEOUT_S = 3.2  # seconds, in which a request is sent six times over UDP
RETRANSMISSIONS = 5
PRIORITY = 1 << 24

Transport = Literal["udp", "tcp"]


@dataclass(frozen=True, slots=True)
class IceEndpoint:
    """An address of media: from the server, or (`is_from_server` false) from `dial` in the
    environment.
    """

    transport: str
    host: str
    port: int
    is_from_server: bool = True

    def __str__(self) -> str:
        return f"{self.transport} {self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class StunCheck:
    """The result for one endpoint: `answer_s` until it answered, None where it did not, `detail` in
    words.
    """

    endpoint: IceEndpoint
    answer_s: float | None
    detail: str
    is_connected: bool = False  # over TCP: a listener is there, be it another program

    @property
    def has_answer(self) -> bool:
        return self.answer_s is not None


def endpoints(candidates: Sequence[Candidate], dial: Sequence[str]) -> list[IceEndpoint]:
    """What the server names and can be dialled, then the same ports at the addresses of `dial`."""
    named = [
        IceEndpoint(candidate.transport.lower(), candidate.host, candidate.port)
        for candidate in candidates
        if candidate.type != "relay" and candidate.tcptype in (None, "passive")
    ]
    ports = dict.fromkeys((endpoint.transport, endpoint.port) for endpoint in named)
    hosts = {endpoint.host for endpoint in named}
    direct = [
        IceEndpoint(transport, host, port, is_from_server=False)
        for host in dial
        for transport, port in ports
    ]
    return list(
        dict.fromkeys([*named, *(endpoint for endpoint in direct if endpoint.host not in hosts)])
    )


async def check_all(session: JoinedSession, dial: Sequence[str]) -> tuple[StunCheck, ...]:
    """All endpoints at once, each within TIMEOUT_S."""
    return tuple(
        await asyncio.gather(
            *(
                _check(endpoint, session.credentials)
                for endpoint in endpoints(session.candidates, dial)
            )
        )
    )


async def _check(endpoint: IceEndpoint, credentials: Credentials) -> StunCheck:
    ask = _by_udp if endpoint.transport == "udp" else _by_tcp
    began = time.monotonic()
    try:
        return await ask(
            endpoint, credentials, asyncio.get_running_loop().time() + TIMEOUT_S, began
        )
    except (TimeoutError, stun.TransactionTimeout):
        return StunCheck(endpoint, None, "no answer")
    except OSError as error:
        if reason := exhausted_resource(error):
            raise CannotAsk(f"{endpoint.host} could not be asked: {reason}") from error
        return StunCheck(endpoint, None, _reason(error))


def _reason(error: OSError) -> str:
    """The system's own text, since asyncio words a refused connection by itself."""
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _request(credentials: Credentials) -> stun.Message:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = credentials.username
    request.attributes["PRIORITY"] = PRIORITY
    # A lite agent is always controlled, and drops the checks of another that is (RFC 8445 6.1.1).
    role = "ICE-CONTROLLING" if credentials.ice_lite else "ICE-CONTROLLED"
    request.attributes[role] = int.from_bytes(request.transaction_id[:8], "big")
    request.add_message_integrity(credentials.password.encode())
    return request


class _Datagrams(asyncio.DatagramProtocol):
    """Carries one transaction; whatever else arrives is not ours."""

    def __init__(self, request: stun.Message, endpoint: IceEndpoint, key: bytes) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._request = request
        self.transaction = stun.Transaction(
            request,
            (endpoint.host, endpoint.port),
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


async def _by_udp(
    endpoint: IceEndpoint, credentials: Credentials, ends_at: float, began_at: float
) -> StunCheck:
    request = _request(credentials)
    loop = asyncio.get_running_loop()
    transport, asking = await loop.create_datagram_endpoint(
        lambda: _Datagrams(request, endpoint, credentials.password.encode()),
        remote_addr=(endpoint.host, endpoint.port),
    )
    try:
        async with asyncio.timeout_at(ends_at):
            await asking.transaction.run()
    except (
        stun.TransactionFailed
    ) as failed:  # signed by who is there, for instance 487: roles conflict
        return _describe_answer(
            endpoint, began_at, f"answered with error {failed.response.error_code}"
        )
    finally:
        transport.close()
    return _describe_answer(endpoint, began_at, "answered")


async def _by_tcp(
    endpoint: IceEndpoint, credentials: Credentials, ends_at: float, began_at: float
) -> StunCheck:
    async with asyncio.timeout_at(ends_at):
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    request = _request(credentials)
    try:
        writer.write(frame(bytes(request)))
        async with asyncio.timeout_at(ends_at):
            while not _is_answer(await _read_frame(reader), request, credentials.password.encode()):
                pass
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return StunCheck(
            endpoint, None, "accepts connections and does not answer as ICE does", is_connected=True
        )
    finally:
        writer.transport.abort()
    return _describe_answer(endpoint, began_at, "answered")


def frame(message: bytes) -> bytes:
    return struct.pack("!H", len(message)) + message


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
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
    is_answer = message.message_class in (stun.Class.RESPONSE, stun.Class.ERROR)
    return is_answer and message.transaction_id == request.transaction_id


def _describe_answer(endpoint: IceEndpoint, began_at: float, how: str) -> StunCheck:
    seconds = time.monotonic() - began_at
    return StunCheck(endpoint, seconds, f"{how} in {seconds * 1000:.1f} ms", is_connected=True)
