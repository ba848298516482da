"""A page that is open: what it shows, what it asked and got, and what it complained about."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Locator, Page, Request, Response
from playwright.async_api import Error as PlaywrightError

from probes.browser import net_errors
from probes.browser.nothing_shown import PendingCalls, blank
from probes.browser.page_replies import (
    Reply,
    asked_of,
    cookie_headers,
    describe_missing,
    expect_none,
    explain,
    explain_document,
    is_call,
    is_judged_elsewhere,
    is_main_document,
    is_own,
    is_thrown,
    is_upload,
    with_resource,
)
from probes.config.environment import Target
from probes.finding import Broken, CannotAsk, Code, Finding, broken_promise
from probes.recording.recorder import Exchange, Recorder
from probes.transport import envelopes
from probes.transport.envelopes import explain_foreign
from probes.transport.http import Answer

explain_ok = partial(envelopes.explain, wanted=200)
SETTLING_TIME_S = 3.0  # seconds for the bodies of replies to come in
AFTER_TROUBLE_S = 2.0  # in which a page may show what it should all the same
ASSETS = frozenset({"script", "stylesheet", "image", "font"})  # as the browser calls them


class Visit:
    """One open page. `trouble` is set as soon as a reply is HTML where JSON belongs, or the page
    throws; `news` whenever something has happened, and who waits for it clears it.
    """

    def __init__(self, page: Page, target: Target, recorder: Recorder) -> None:
        self.page, self.target, self.recorder = page, target, recorder
        self.only_own = False  # nothing of other hosts is recorded where a person types a password
        self.replies: list[Reply] = []
        self.complaints: list[str] = []
        self.local_trouble = ""  # what this machine, and not the target, kept the page from
        self.browser_errors: list[str] = []  # of them, what the browser said, or what it threw
        self.trouble, self.news = asyncio.Event(), asyncio.Event()
        self._reading: set[asyncio.Task[None]] = set()
        self._uploading: dict[Request, asyncio.Future[None]] = {}
        self._responses: dict[Request, Response] = {}
        self._pending = PendingCalls(page, target.hosts.apex, recorder)
        page.on("request", self._on_request)
        page.on("response", lambda response: self._responses.update({response.request: response}))
        page.on("requestfinished", lambda request: self._read_later(self._on_finished(request)))
        page.on("requestfailed", lambda request: self._read_later(self._on_failed(request)))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complain(f"uncaught {error}", thrown=True))

    async def open(self, navigation: Exchange) -> None:
        """Go to the page. Raises Broken when the browser cannot, ProxyFailed."""
        try:
            response = await self.page.goto(navigation.url, wait_until="domcontentloaded")
        except PlaywrightError as error:
            url, proxy = navigation.url, self.target.proxy
            self.local_trouble = await net_errors.navigation_trouble(str(error), url, proxy)
            raise Broken(explain(url, error)) from error
        if response:
            headers = response.headers | await cookie_headers(response)
            navigation.set_response(response.status, headers)
            if response.status >= 400:
                document = Answer("GET", navigation.url, response.status, headers, b"")
                raise Broken(explain_document(document))

    async def find(
        self, what: Locator, name: str, state: Literal["visible", "attached"] = "visible"
    ) -> Locator:
        """The first element of `what`, which the probe needs to go on. Raises Broken for what
        troubled the page; CannotAsk where only the element is missing: a text of the product may
        have changed, which breaks no promise.
        """
        if not await self._is_there(what, state):
            self.expect_good_documents()
            self.expect_good_replies(self.api_replies)
            self.expect_nothing_thrown()
            raise await self.not_found(name)
        return what.first

    async def not_found(self, name: str) -> Broken | CannotAsk:
        """What to raise where `name` is not on the page: a blank page is the page's own fault.
        Raises Broken where the page still waits for an answer.
        """
        self._pending.expect_answered(self.target.timeouts.answer_s)
        path = urlsplit(self.page.url).path
        return await blank(self.page) or CannotAsk(describe_missing(name, path, self.complaints))

    async def expect_something_shown(self) -> None:
        """Raise Broken for what troubled the page, what it still waits for, or where it is
        blank.
        """
        self.expect_no_trouble()
        self._pending.expect_answered(self.target.timeouts.answer_s)
        if nothing := await blank(self.page):
            raise nothing

    async def expect_visible(
        self,
        what: Locator,
        code: Code,
        otherwise: str,
        cause: str,
        state: Literal["visible", "attached"] = "visible",
    ) -> None:
        """Wait until `what` is there. Raises Broken: what troubled the page, else `code`."""
        if not await self._is_there(what, state):
            await self.expect_something_shown()
            raise Broken(Finding(code, otherwise, cause))

    async def _is_there(self, what: Locator, state: Literal["visible", "attached"]) -> bool:
        """Wait for `what`; whether it came before trouble or time-out. Replies are read by then."""
        seen = asyncio.ensure_future(what.first.wait_for(state=state))
        troubled = asyncio.ensure_future(self.trouble.wait())
        try:
            await asyncio.wait((seen, troubled), return_when=asyncio.FIRST_COMPLETED)
            if not seen.done():
                # The trouble may be beside the point.
                await asyncio.wait((seen,), timeout=AFTER_TROUBLE_S)
            if seen.done() and seen.exception() is None:
                return True
        finally:
            for task in (seen, troubled):
                task.cancel()
            await asyncio.gather(seen, troubled, return_exceptions=True)
        # The console may complain of a reply before its body has been read.
        await self.settle()
        return False

    def expect_no_trouble(self) -> None:
        """Raise Broken for what the page got or said wrong so far, the deepest cause first."""
        self.expect_good_documents()
        self.expect_good_replies(self.api_replies)
        self.expect_no_complaint()

    def expect_no_complaint(self) -> None:
        """Raise Broken for what the page threw, or said of itself as an error."""
        expect_none(self.complaints)

    def expect_nothing_thrown(self) -> None:
        """Raise Broken for what the page threw, or the browser said; an app logs much besides."""
        expect_none(self.browser_errors)

    def expect_good_documents(self) -> None:
        """Raise Broken for a page that was asked for and answered with an error."""
        for reply in self.replies:
            if reply.is_document and reply.answer.status >= 400:
                self.blame(reply)
                raise Broken(explain_document(reply.answer))

    def expect_good_replies(self, replies: Sequence[Reply]) -> None:
        """Raise Broken for what weAlist's API answered wrong."""
        for reply in replies:
            if reply.answer.is_html and not 300 <= reply.answer.status < 400:
                self.blame(reply)
                observed = f"the page asked its API and got a page: {reply.answer}"
                cause = "the page's path against the service's"
                raise broken_promise(Code.PAGE_RECEIVED_HTML, observed, cause)
        for reply in replies:
            judge = explain_foreign if reply.answer.status < 300 else explain_ok
            if finding := judge(reply.answer):
                self.blame(reply)
                raise Broken(finding)

    def expect_own_data(self) -> None:
        """Raise Broken for what the API told the page of somebody else than its user."""
        for reply in self.api_replies:
            if finding := explain_foreign(reply.answer):
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
        return [reply for reply in self.replies if is_upload(reply)]

    @property
    def is_reading(self) -> bool:
        """Whether there are replies whose bodies are still being read."""
        return bool(self._reading)

    async def settle(self) -> None:
        """Wait for uploads to end, and for replies whose bodies are still being read."""
        if waiting := {*self._reading, *self._uploading.values()}:
            await asyncio.wait(waiting, timeout=SETTLING_TIME_S)

    async def wait_until(self, done: Callable[[], bool], timeout_s: float) -> None:
        """Wait for `done`, at most `timeout_s` seconds; who calls judges by what was seen."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not done():
                    self.news.clear()
                    await self.news.wait()

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
            # A page that logs out at once takes only the body along.
            with contextlib.suppress(PlaywrightError):
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
        headers = response.headers
        if request.resource_type not in ASSETS:  # an asset sets no cookies
            headers |= await cookie_headers(response)
        self._record(request, Answer(request.method, request.url, response.status, headers, body))

    def _record(self, request: Request, answer: Answer, failure: str = "") -> None:
        if self.only_own and not is_own(request.url, self.target):
            return
        timing = request.timing
        exchange = self.recorder.begin(
            "page", request.method, request.url, int(timing["startTime"] * 1e6) or None
        )
        exchange.set_request(request.headers, (request.post_data_buffer or b"")[:4096])
        if answer.status:
            exchange.set_response(answer.status, answer.headers, answer.body)
        exchange.error = failure or None
        self.local_trouble = self.local_trouble or net_errors.local_trouble(
            failure, len(self.replies), offline=True
        )
        self.recorder.record(exchange, max(timing["responseEnd"], 0.0) / 1000)
        is_document = is_main_document(request, self.page)
        answer = replace(answer, request=asked_of(request, self.target))
        self.replies.append(Reply(answer, exchange, failure, is_document))
        if ended := self._uploading.pop(request, None):
            ended.set_result(None)
        if is_call(request.url) and (answer.is_html or answer.status >= 400):
            self.trouble.set()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        url = message.location.get("url", "")
        if self.only_own and not is_own(url, self.target):
            return
        if is_judged_elsewhere(message.text, url, self.target.hosts.apex):
            self.recorder.note(f"console: {message.text}")
        else:
            # Arguments are what a script logs; a line of the browser's own has none.
            text = with_resource(message.text, url)
            self._complain(text, thrown=not message.args or is_thrown(text))

    def _complain(self, text: str, *, thrown: bool) -> None:
        self.complaints.append(text)
        self.recorder.note(f"console: {text}")
        if thrown:
            self.browser_errors.append(text)
            self.trouble.set()
