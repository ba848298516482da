"""The sockets that a page opens: every attempt with its token and its end, and ways to cut them off
as an edge would.

Sources: contract 3.4 (the access token stands in a socket's URL) and 3.5 (what the page does when
one closes).
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, WebSocketRoute

from probes.browser.page_replies import OFFLINE
from probes.finding import Finding
from probes.recording import secret_labels
from probes.recording.recorder import Exchange, Recorder
from probes.transport import websocket
from probes.transport.http import Answer

SOCKET = re.compile(r"^wss?://[^?]*/ws/")
SWITCHING = 101
RESTARTS = 1012  # RFC 6455's registry: the server restarts
LOST = 1006  # what a page is told when a connection is gone without a word
# Chromium says of a failed upgrade only this much, and of a 401 less than of others.
_UNEXPECTED = re.compile(r"Unexpected response code: (\d{3})")
_UNAUTHORIZED = "HTTP Authentication failed"


@dataclass(slots=True)
class PageSocket:
    """One attempt of a page to open a socket. `status` 0: no answer yet, or none that the browser
    tells of.
    """

    what: str
    token: str = field(repr=False)  # in memory only
    url: str = ""  # without its query
    exchange: Exchange | None = field(default=None, repr=False)
    status: int = 0
    failure: str = ""
    has_ended: bool = False
    offline: bool = False  # tried while the probe had taken the page's network away

    @property
    def is_open(self) -> bool:
        return self.status == SWITCHING

    @property
    def is_live(self) -> bool:
        return self.is_open and not self.has_ended

    @property
    def label(self) -> str:
        """What may be told of the token."""
        return secret_labels.token(self.token) if self.token else "no token"


def kind(url: str) -> str:
    """Chat, presence or board, by the paths of contract 3.4."""
    path = urlsplit(url).path
    if path.endswith("/ws/presence"):
        return "presence"
    return "board" if "/ws/project/" in path else "chat"


class PageSockets:
    """All sockets of one page, in the order of its attempts; `news` is called at each change."""

    def __init__(
        self, page: Page, origin: str, recorder: Recorder, news: Callable[[], None]
    ) -> None:
        self.all: list[PageSocket] = []
        self._page, self._origin, self._recorder, self._news = page, origin, recorder, news
        self._routes: dict[str, tuple[WebSocketRoute, WebSocketRoute]] = {}
        self._asking: dict[str, tuple[PageSocket, Exchange, float]] = {}
        self._opened: dict[str, PageSocket] = {}
        self._is_offline = False

    @property
    def kinds(self) -> frozenset[str]:
        """Of which kinds the page has tried to open a socket."""
        return frozenset(socket.what for socket in self.all)

    async def watch(self) -> None:
        """Call before the page's own scripts run.

        Playwright's own event tells neither of an upgrade's success nor of its status; DevTools'
        events do.
        """
        await self._page.context.route_web_socket(SOCKET, self._route)
        session = await self._page.context.new_cdp_session(self._page)
        session.on("Network.webSocketCreated", self._on_created)
        session.on("Network.webSocketHandshakeResponseReceived", self._on_answered)
        session.on("Network.webSocketFrameError", self._on_failed)
        session.on("Network.webSocketClosed", self._on_closed)
        await session.send("Network.enable")

    async def drop(self, *kinds: str, code: int = RESTARTS) -> None:
        """Close the page's open sockets of these kinds at the same moment."""
        for socket in self.all:
            socket.has_ended = socket.has_ended or (socket.what in kinds and socket.is_open)
        await asyncio.gather(
            *(_close(*self._routes[what], code) for what in kinds if what in self._routes)
        )

    async def lose_network(self) -> None:
        """Have the page without a network, from one moment to the next.

        Measured in Chromium 156: offline emulation, by Playwright and by DevTools, fails new
        requests and new sockets, but an open socket is only held up: nothing gets through, no end
        is told, and all of it is delivered later. A user's network that is gone ends a socket with
        1006, so ours are closed with that.
        """
        self._is_offline = True
        await self._page.context.set_offline(True)
        await self.drop(*self._routes, code=LOST)

    async def regain_network(self) -> None:
        await self._page.context.set_offline(False)
        self._is_offline = False

    def end(self) -> None:
        """Record the upgrades that were never answered."""
        for _socket, exchange, began in list(self._asking.values()):
            exchange.error = "no answer to the upgrade"
            self._recorder.record(exchange, time.monotonic() - began)
        self._asking.clear()

    def _route(self, route: WebSocketRoute) -> None:
        self._routes[kind(route.url)] = (route, route.connect_to_server())

    def _on_created(self, event: dict[str, Any]) -> None:
        url = event["url"]
        if not SOCKET.match(url):
            return
        token = parse_qs(urlsplit(url).query).get("token", [""])[0]
        self._recorder.evidence.redactor.remember(token)
        asked = "http" + url.removeprefix(
            "ws"
        )  # as probes/transport/websocket.py records them, so that they can be asked again
        exchange = self._recorder.begin("socket", "GET", asked)
        exchange.set_request({"origin": self._origin})
        socket = PageSocket(
            kind(url), token, asked.partition("?")[0], exchange, offline=self._is_offline
        )
        self.all.append(socket)
        self._asking[event["requestId"]] = (socket, exchange, time.monotonic())
        self._news()

    def _on_answered(self, event: dict[str, Any]) -> None:
        response = event["response"]
        headers = {name.lower(): value for name, value in response["headers"].items()}
        self._record(event, response["status"], headers, "")

    def _on_failed(self, event: dict[str, Any]) -> None:
        self._record(event, refused_status(event["errorMessage"]), {}, event["errorMessage"])

    def _record(
        self, event: dict[str, Any], status: int, headers: dict[str, str], failure: str
    ) -> None:
        if (known := self._asking.pop(event["requestId"], None)) is None:
            return  # an open socket that fails later is told of by its end
        socket, exchange, began = known
        socket.status, socket.failure = status, failure
        socket.offline = socket.offline or OFFLINE in failure
        if status:
            exchange.set_response(status, headers)
        exchange.error = failure or None
        self._recorder.record(exchange, time.monotonic() - began)
        self._opened[event["requestId"]] = socket
        self._news()

    def _on_closed(self, event: dict[str, Any]) -> None:
        if socket := self._opened.pop(event["requestId"], None):
            socket.has_ended = True
            self._news()


async def _close(page: WebSocketRoute, server: WebSocketRoute, code: int) -> None:
    reason = "service restart" if code == RESTARTS else None
    with contextlib.suppress(PlaywrightError):  # it may have ended by itself
        await page.close(code=code, reason=reason)
        await server.close()


def explain_upgrade(socket: PageSocket) -> Finding:
    """Name why a page's attempt to open a socket with a good token failed; pure."""
    if socket.status:
        # A browser keeps the body; what else than a page would have status 200?
        headers = {"content-type": "text/html"} if socket.status == 200 else {}
        return websocket.explain(Answer("GET", socket.url, socket.status, headers, b""))
    error = OSError(socket.failure) if socket.failure else TimeoutError()
    return websocket.explain_error(socket.url, error)


def refused_status(failure: str) -> int:
    """The status that Chromium's words for a failed upgrade tell; 0 where they tell none; pure."""
    if _UNAUTHORIZED in failure:
        return 401
    found = _UNEXPECTED.search(failure)
    return int(found[1]) if found else 0
