"""What a page's sockets do is seen, and they can be cut: a real Chromium on a server of sockets."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from probes.browser.websockets import LOST, RESTARTS, PageSockets, kind, refused_status
from probes.recording.recorder import Recorder
from tests.support.fake_run import Stage
from tests.support.planted import token

TOKEN = token()
CHAT, PRESENCE, BOARD = (
    "/api/svc/chat/api/chats/ws/1",
    "/api/svc/chat/api/chats/ws/presence",
    "/api/board/ws/project/1",
)
OPEN = """path => new Promise(resolve => {
    const socket = new WebSocket(`ws://${location.host}${path}`);
    const ended = new Promise(end => socket.onclose = event => end(event.code));
    (window.ends ??= {})[path.split("?")[0]] = ended;
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("failed");
})"""


@dataclass
class Seen:
    """A page, and what is seen of its sockets."""

    page: Page
    sockets: PageSockets
    news: asyncio.Event
    served: dict[str, ServerConnection]  # by path

    async def opens(self, path: str) -> str:
        return str(await self.page.evaluate(OPEN, f"{path}?token={TOKEN}"))

    async def ended(self, path: str) -> int:
        return int(await self.page.evaluate("path => window.ends[path]", path))

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                self.news.clear()
                await self.news.wait()


async def _answer(
    connection: ServerConnection, request: Request, over: asyncio.Event
) -> Response | None:
    path = request.path.partition("?")[0]
    if path.endswith("/ws/silence"):
        await over.wait()
    if path.endswith("/ws/stranger"):
        return connection.respond(401, "")
    if path.endswith("/ws/trouble"):
        return connection.respond(500, "")
    page = Response(200, "OK", Headers({"content-type": "text/html", "content-length": "1"}), b" ")
    return None if "/ws/" in path else page


@asynccontextmanager
async def _serving(served: dict[str, ServerConnection]) -> AsyncIterator[int]:
    async def listen(connection: ServerConnection) -> None:
        assert connection.request
        served[connection.request.path.partition("?")[0]] = connection
        await connection.wait_closed()

    over = asyncio.Event()
    answer = functools.partial(_answer, over=over)
    async with serve(listen, "127.0.0.1", 0, process_request=answer, close_timeout=1) as server:
        yield next(iter(server.sockets)).getsockname()[1]
        over.set()


@pytest.fixture
async def seen(browser: Browser, recorder: Recorder) -> AsyncIterator[Seen]:
    served: dict[str, ServerConnection] = {}
    async with _serving(served) as port:
        page, news = await browser.new_page(), asyncio.Event()
        sockets = PageSockets(page, f"http://127.0.0.1:{port}", recorder, news.set)
        await sockets.watch()
        await page.goto(f"http://127.0.0.1:{port}/")
        yield Seen(page, sockets, news, served)
        await page.context.close()


async def test_an_open_socket_is_seen_with_its_token(seen: Seen) -> None:
    """Which token an attempt carried is known, in memory only."""
    assert await seen.opens(CHAT) == "open"
    await seen.until(lambda: bool(seen.sockets.all) and seen.sockets.all[0].is_live)
    (socket,) = seen.sockets.all
    assert (socket.what, socket.token, socket.status) == ("chat", TOKEN, 101)
    assert TOKEN not in repr(socket)
    assert socket.label.startswith("<access token sub=b0395e6e… exp=2026-01-02T05:13:29Z")


async def test_an_attempt_is_recorded_without_its_token(seen: Seen, stage: Stage) -> None:
    """The journal has each attempt with status and label."""
    await seen.opens(CHAT)
    await seen.opens("/ws/stranger")
    await seen.until(lambda: [socket.status for socket in seen.sockets.all] == [101, 401])
    told = stage.journal("exchange")
    assert [(line["kind"], line["status"]) for line in told] == [("socket", 101), ("socket", 401)]
    assert all(
        "?token=<access token sub=b0395e6e…" in line["url"] and TOKEN not in str(line)
        for line in told
    )


@pytest.mark.parametrize(("path", "status"), [("/ws/stranger", 401), ("/ws/trouble", 500)])
async def test_a_refused_upgrade_is_told_by_its_status(seen: Seen, path: str, status: int) -> None:
    """A page sees 1006 for every refusal; we see more."""
    assert await seen.opens(path) == "failed"
    await seen.until(lambda: bool(seen.sockets.all) and seen.sockets.all[0].status > 0)
    assert (seen.sockets.all[0].status, seen.sockets.all[0].is_live) == (status, False)
    assert await seen.ended(path) == LOST


async def test_a_drop_closes_what_it_names_and_nothing_else(seen: Seen) -> None:
    """The page is told that the server restarts, the server that the page has left, and the others
    stay.
    """
    for path in (CHAT, PRESENCE, BOARD):
        assert await seen.opens(path) == "open"
    await seen.until(lambda: [socket.is_live for socket in seen.sockets.all] == [True] * 3)
    await seen.sockets.drop("chat", "board")
    assert (await seen.ended(CHAT), await seen.ended(BOARD)) == (RESTARTS, RESTARTS)
    async with asyncio.timeout(20):
        await seen.served[CHAT].wait_closed()
    assert {socket.what: socket.is_live for socket in seen.sockets.all} == {
        "chat": False,
        "presence": True,
        "board": False,
    }


async def test_a_lost_network_ends_what_was_open_and_lets_nothing_new_through(seen: Seen) -> None:
    """Offline emulation alone would leave an open socket open; the page is told 1006, as by a real
    loss.
    """
    assert await seen.opens(CHAT) == "open"
    await seen.until(lambda: bool(seen.sockets.all) and seen.sockets.all[0].is_live)
    await seen.sockets.lose_network()
    assert await seen.ended(CHAT) == LOST
    assert await seen.opens(PRESENCE) == "failed"
    await seen.sockets.regain_network()
    assert await seen.opens(BOARD) == "open"
    await seen.until(lambda: seen.sockets.all[-1].is_live)
    assert [socket.is_live for socket in seen.sockets.all] == [False, False, True]


async def test_a_socket_that_the_server_ends_is_not_live(seen: Seen) -> None:
    """Without any doing of ours."""
    await seen.opens(CHAT)
    await seen.until(lambda: bool(seen.sockets.all) and seen.sockets.all[0].is_live)
    await seen.served[CHAT].close(RESTARTS)
    await seen.until(lambda: seen.sockets.all[0].has_ended)
    assert await seen.ended(CHAT) == RESTARTS


async def test_an_upgrade_without_an_answer_is_recorded_at_the_end(
    seen: Seen, stage: Stage
) -> None:
    """Nobody waits for it for ever, and nobody forgets it."""
    opening = asyncio.ensure_future(seen.opens("/ws/silence"))
    await seen.until(lambda: bool(seen.sockets.all))
    seen.sockets.end()
    (told,) = stage.journal("exchange")
    assert (told["status"], told["error"]) == (None, "no answer to the upgrade")
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)


@pytest.mark.parametrize(
    ("url", "what"), [(CHAT, "chat"), (PRESENCE, "presence"), (BOARD, "board")]
)
def test_a_socket_is_known_by_its_path(url: str, what: str) -> None:
    """By the paths of contract 3.4, whatever the query says."""
    assert kind(f"wss://apex.example{url}?token=/ws/presence") == what


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("HTTP Authentication failed; no valid credentials available", 401),
        ("Error during WebSocket handshake: Unexpected response code: 503", 503),
        ("Error in connection establishment: net::ERR_INTERNET_DISCONNECTED", 0),
    ],
)
def test_chromiums_words_tell_a_status(said: str, status: int) -> None:
    """As far as they do."""
    assert refused_status(said) == status
