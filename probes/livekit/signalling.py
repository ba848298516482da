"""Join a room as LiveKit's own clients begin to, and read the addresses that they are given
(livekit_rtc.proto, v0).

No media follows: the answer to the server's offer names no candidates of ours, so that all that
reaches the server is unsolicited, and its own checks punch no hole.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from aioice import Candidate
from livekit.protocol.rtc import (
    JoinResponse,
    LeaveRequest,
    SessionDescription,
    SignalRequest,
    SignalResponse,
    SignalTarget,
)
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from probes.closing import close_fully
from probes.config.livekit import LiveKit
from probes.finding import Broken, Code, Finding, broken_promise
from probes.livekit import sdp, token_answers
from probes.recording.recorder import Exchange, current
from probes.transport import websocket
from probes.transport.http import Web

PATH = "/rtc"  # v0, which every server knows
PROTOCOL = 9  # above 8 the server tells of who leaves, below 10 it knows the room's id at once
JOIN_TIMEOUT_S = 5.0  # seconds; the server itself holds an upgrade for up to 18
# The last candidate, TCP's, comes when gathering ends, and a silent STUN server is given 5 s
# (pion/ice, livekit/mediatransportutil).
GATHERING_TIMEOUT_S = 7.0
LEAVE_TIMEOUT_S = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class IceServer:
    """An ICE server that the room names."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a connectivity check is signed with (RFC 8445 section 7.2.2)."""

    mine: str
    theirs: str
    password: str = field(repr=False)
    ice_lite: bool = False  # theirs leaves the checks to us

    @property
    def username(self) -> str:
        return f"{self.theirs}:{self.mine}"


@dataclass(frozen=True, slots=True)
class JoinedSession:
    """A session in a room: which server, and where media would flow. `first_message_s` until its
    first message.
    """

    version: str
    protocol: int
    node: str
    relays: tuple[IceServer, ...]
    credentials: Credentials
    candidates: tuple[Candidate, ...]
    first_message_s: float
    has_all_candidates: bool = True  # the server said which candidate was its last
    debug_info: str = ""
    gathering_s: float = 0.0  # from the answer to the last candidate


@asynccontextmanager
async def join_room(web: Web, promised: LiveKit, token: str) -> AsyncIterator[JoinedSession]:
    """A session for as long as the block lasts, left in order at its end. Raises Broken."""
    query = urlencode(
        {"access_token": token, "protocol": PROTOCOL, "auto_subscribe": 1, "sdk": "python"}
    )
    with current().exchange("socket", "GET", f"{promised.origin}{PATH}?{query}") as exchange:
        began = time.monotonic()
        connection = await _upgrade(web, exchange)
        try:
            yield await _read_session(connection, exchange, began)
        finally:
            await close_fully(_leave(connection), 2 * LEAVE_TIMEOUT_S)


async def _upgrade(web: Web, exchange: Exchange) -> ClientConnection:
    try:
        async with asyncio.timeout(JOIN_TIMEOUT_S):
            return await websocket.upgrade(web, exchange.url, exchange, {})
    except TimeoutError as error:
        current().subject = exchange
        raise _no_answer("an upgrade") from error
    except websocket.UpgradeRefused as refused:
        raise Broken(token_answers.explain_upgrade(refused.answer)) from refused
    except Broken as failure:
        raise Broken(_with_livekit_code(failure.finding)) from failure


def _no_answer(what: str) -> Broken:
    return broken_promise(
        Code.LIVEKIT_JOIN_TIMEOUT,
        f"livekit-server took {what} and said nothing for {JOIN_TIMEOUT_S:g} s",
        "livekit-server: no node takes the room (its Redis, or all nodes are draining)",
    )


def _with_livekit_code(finding: Finding) -> Finding:
    """A stalled or failed upgrade under LiveKit's own codes."""
    names = {
        Code.SOCKET_UPGRADE_STALLED: Code.LIVEKIT_JOIN_TIMEOUT,
        Code.SERVICE_UNAVAILABLE: Code.LIVEKIT_UPGRADE_BLOCKED,
    }
    code = names.get(finding.code, finding.code)
    return Finding(code, finding.observed, finding.cause)


async def _read_session(
    connection: ClientConnection, exchange: Exchange, began_at: float
) -> JoinedSession:
    try:
        async with asyncio.timeout(JOIN_TIMEOUT_S):
            welcome = await _welcome(connection)
            seconds = time.monotonic() - began_at
            offer = await _offer(connection)
        redactor = current().evidence.redactor
        for server in welcome.ice_servers:
            redactor.remember(server.credential)
        mine = Credentials(
            secrets.token_hex(4),
            sdp.first_attribute(offer, "ice-ufrag"),
            sdp.first_attribute(offer, "ice-pwd"),
            sdp.is_ice_lite(offer),
        )
        await connection.send(_answer(offer, mine))
        answered = time.monotonic()
        candidates, gathered = await _candidates(connection, offer)
        gathering_s = time.monotonic() - answered
    except TimeoutError as error:
        current().subject = exchange
        raise _no_answer("a socket") from error
    except ConnectionClosed as error:
        current().subject = exchange
        raise broken_promise(
            Code.LIVEKIT_JOIN_TIMEOUT,
            f"livekit-server closed the socket during the join: {error}",
            "livekit-server: its log says why",
        ) from error
    session = replace(
        _session(welcome, mine, candidates, seconds),
        has_all_candidates=gathered,
        gathering_s=gathering_s,
    )
    exchange.response_body = summary(session).encode()
    return session


def _session(
    welcome: JoinResponse, mine: Credentials, candidates: list[Candidate], first_message_s: float
) -> JoinedSession:
    return JoinedSession(
        welcome.server_info.version or welcome.server_version,
        welcome.server_info.protocol,
        welcome.server_info.node_id,
        tuple(
            IceServer(tuple(server.urls), server.username, server.credential)
            for server in welcome.ice_servers
        ),
        mine,
        tuple(candidates),
        first_message_s,
        debug_info=welcome.server_info.debug_info,
    )


def summary(session: JoinedSession) -> str:
    """A join in JSON for the journal, in place of the protobufs."""
    shown = [f"{c.transport} {c.host}:{c.port} {c.type}" for c in session.candidates]
    urls = [url for relay in session.relays for url in relay.urls]
    shown_session = {
        "version": session.version,
        "protocol": session.protocol,
        "node": session.node,
        "iceServers": urls,
    }
    return json.dumps(shown_session | {"candidates": shown})


async def _next(connection: ClientConnection) -> SignalResponse:
    """The next message; text frames are not LiveKit's and are skipped."""
    while isinstance(raw := await connection.recv(), str):
        pass
    return SignalResponse.FromString(raw)


async def _welcome(connection: ClientConnection) -> JoinResponse:
    while (response := await _next(connection)).WhichOneof("message") != "join":
        if response.WhichOneof("message") == "leave":
            raise broken_promise(
                Code.LIVEKIT_JOIN_TIMEOUT,
                f"livekit-server answered the join with leave (reason {response.leave.reason})",
                "livekit-server: its log says why",
            )
    return response.join


async def _offer(connection: ClientConnection) -> str:
    while (response := await _next(connection)).WhichOneof("message") != "offer":
        pass
    return response.offer.sdp


async def _candidates(connection: ClientConnection, offer: str) -> tuple[list[Candidate], bool]:
    """Those of the offer and those that follow, and whether the server said that it is done."""
    found = sdp.candidates(offer)
    if sdp.complete(offer):
        return found, True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GATHERING_TIMEOUT_S):
            while True:
                message = await _next(connection)
                if not _is_candidate(message):
                    continue
                found += sdp.parse_trickle(message.trickle.candidateInit)
                if message.trickle.final:
                    return found, True
    return found, False


def _is_candidate(message: SignalResponse) -> bool:
    if message.WhichOneof("message") != "trickle":
        return False
    return bool(message.trickle.target == SignalTarget.SUBSCRIBER)


def _answer(offer: str, mine: Credentials) -> bytes:
    answer = SessionDescription(
        type="answer", sdp=sdp.make_answer(offer, mine.mine, secrets.token_hex(16))
    )
    return bytes(SignalRequest(answer=answer).SerializeToString())


async def _leave(connection: ClientConnection) -> None:
    """A participant that never connects would be kept for a minute."""
    leave = SignalRequest(leave=LeaveRequest(action=LeaveRequest.Action.DISCONNECT))
    try:
        async with asyncio.timeout(LEAVE_TIMEOUT_S):
            await connection.send(leave.SerializeToString())
    except (ConnectionClosed, TimeoutError):
        pass
    await connection.close()
