"""Does the TURN server that a room names lend a relay (RFC 8656)? For those whose network lets
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
from probes.finding import Code, Finding
from probes.livekit.signalling import IceServer

TIMEOUT_S = 2.0  # seconds for each
URL = re.compile(
    r"(?P<scheme>turns?):(?P<host>\[[^]]+\]|[^:?]+)(?::(?P<port>\d+))?(?:\?transport=(?P<by>udp|tcp))?"
)
PORTS = {"turn": 3478, "turns": 5349}  # RFC 7065


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What came of asking one URL for a relay; `relay` is the address that was lent, empty where
    none was.
    """

    url: str
    relay: str
    detail: str


async def allocate_all(target: Target, relays: Sequence[IceServer]) -> tuple[TurnResult, ...]:
    """Every TURN URL asked at once, each allocation given back; STUN servers are passed over."""
    options = [
        (relay, url)
        for relay in relays
        for url in relay.urls
        if url.startswith(("turn:", "turns:"))
    ]
    return tuple(await asyncio.gather(*(_allocate(target, relay, url) for relay, url in options)))


async def _allocate(target: Target, relay: IceServer, url: str) -> TurnResult:
    if not (parts := URL.fullmatch(url)):
        return TurnResult(url, "", "is no TURN URL")
    host = parts["host"].strip("[]")
    place = (address(host), int(parts["port"] or PORTS[parts["scheme"]]))
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return TurnResult(
                url,
                await _relayed_address(target, relay, place, parts["scheme"], parts["by"] or ""),
                "lent a relay",
            )
    except (stun.TransactionTimeout, TimeoutError):
        return TurnResult(url, "", f"no answer within {TIMEOUT_S:g} s")
    except stun.TransactionFailed as failed:
        code, reason = failed.response.attributes.get("ERROR-CODE", (0, "no reason"))
        return TurnResult(url, "", f"refused with {code} {reason}")
    except (OSError, ValueError) as error:
        said = (
            error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error)
        )
        return TurnResult(url, "", f"no way there: {said}")


async def _relayed_address(
    target: Target, relay: IceServer, place: tuple[str, int], scheme: str, by: str
) -> str:
    closed = asyncio.Event()
    transport, _ = await turn.create_turn_endpoint(
        lambda: _AllocationOnly(closed),
        place,
        relay.username,
        relay.credential,
        ssl=target.trust if scheme == "turns" else None,
        transport="tcp" if scheme == "turns" else by or "udp",
    )
    host, port = transport.get_extra_info("sockname")
    transport.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TIMEOUT_S / 2):
            await closed.wait()
    return f"{host}:{port}"


class _AllocationOnly(asyncio.DatagramProtocol):
    """Nothing is sent through the relay; `closed` is set when it has been given back."""

    def __init__(self, closed: asyncio.Event) -> None:
        self._closed = closed

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._closed.set()


def explain_turn(tried: Sequence[TurnResult], promised: LiveKit) -> Finding | None:
    """Every TURN URL that is offered lends a relay, and one is offered where that is promised;
    pure.
    """
    failed = [each for each in tried if not each.relay]
    if failed:
        told = ", ".join(f"{each.url}: {each.detail}" for each in failed)
        cause = (
            "turn.domain, its certificate and port, or the secret that coturn and "
            "livekit-server share"
        )
        return Finding(Code.LIVEKIT_TURN_REFUSED, told, cause)
    if promised.turn and not tried:
        return Finding(
            Code.LIVEKIT_TURN_REFUSED,
            "the room names no TURN server, though the environment promises one",
            "turn.enabled (chart value livekit.turn)",
        )
    return None
