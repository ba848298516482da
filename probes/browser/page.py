"""A page that is open: what it shows, what it asked and got, and what it complained about."""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Locator, Page, Request, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.config.environment import Target
from probes.finding import Broken, Code, Finding
from probes.recording.recorder import Exchange, Recorder
from probes.transport.envelopes import explain as explain_answer
from probes.transport.http import Answer

SETTLING_TIME = 3.0  # seconds for the bodies of replies to come in
ASSETS = frozenset(
    {"script", "stylesheet", "image", "font"}
)  # resource types, as the browser calls them
NO_CALLS = (
    "/api/ops-portal",
    "/api/oauth2",
)  # what lives under /api/ and is for people, not for programs


@dataclass(frozen=True, slots=True)
class Reply:
    """What the page got for one request; status 0 where the browser failed it."""

    answer: Answer
    exchange: Exchange
    failure: str = ""


class Visit:
    """One open page. `trouble` is set as soon as a reply is HTML where JSON belongs, or the page
    throws.

    `news` is set whenever something has happened; who waits for it clears it.
    """

    def __init__(self, page: Page, target: Target, recorder: Recorder) -> None:
        self.page, self.target, self.recorder = page, target, recorder
        self.replies: list[Reply] = []
        self.complaints: list[str] = []
        self.trouble, self.news = asyncio.Event(), asyncio.Event()
        self._reading: set[asyncio.Task[None]] = set()
        self._uploading: dict[Request, asyncio.Future[None]] = {}
        self._responses: dict[Request, Response] = {}
        page.on("request", self._on_request)
        page.on("response", lambda response: self._responses.update({response.request: response}))
        page.on("requestfinished", lambda request: self._read_later(self._on_finished(request)))
        page.on("requestfailed", lambda request: self._read_later(self._on_failed(request)))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complain(f"uncaught {error}"))

    async def open(self, navigation: Exchange) -> None:
        """Go to the page. Raises Broken when the browser cannot."""
        try:
            response = await self.page.goto(navigation.url, wait_until="domcontentloaded")
        except PlaywrightError as error:
            raise Broken(explain(navigation.url, error)) from error
        if response:
            navigation.set_response(response.status, await response.all_headers())
            if response.status >= 400:
                host = urlsplit(navigation.url).hostname
                observed = f"{host} answered {response.status} for a page of the app"
                raise Broken(
                    Finding(
                        Code.ASSET_BROKEN,
                        observed,
                        "the site bucket, or the edge's fallback to index.html",
                    )
                )

    async def expect_visible(
        self,
        what: Locator,
        code: Code,
        otherwise: str,
        cause: str,
        state: Literal["visible", "attached"] = "visible",
    ) -> None:
        """Wait until `what` is there. Raises Broken: what troubled the page, else `code`."""
        seen = asyncio.ensure_future(what.first.wait_for(state=state))
        troubled = asyncio.ensure_future(self.trouble.wait())
        try:
            await asyncio.wait((seen, troubled), return_when=asyncio.FIRST_COMPLETED)
            if not seen.done():
                # The trouble may be beside the point; a moment later the page may show it all the
                # same.
                await asyncio.wait((seen,), timeout=0.5)
            if seen.done() and seen.exception() is None:
                return
        finally:
            for task in (seen, troubled):
                task.cancel()
            await asyncio.gather(seen, troubled, return_exceptions=True)
        # The console may complain of a reply before its body has been read, and the reply is the
        # deeper cause.
        await self.settle()
        self.expect_no_trouble()
        raise Broken(Finding(code, otherwise, cause))

    def expect_no_trouble(self) -> None:
        """Raise Broken for what the page got or said wrong so far, the deepest cause first."""
        self.expect_good_replies(self.api_replies)
        if self.complaints:
            raise Broken(
                Finding(
                    Code.PAGE_CONSOLE_ERROR, f"the console says: {self.complaints[0]}", "the page"
                )
            )

    def expect_good_replies(self, replies: Sequence[Reply]) -> None:
        """Raise Broken for what weAlist's API answered wrong."""
        for reply in replies:
            if reply.answer.is_html and not 300 <= reply.answer.status < 400:
                self.blame(reply)
                raise Broken(
                    Finding(
                        Code.PAGE_RECEIVED_HTML,
                        f"the page asked its API and got a page: {reply.answer}",
                        "the page's path against the service's",
                    )
                )
        for reply in replies:
            if reply.answer.status >= 300 and (finding := explain_answer(reply.answer, 200)):
                self.blame(reply)
                raise Broken(finding)

    def blame(self, reply: Reply) -> None:
        """Make `reply` the exchange that the ladder starts from and the curl line repeats."""
        self.recorder.subject = reply.exchange

    @property
    def api_replies(self) -> list[Reply]:
        apex = self.target.hosts.apex + "/"
        return [r for r in self.replies if r.answer.url.startswith(apex) and is_call(r.answer.url)]

    def puts(self) -> list[Reply]:
        """The uploads that the page made, wherever they went."""
        return [reply for reply in self.replies if reply.answer.method == "PUT"]

    @property
    def is_reading(self) -> bool:
        """Whether there are replies whose bodies are still being read."""
        return bool(self._reading)

    async def settle(self) -> None:
        """Wait for uploads to end, and for replies whose bodies are still being read."""
        if waiting := {*self._reading, *self._uploading.values()}:
            await asyncio.wait(waiting, timeout=SETTLING_TIME)

    def _on_request(self, request: Request) -> None:
        # The page may say that it has uploaded before the browser does. Not all that a page asks
        # ever ends.
        if request.method == "PUT":
            self._uploading[request] = asyncio.get_running_loop().create_future()

    def _read_later(self, reading: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(reading)
        self._reading.add(task)
        task.add_done_callback(self._on_body_read)

    def _on_body_read(self, task: asyncio.Task[None]) -> None:
        self._reading.discard(task)
        self.news.set()

    async def _on_finished(self, request: Request) -> None:
        if response := self._responses.pop(request, None):
            # Of a redirect the browser keeps no body.
            wanted = is_call(request.url) and not 300 <= response.status < 400
            body = b""
            with contextlib.suppress(
                PlaywrightError
            ):  # a page that logs out at once takes only the body along
                body = await response.body() if wanted else b""
            await self._record_answer(request, response, body)

    async def _on_failed(self, request: Request) -> None:
        # A page that does not read a body makes the browser abort what has been answered already.
        if response := self._responses.pop(request, None):
            return await self._record_answer(request, response, b"")
        return self._record(
            request, Answer(request.method, request.url, 0, {}, b""), request.failure or "failed"
        )

    async def _record_answer(self, request: Request, response: Response, body: bytes) -> None:
        with contextlib.suppress(
            PlaywrightError
        ):  # a page that closes meanwhile takes its headers along
            # Cookies are shown to who asks the browser again; an asset has none.
            headers = (
                response.headers
                if request.resource_type in ASSETS
                else await response.all_headers()
            )
            self._record(
                request, Answer(request.method, request.url, response.status, headers, body)
            )

    def _record(self, request: Request, answer: Answer, failure: str = "") -> None:
        timing = request.timing
        exchange = self.recorder.begin(
            "page", request.method, request.url, int(timing["startTime"] * 1e6) or None
        )
        exchange.set_request(request.headers, (request.post_data_buffer or b"")[:4096])
        if answer.status:
            exchange.set_response(answer.status, answer.headers, answer.body)
        exchange.error = failure or None
        self.recorder.record(exchange, max(timing["responseEnd"], 0.0) / 1000)
        self.replies.append(Reply(answer, exchange, failure))
        if ended := self._uploading.pop(request, None):
            ended.set_result(None)
        if is_call(request.url) and answer.is_html:
            self.trouble.set()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        if is_about_live_parts(message.text, message.location.get("url", "")):
            self.recorder.note(f"console: {message.text}")
        else:
            self._complain(message.text)

    def _complain(self, text: str) -> None:
        self.complaints.append(text)
        self.recorder.note(f"console: {text}")
        self.trouble.set()


def is_call(url: str) -> bool:
    """Whether JSON is what belongs there."""
    path = urlsplit(url).path
    return "/api/" in path and not path.startswith(NO_CALLS)


def is_about_live_parts(text: str, url: str) -> bool:
    """Whether a console line is the browser's about a socket or the stream, which others judge;
    pure.
    """
    return text.startswith(("WebSocket connection to", "EventSource")) or urlsplit(
        url
    ).path.endswith("/stream")


def explain(url: str, error: PlaywrightError) -> Finding:
    """Name why the browser could not open a page; pure."""
    host, reason = urlsplit(url).hostname, str(error).split("\n")[0]
    if isinstance(error, PlaywrightTimeout):
        return Finding(Code.SERVICE_STALLED, f"{host} did not give the page in time", "edge")
    if "ERR_CERT" in reason:
        return Finding(Code.TLS_INVALID, f"the browser refuses {host}: {reason}", "certificate")
    return Finding(
        Code.HOST_UNREACHABLE,
        f"the browser cannot open {host}: {reason}",
        "DNS, load balancer or listener",
    )
