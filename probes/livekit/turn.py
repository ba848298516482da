"""Does each TURN server that a room names allocate a relay (RFC 8656)? For users whose network lets
nothing else out.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from aioice import stun, turn

from probes.config.environment import Target, address
from probes.config.livekit import LiveKit
from probes.finding import CannotAsk, Code, Finding
from probes.livekit.signalling import IceServer
from probes.transport.connection_errors import exhausted_resource

TIMEOUT_S = 3.0  # for each; TLS and two round trips
LIFETIME_S = 60  # of an allocation whose end gets lost
URL = re.compile(
    r"(?P<scheme>turns?):(?P<host>\[[^]]+\]|[^:?]+)(?::(?P<port>\d+))?(?:\?transport=(?P<by>udp|tcp))?"
)
NO_CREDENTIALS = "named without username and credential, so clients do not even begin to connect"
_CHALLENGES = (401, 438)  # with which a server asks for credentials
PORTS = {"turn": 3478, "turns": 5349}  # RFC 7065


@dataclass(frozen=True, slots=True)
class TurnResult:
    """The result for one URL; `relay` is the relayed address, empty where none was allocated."""

    url: str
    relay: str
    detail: str


@dataclass(frozen=True, slots=True)
class _TurnServer:
    host: str
    port: int
    tls: bool
    tcp: bool


async def allocate_all(target: Target, relays: Sequence[IceServer]) -> tuple[TurnResult, ...]:
    """Every TURN URL at once, each allocation given back; STUN servers are passed over."""
    options = [
        (relay, url)
        for relay in relays
        for url in relay.urls
        if url.startswith(("turn:", "turns:"))
    ]
    return tuple(await asyncio.gather(*(_allocate(target, relay, url) for relay, url in options)))


async def _allocate(target: Target, relay: IceServer, url: str) -> TurnResult:
    if (server := _parse(url)) is None:
        return TurnResult(url, "", "is no TURN URL")
    unsigned: list[str] = []
    if not (relay.username and relay.credential):
        return TurnResult(url, "", NO_CREDENTIALS)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            relayed = await _relayed_address(target, relay, server, unsigned)
            return TurnResult(url, relayed, "allocated")
    except (stun.TransactionTimeout, TimeoutError):
        refusals = unsigned or [f"no answer within {TIMEOUT_S:g} s"]
        return TurnResult(url, "", refusals[-1])
    except stun.TransactionFailed as failed:
        return TurnResult(url, "", _refusal(failed.response))
    except ssl.SSLCertVerificationError as error:
        return TurnResult(url, "", f"certificate verification failed: {error.verify_message}")
    except (OSError, ValueError) as error:
        exhausted = exhausted_resource(error) if isinstance(error, OSError) else ""
        if exhausted:
            raise CannotAsk(f"{url} could not be asked: {exhausted}") from error
        return TurnResult(url, "", f"connection failed: {error}")


def _parse(url: str) -> _TurnServer | None:
    if not (parts := URL.fullmatch(url)):
        return None
    tls = parts["scheme"] == "turns"
    port = int(parts["port"] or PORTS[parts["scheme"]])
    return _TurnServer(parts["host"].strip("[]"), port, tls, tcp=tls or parts["by"] == "tcp")


def _refusal(response: stun.Message) -> str:
    code, reason = response.attributes.get("ERROR-CODE", (0, "no reason"))
    return f"refused with {code} {reason}"


class _NotesErrors:
    """Keeps what a server answers unsigned, which its client must not act upon (RFC 8489 section
    9.2.5): with 400 LiveKit's own TURN server refuses a name or a password that it does not know.
    """

    unsigned: list[str]

    def datagram_received(self, data: bytes | str, addr: tuple[str, int]) -> None:
        with contextlib.suppress(ValueError):
            message = stun.parse_message(data)  # type: ignore[arg-type]
            challenged = message.attributes.get("ERROR-CODE", (0, ""))[0] in _CHALLENGES
            if message.message_class == stun.Class.ERROR and not challenged:
                self.unsigned.append(_refusal(message))
        super().datagram_received(data, addr)  # type: ignore[misc]


class _UdpClient(_NotesErrors, turn.TurnClientUdpProtocol):
    pass


class _TcpClient(_NotesErrors, turn.TurnClientTcpProtocol):
    pass


async def _relayed_address(
    target: Target, relay: IceServer, server: _TurnServer, unsigned: list[str]
) -> str:
    """By aioice's client over a connection of ours, so that a certificate is checked against the
    name in the URL, wherever that name leads. `unsigned`: gets refusals that nobody has signed.
    """
    loop, peer = asyncio.get_running_loop(), (address(server.host), server.port)
    identity = (peer, relay.username, relay.credential, LIFETIME_S, LIFETIME_S)
    transport: asyncio.BaseTransport
    client: _UdpClient | _TcpClient
    if server.tcp:
        trust, tls_name = (target.trust, server.host) if server.tls else (None, None)
        transport, client = await loop.create_connection(
            lambda: _TcpClient(*identity), *peer, ssl=trust, server_hostname=tls_name
        )
    else:
        transport, client = await loop.create_datagram_endpoint(
            lambda: _UdpClient(*identity), remote_addr=peer
        )
    client.unsigned = unsigned
    try:
        host, port = await client.connect()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TIMEOUT_S / 2):
                await client.delete()
    finally:
        transport.close()
    return f"{host}:{port}"


def explain_turn(results: Sequence[TurnResult], promised: LiveKit) -> Finding | None:
    """Every TURN URL that is offered allocates a relay, and one is offered where that is promised;
    pure.
    """
    failed = [result for result in results if not result.relay]
    if failed:
        observed = ", ".join(f"{result.url}: {result.detail}" for result in failed)
        return Finding(Code.LIVEKIT_TURN_REFUSED, observed, _cause(failed))
    if promised.turn and not results:
        observed = "the room names no TURN server, though the environment promises one"
        cause = "turn.enabled (chart value livekit.turn)"
        return Finding(Code.LIVEKIT_TURN_REFUSED, observed, cause)
    return None


def credentials_finding(results: Sequence[TurnResult], promised: LiveKit) -> Finding | None:
    """What keeps every client from connecting, be it by way of a relay or not; None where nothing
    does; pure.

    With a TURN server that has no username or no credential a peer connection is refused at its
    making (W3C WebRTC section 4.4.1.6; libwebrtc alike).
    """
    nameless = [result for result in results if result.detail == NO_CREDENTIALS]
    return explain_turn(nameless, promised) if nameless else None


def _cause(failed: Sequence[TurnResult]) -> str:
    """What each kind of failure points at; where they differ, all that may be it."""
    details = " ".join(result.detail for result in failed)
    if NO_CREDENTIALS in details:
        return "rtc.turn_servers: username and credential of each server (chart value livekit.rtc)"
    if "certificate" in details:
        return "turn.domain and its certificate (turn.cert_file, or the load balancer's)"
    if "refused with" in details:
        return (
            "the credentials: the secret that coturn and livekit-server share (turn, turn_servers)"
        )
    return "the TURN server's process and port (turn.udp_port, turn.tls_port), or its firewall rule"
