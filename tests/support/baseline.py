"""The least that a healthy run's questions cost: the same requests, page loads, sockets, streams
and a call, asked bare and all at once.

`python -m tests.support.baseline ENVIRONMENT RUN` replays what the journal of RUN says was asked,
without evidence, verdicts, spans or reports. Writes cannot be repeated (a presigned URL is used up,
a row exists), so each counts as a read of its service's liveness, or of the file that was written.
A socket or a stream that was admitted is opened until it has said something and closed; one that
was refused is refused again. The call is one of two participants by LiveKit's SDK.
"""

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import httpx
import websockets
from playwright.async_api import async_playwright

from probes.auth.signing_key import load_signer
from probes.browser import chromium, trust
from probes.config import environment_file as target
from probes.config.environment import Target, address
from probes.livekit.sdk import worker_process
from probes.livekit.sdk.messages import CallRequest
from probes.livekit.tokens import open_access
from probes.recording.journal import Event, read
from probes.recording.redactor import Redactor
from probes.transport.connections import LoopbackNames

OPEN_S = 1.0  # how long a socket or a stream may take to say something
PRESENCE = "/api/svc/chat/api/chats/ws/presence"
STREAM = "/api/svc/noti/api/notifications/stream"
BAD = "no-token-at-all"


@dataclass(slots=True)
class Asked:
    """What a run asked: URLs to get, page paths to load, and for each socket and stream whether it
    was admitted.
    """

    urls: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    sockets: list[bool] = field(default_factory=list)
    streams: list[bool] = field(default_factory=list)
    calls: int = 0

    def add(self, event: Event) -> None:
        kind, method, url = event["kind"], event["method"], event["url"]
        if kind == "page" and method == "NAVIGATE":
            self.pages.append(url)
        elif kind == "http":
            read = url if method == "GET" else _alive(url)
            self.urls.append(read)
        elif kind == "socket" and event["status"]:
            self.sockets.append(event["status"] == 101)
        elif kind == "stream" and event["status"]:
            self.streams.append(event["status"] == 200)


def questions(run: Path) -> Asked:
    asked = Asked()
    for event in read(run):
        if event["event"] == "exchange" and event["scenario"]:
            asked.add(event)
        if event["event"] == "note" and "call: ParticipantJoined" in event["text"]:
            asked.calls = 1  # a run makes one, and each promise judges its part
    return asked


def _alive(url: str) -> str:
    parts = urlsplit(url)
    service = parts.path.split("/")[3]
    return f"{parts.scheme}://{parts.netloc}/api/svc/{service}/health/live"


class Bare:
    """Asks on one loop, with one client and one browser."""

    def __init__(self, environment: Target, client: httpx.AsyncClient, browser: Any) -> None:
        self._environment, self._client, self._browser = environment, client, browser
        signer = load_signer(environment.identity)
        assert signer, "the replica gives its signing key away"
        given = signer.pair(environment.users["alice"])
        self._tokens = {
            "accessToken": given.access,
            "refreshToken": given.refresh,
            "userId": given.user_id,
        }
        self._bearer = {"authorization": f"Bearer {given.access}"}
        client.headers["x-workspace-id"] = environment.workspace.id

    async def get(self, url: str) -> int:
        return (await self._client.get(url, headers=self._bearer)).status_code

    async def load(self, url: str) -> int:
        kept = [{"name": name, "value": value} for name, value in self._tokens.items()]
        origin = {"origin": self._environment.hosts.apex, "localStorage": kept}
        context = await self._browser.new_context(
            storage_state={"cookies": [], "origins": [origin]}
        )
        page = await context.new_page()
        await page.goto(url, wait_until="load")
        await page.wait_for_function("document.body.innerText.trim() !== ''")
        await context.close()
        return 200

    async def open_socket(self, *, admitted: bool) -> int:
        token = self._tokens["accessToken"] if admitted else BAD
        parts = urlsplit(self._environment.hosts.apex)
        url = f"wss://{parts.netloc}{PRESENCE}?token={token}"
        opening = websockets.connect(
            url,
            ssl=self._environment.trust,
            host=address(str(parts.hostname)),
            server_hostname=parts.hostname,
            open_timeout=30,
        )
        try:
            async with opening as socket:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(socket.recv(), OPEN_S)
        except websockets.InvalidStatus as refused:
            return refused.response.status_code
        return 101

    async def open_stream(self, *, admitted: bool) -> int:
        url = self._environment.hosts.apex + STREAM
        headers = self._bearer if admitted else {"authorization": f"Bearer {BAD}"}
        async with self._client.stream("GET", url, headers=headers) as answer:
            if admitted:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(OPEN_S):
                        await anext(answer.aiter_raw())
            return answer.status_code

    async def call(self) -> int:
        promised = self._environment.livekit
        assert promised, "the replica has a LiveKit"
        access = open_access(promised, Redactor())
        room = f"probes-baseline-{os.getpid()}"
        speaker = access.to_join(room, f"{room}-speaker")
        request = CallRequest(promised.url, speaker, access.to_join(room, f"{room}-listener"))
        call = await worker_process.run_call(request, self._environment.tls.ca)
        return 500 if call.crash else 200


async def ask(environment: Target, asked: Asked) -> Counter[int]:
    """Everything at once."""
    async with (
        AsyncExitStack() as stack,
        httpx.AsyncClient(transport=LoopbackNames(environment.trust), timeout=30) as client,
        async_playwright() as playwright,
    ):
        home = Path(stack.enter_context(TemporaryDirectory()))
        browser = await playwright.chromium.launch(
            executable_path=chromium.find(), env={**trust.home(environment, home)}
        )
        bare = Bare(environment, client, browser)
        pending: list[Awaitable[int]] = [*map(bare.get, asked.urls), *map(bare.load, asked.pages)]
        pending += [bare.open_socket(admitted=admitted) for admitted in asked.sockets]
        pending += [bare.open_stream(admitted=admitted) for admitted in asked.streams]
        pending += [bare.call() for _ in range(asked.calls)]
        statuses = await asyncio.gather(*pending)
        await browser.close()
    return Counter(statuses)


def main() -> int:
    environment = Path(sys.argv[1])
    asked = questions(Path(sys.argv[2]))
    built = target.build(target.parse(environment), str(environment))
    print(asked.calls, "calls", len(asked.sockets), "sockets", len(asked.streams), "streams")
    print(len(asked.urls), len(asked.pages), dict(asyncio.run(ask(built, asked))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
