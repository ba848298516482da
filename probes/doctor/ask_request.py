"""One request of `python -m probes ask`: sent by the clients of a run, shown without secrets."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from probes import __version__
from probes.auth.users import Users
from probes.closing import close_fully
from probes.config.environment import Target
from probes.finding import EXIT_HELD
from probes.recording import spans
from probes.recording.journal import Journal
from probes.recording.recorder import AUTHORIZATION, Recorder, RunEvidence, current, recording
from probes.recording.redactor import Redactor
from probes.recording.secret_replacements import PLACEHOLDER
from probes.transport.http import Answer, Web, read_headers
from probes.transport.open_websocket import CLOSING_TIMEOUT_S
from probes.transport.websocket import UpgradeRefused, upgrade

SHOWN_CHARACTERS = 20_000  # of one body


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask. `user`: who asks, "" for nobody; the token goes where $TOKEN stands in `url`,
    else into Authorization. `listen_s`: how long a socket or a stream is listened to.
    """

    url: str
    user: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_stream: bool = False
    listen_s: float = 9.0


async def ask(target: Target, request: Request) -> int:
    """Print what is answered. Raises Broken when no answer comes, CannotAsk."""
    redactor, web = Redactor(), Web(target)
    try:
        with _unkept_evidence(target, redactor):
            asked = _Asked(web, redactor, request)
            await asked.sign_in(Users(target, web, redactor))
            await asked.show()
    finally:
        await web.close()
    return EXIT_HELD


@contextmanager
def _unkept_evidence(target: Target, redactor: Redactor) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="probes-") as name:
        folder = Path(name)
        tracing = spans.Tracing(folder, "ask", target.name, __version__, {})
        evidence = RunEvidence("ask", folder, Journal(folder), redactor, tracing)
        try:
            with recording(Recorder(evidence, None, 1, tracing.start("ask"))):
                yield
        finally:
            tracing.finish()
            evidence.journal.close()


class _Asked:
    def __init__(self, web: Web, redactor: Redactor, request: Request) -> None:
        self._web, self._redactor, self._request = web, redactor, request
        self._url, self._headers = request.url, dict(request.headers)
        self._token = ""

    async def sign_in(self, users: Users) -> None:
        if not self._request.user:
            return
        token = await users.user(self._request.user).token()
        if PLACEHOLDER in self._url:
            self._url = self._url.replace(PLACEHOLDER, quote(token, safe=""))
        else:
            self._token = token

    async def show(self) -> None:
        if self._url.startswith("ws"):
            await self._show_socket()
        elif self._request.is_stream:
            await self._show_stream()
        else:
            await self._show_answer()

    async def _show_answer(self) -> None:
        answer = await self._web.ask(
            self._request.method,
            self._url,
            token=self._token,
            headers=self._headers,
            content=self._request.body or None,
        )
        self._print(answer)

    async def _show_stream(self) -> None:
        async with self._web.stream(self._url, self._signed_headers()) as (response, _):
            self._print_head(response.status_code, read_headers(response))
            try:
                async with asyncio.timeout(self._request.listen_s):
                    async for line in response.aiter_lines():
                        print(self._redactor.text(line), flush=True)
                print("(it ended)")
            except TimeoutError:
                self._print_still_open()
            except httpx.RequestError as error:
                print(f"(it was cut: {type(error).__name__} {error})")

    async def _show_socket(self) -> None:
        url = "http" + self._url.removeprefix("ws")
        with current().exchange("socket", "GET", url) as exchange:
            try:
                socket = await upgrade(self._web, url, exchange, self._signed_headers())
            except UpgradeRefused as refused:
                self._print(refused.answer)
                return
            self._print_head(exchange.status or 0, exchange.response_headers)
            await self._show_frames(socket)

    async def _show_frames(self, socket: ClientConnection) -> None:
        try:
            async with asyncio.timeout(self._request.listen_s):
                while True:
                    print(self._redactor.body(await socket.recv(), ""), flush=True)
        except TimeoutError:
            self._print_still_open()
        except ConnectionClosed as error:
            print(f"(closed: {self._redactor.text(str(error))})")
        await close_fully(socket.close(), 2 * CLOSING_TIMEOUT_S)

    def _signed_headers(self) -> dict[str, str]:
        token = {AUTHORIZATION: f"Bearer {self._token}"} if self._token else {}
        return {**self._headers, **token}

    def _print(self, answer: Answer) -> None:
        self._print_head(answer.status, answer.headers)
        media_type = answer.headers.get("content-type", "")
        print(self._redactor.body(answer.body, media_type, SHOWN_CHARACTERS))

    def _print_head(self, status: int, headers: Mapping[str, str]) -> None:
        self._redactor.learn_cookies(headers)
        print(f"HTTP {status}")
        for name, value in self._redactor.headers(headers).items():
            for line in value.split("\n"):
                print(f"{name}: {line}")
        print(flush=True)

    def _print_still_open(self) -> None:
        print(f"(still open after {self._request.listen_s:g} s)")
