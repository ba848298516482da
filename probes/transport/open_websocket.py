"""An open socket: what is said and heard there, judged as it comes, and every way it goes quiet."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from probes.closing import close_fully
from probes.finding import Broken, Code, Finding, broken_promise
from probes.recording.recorder import Exchange, current
from probes.transport import identity
from probes.transport.http import service
from probes.transport.identity import Scope
from probes.transport.socket_events import explain_event

Event = dict[str, Any]
CLOSING_TIMEOUT_S = 2.0  # seconds
# Close codes with which we end a socket ourselves (RFC 6455, 7.4.1).
REFUSED = {1002: "breaks the protocol", 1007: "is not UTF-8", 1009: "is too big"}


class ClosedAtOnce(Broken):
    """The other end opened the socket (101), and closed it before it answered a ping."""

    @property
    def refusal(self) -> Finding:
        """What it means where a refusal was promised."""
        observed = f"the upgrade was accepted (101), and then {self.finding.observed}"
        cause = "the service refuses behind the upgrade, which a page takes for a good connection"
        return Finding(Code.SOCKET_REFUSAL_UNCLEAR, observed, cause)


class WebSocket:
    """One open socket; what is said and heard there is the body of its exchange. Each event is
    judged by `checks` as it comes, whoever waits for it.
    """

    def __init__(self, connection: ClientConnection, exchange: Exchange, scope: Scope) -> None:
        self._connection, self._exchange = connection, exchange
        self._opened_at = asyncio.get_running_loop().time()
        self.checks: list[Callable[[Event], Finding | None]] = [partial(_foreign, exchange, scope)]

    async def send(self, event: Event) -> None:
        """Raises Broken when the socket has been dropped."""
        line = json.dumps(event, ensure_ascii=False)
        self._exchange.request_body += line.encode() + b"\n"
        try:
            await self._connection.send(line)
        except ConnectionClosed as error:
            raise self._explain_close(error) from error

    async def receive(
        self,
        wanted: Callable[[Event], bool],
        timeout_s: float,
        shapes: Mapping[str, Any] | None = None,
    ) -> Event | None:
        """The next event that is wanted; None when none comes in time. Raises Broken when the
        socket is dropped, or an event is not of its type's shape in `shapes`.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not wanted(event := await self._next(shapes or {})):
                    pass
        except TimeoutError:
            current().subject = self._exchange
            return None
        except ConnectionClosed as error:
            raise self._explain_close(error) from error
        return event

    async def ping(self, timeout_s: float) -> None:
        """The other end answers a ping, as every one must (RFC 6455 5.5.2). Raises Broken."""
        try:
            async with asyncio.timeout(timeout_s):
                await (await self._connection.ping())
        except TimeoutError:
            raise self.half_open(f"no pong within {timeout_s:g} s") from None
        except ConnectionClosed as error:
            raise self._explain_close(error) from error

    async def expect_taken(self, timeout_s: float) -> None:
        """It is open in earnest, as a ping shows. Raises Broken; ClosedAtOnce where the other end
        closes what it has just opened.
        """
        try:
            await self.ping(timeout_s)
        except Broken as failure:
            if failure.finding.code is Code.SOCKET_DROPPED:
                raise ClosedAtOnce(failure.finding) from failure
            raise

    async def listen(self, duration_s: float) -> None:
        """Hear what comes for so long, each event judged. Raises Broken when it is dropped."""
        subject = current().subject
        await self.receive(lambda _event: False, duration_s)
        current().subject = subject

    def half_open(self, observed: str) -> Broken:
        """The finding for a socket that is open and does not answer."""
        current().subject = self._exchange
        who = service(self._exchange.url)
        sentence = f"{observed} on an open socket of {who}, {self._age_s:.1f} s after it opened"
        cause = f"{who} hangs, or a proxy that has lost one of the two connections"
        return broken_promise(Code.SOCKET_HALF_OPEN, sentence, cause)

    @property
    def _age_s(self) -> float:
        return asyncio.get_running_loop().time() - self._opened_at

    async def _next(self, shapes: Mapping[str, Any]) -> Event:
        line = await self._connection.recv()
        raw = line.encode() if isinstance(line, str) else line
        self._exchange.add_response(raw + b"\n")
        event = self._read(line, shapes)
        for check in self.checks:
            if finding := check(event):
                current().subject = self._exchange
                raise Broken(finding)
        return event

    def _read(self, line: str | bytes, shapes: Mapping[str, Any]) -> Event:
        if problem := explain_event(line, shapes):
            current().subject = self._exchange
            who = service(self._exchange.url)
            raise broken_promise(Code.CONTRACT_BROKEN, f"{who} sent over its socket {problem}", who)
        event: Event = json.loads(line)
        return event

    async def close(self) -> None:
        """Close it, and judge what nobody has waited for. Raises Broken."""
        await close_fully(self._close_and_drain(), 2 * CLOSING_TIMEOUT_S)

    async def _close_and_drain(self) -> None:
        await self._connection.close()
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._next({})

    def _explain_close(self, error: ConnectionClosed) -> Broken:
        current().subject = self._exchange
        who = service(self._exchange.url)
        if error.sent and not error.rcvd_then_sent and error.sent.code in REFUSED:
            reason = f"{REFUSED[error.sent.code]} ({error.sent})"
            observed = f"{who} sent a frame that no page takes: it {reason}"
            return broken_promise(
                Code.CONTRACT_BROKEN, observed, f"{who}, or a proxy that alters frames"
            )
        sentence = f"{who} dropped an open socket after {self._age_s:.1f} s: {error}"
        return broken_promise(
            Code.SOCKET_DROPPED, sentence, f"{who}: a restart, or a proxy's idle time-out"
        )


def _foreign(exchange: Exchange, scope: Scope, event: Event) -> Finding | None:
    who = service(exchange.url)
    what = f"{event.get('type', 'an event')} on an open socket of {who}"
    cause = f"{who}: whom it sends an event to (its rooms, or its channels in Redis)"
    return identity.foreign_data(what, identity.find_foreign(scope, event), scope.users, cause)
