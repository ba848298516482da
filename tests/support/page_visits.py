"""One loopback origin with pages, API and bucket, and a browser page on it."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import uvicorn
from playwright.async_api import Browser, ConsoleMessage, FilePayload, Page, Route, expect
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from replica.models import FileModel, new_id
from replica.pages import site
from replica.state import ReplicaState, add

PREFIX = re.compile(r"^/api/svc/(\w+)(/.*)")
ERROR_BOX = "데이터를 불러오는데 실패했습니다."
EMPTY = "드라이브로 파일을 드래그하거나 마우스 오른쪽 클릭으로 파일을 추가하세요"
UPLOADED = "모든 파일이 업로드되었습니다."
LIVE_PARTS = re.compile(r"\[\w+ WS\]|\[Notifications SSE\]|EventSource|WebSocket")
SIGN_IN = "GOOGLE 계정으로 계속하기"
PICKED: FilePayload = {
    "name": "새 파일.txt",
    "mimeType": "text/plain",
    "buffer": b"written by alice",
}


@dataclass
class Place:
    """One origin with site, API and bucket, as the edge would show them, and what it was asked."""

    url: str
    state: ReplicaState
    taken: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    bucket_says: int = 200
    asked: list[str] = field(default_factory=list)
    apps: dict[str, ASGIApp] = field(default_factory=dict)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    tokens: list[str] = field(default_factory=list)  # those of sockets, as they were asked for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.asked.append(f"{scope.get('method', 'SOCKET')} {path}")
        self.heard.set()
        if scope["type"] == "websocket":
            self.tokens.append(parse_qs(scope["query_string"].decode())["token"][0])
        if match := PREFIX.match(path):
            await self.apps[match[1]]({**scope, "path": match[2]}, receive, send)
        elif path.startswith("/bucket/"):
            await self._bucket(Request(scope, receive), send)
        else:
            pages = site(self.state)
            body, kind = pages.get(path.removeprefix("/"), pages["index.html"])
            await Response(body, headers={"content-type": kind})(scope, receive, send)

    async def _bucket(self, request: Request, send: Send) -> None:
        if request.method == "PUT":
            self.taken[request.url.path] = (await request.body(), request.headers["content-type"])
        await Response(b"bytes", self.bucket_says)(request.scope, request.receive, send)

    def asked_for(self, part: str) -> int:
        return sum(part in line for line in self.asked)


def refusing(status: int) -> ASGIApp:
    """A service that answers every call and every socket with one status."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(Response(status_code=status))
        else:
            await Response(status_code=status)(scope, receive, send)

    return app


@asynccontextmanager
async def served(app: Place, listening: socket.socket) -> AsyncIterator[None]:
    settings = uvicorn.Config(app, log_level="warning", lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(settings)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True  # streams do not end by themselves
        await serving


@dataclass
class Visitor:
    """A page of alice's, and what it complained about."""

    page: Page
    place: Place
    complaints: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        """Keep what the page calls an error, but for its words about sockets and the stream."""
        if message.type == "error" and not LIVE_PARTS.search(message.text):
            self.complaints.append(message.text)

    async def goes(self, path: str) -> None:
        await self.page.goto(self.place.url + path)

    async def drive(self) -> None:
        await self.goes(f"/workspace/{self.place.state.home.id}/storage")

    async def home(self) -> None:
        await self.goes(f"/workspace/{self.place.state.home.id}")

    async def asks(self, part: str, times: int) -> None:
        """Wait until the place has been asked for it so often. Raises TimeoutError."""
        async with asyncio.timeout(30):
            while self.place.asked_for(part) < times:
                self.place.heard.clear()
                await self.place.heard.wait()

    async def sees(self, text: str) -> None:
        await expect(self.page.get_by_text(text, exact=True).first).to_be_visible()

    async def stored(self, key: str) -> str | None:
        found: str | None = await self.page.evaluate("key => localStorage.getItem(key)", key)
        return found


async def visitor(browser: Browser, place: Place, tokens: dict[str, str]) -> Visitor:
    page = await browser.new_page()
    await page.goto(f"{place.url}/config.js")
    await page.evaluate(
        "all => { for (const [key, value] of Object.entries(all)) "
        "localStorage.setItem(key, value) }",
        tokens,
    )
    found = Visitor(page, place)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("console", found.on_console)
    place.asked.clear()
    return found


async def held(found: Visitor, pattern: str) -> asyncio.Event:
    """Keep the page's requests for `pattern` until the event is set."""
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await found.page.route(pattern, hold)
    return released


def tokens_of(place: Place, who: str = "alice", seconds: float = 60) -> dict[str, str]:
    user, key = place.state.test_users[who], place.state.key
    access = key.mint(user.id, user.email, "access", seconds)
    return {
        "accessToken": access,
        "refreshToken": key.mint(user.id, user.email, "refresh", 600),
        "userId": user.id,
    }


def put_file(state: ReplicaState, name: str) -> None:
    """A file of alice's, as if uploaded long ago."""
    row = FileModel(
        workspace=state.home.id,
        folder=None,
        project=None,
        name=name,
        original_name=name,
        key=f"storage/{state.home.id}/{new_id()}/{name}",
        size=2048,
        content_type="text/plain",
        uploaded_by=state.test_users["alice"].id,
        status="ACTIVE",
    )
    add(state.files, row)
