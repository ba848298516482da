"""One Chromium for all browser scenarios, a context of its own for each, a picture and a trace of
what went wrong.
"""

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, Playwright, ProxySettings, async_playwright
from playwright.async_api import Error as PlaywrightError

from probes import proxy_variables
from probes.auth.tokens import Tokens
from probes.auth.users import User
from probes.browser import chromium, trust
from probes.browser.page import SETTLING_TIME_S, Visit
from probes.browser.playwright_turns import limit_turns
from probes.closing import close_fully
from probes.config.environment import Target
from probes.config.proxies import Proxy
from probes.finding import Broken, CannotAsk, NotApplicable
from probes.recording import playwright_trace
from probes.recording.recorder import Exchange, Recorder, current
from probes.transport.http import USER_AGENT

CLOSING_TIMEOUT_S = 5.0  # seconds
TRACE_CALLS = files(__package__).joinpath("trace_calls.js").read_text("utf-8")
SCRATCH = "probes-browser-"
# Once for a visit, in the first document of the app's own origin: who has logged out stays so.
KEEP_TOKENS = """
if (window === window.top && location.origin === %(origin)s && !sessionStorage.getItem('probes')) {
  sessionStorage.setItem('probes', 'signed in')
  for (const [name, value] of Object.entries(%(kept)s)) localStorage.setItem(name, value)
}
"""


class Browser:
    """Launched when the first scenario needs it, launched again should it have died.

    `traced_from`: the attempt of a scenario from which on its pages are traced, for a trace makes a
    page half as dear again; 0 for none. `by_hand`: a person types into it, so it has a window, and
    nothing of other hosts' pages is kept.
    """

    def __init__(self, target: Target, traced_from: int = 1, *, by_hand: bool = False) -> None:
        self.target, self._by_hand = target, by_hand
        self._traced_from = 0 if by_hand else traced_from
        self._lock = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self._scratch: Path | None = None

    @asynccontextmanager
    async def visit(
        self,
        path: str,
        who: User | Tokens | None = None,
        prepare: Callable[[Visit], Awaitable[None]] | None = None,
    ) -> AsyncIterator[Visit]:
        """A page of the app at `path`, signed in as `who`; what goes wrong in the block leaves
        picture and trace.

        `prepare` is awaited before the page is opened.
        """
        recorder = current()
        try:
            tokens = await who.tokens() if isinstance(who, User) else who
            is_traced = 0 < self._traced_from <= recorder.attempt
            context = await self._context(is_traced=is_traced)
        except PlaywrightError as error:
            raise CannotAsk(f"the browser gave no page: {_first_line(error)}") from error
        artifacts = _ArtifactKeeper(recorder, self._scratch, is_traced=is_traced)
        with recorder.exchange("page", "NAVIGATE", self.target.hosts.apex + path) as navigation:
            visit = Visit(await context.new_page(), self.target, recorder)
            visit.only_own = self._by_hand
            try:
                await context.add_init_script(_join_traces(navigation, self.target))
                if prepare:
                    await prepare(visit)
                async with self._signed_in(visit.page, tokens):
                    await visit.open(navigation)
                yield visit
                await visit.settle()
                visit.expect_own_data()
                if recorder.attempt > 1:  # it broke before: a flake's trace tells as much
                    await artifacts.keep_trace(context)
            except (NotApplicable, asyncio.CancelledError):
                raise
            except PlaywrightError as error:
                raise CannotAsk(f"the browser failed: {_first_line(error)}") from error
            except Exception as error:
                if not self._by_hand:
                    await artifacts.keep(context, visit)
                if isinstance(error, Broken) and visit.local_trouble:
                    reason = f"the browser could not ask: {visit.local_trouble}"
                    raise CannotAsk(reason) from error
                raise
            finally:
                closing = _close_context(context, visit)
                if not await close_fully(closing, SETTLING_TIME_S + CLOSING_TIMEOUT_S):
                    recorder.note("the page did not close in its time, and may still be open")

    async def _context(self, *, is_traced: bool) -> BrowserContext:
        browser = await self._ready()
        agent = (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{browser.version}"
        )
        context = await self._new_context(
            browser, user_agent=f"{agent} Safari/537.36 {USER_AGENT}", locale="ko-KR"
        )
        context.set_default_timeout(self.target.timeouts.answer_s * 1000)
        if is_traced:
            await context.tracing.start(screenshots=False, snapshots=True)
        return context

    async def _new_context(self, browser: Chromium, **options: Any) -> BrowserContext:
        """Once more, by another browser, for who waited when the first one died."""
        try:
            return await browser.new_context(**options)
        except PlaywrightError:
            if browser.is_connected():
                raise
        browser = await self._ready()
        return await browser.new_context(**options)

    @asynccontextmanager
    async def _signed_in(self, page: Page, tokens: Tokens | None) -> AsyncIterator[None]:
        """Have the document that is opened in the block find what the app keeps of somebody who is
        signed in (contract 3.1). Playwright's storage_state opens a page of its own for it.
        """
        if not tokens:
            yield
            return
        kept = {
            "accessToken": tokens.access,
            "refreshToken": tokens.refresh,
            "userId": tokens.user_id,
        }
        origin = json.dumps(self.target.hosts.apex)
        async with await page.add_init_script(
            KEEP_TOKENS % {"origin": origin, "kept": json.dumps(kept)}
        ):
            yield

    async def warm(self) -> None:
        """Launch it before the first visit. What goes wrong is told by who visits."""
        with contextlib.suppress(Exception):
            await self._ready()

    async def _ready(self) -> Chromium:
        async with self._lock:
            if self._playwright is None:
                self._playwright = await self._start()
            if self._chromium is None or not self._chromium.is_connected():
                self._chromium = await self._launch(self._playwright)
            return self._chromium

    async def _launch(self, playwright: Playwright) -> Chromium:
        scratch = self._scratch or Path(tempfile.gettempdir())
        environ = await asyncio.to_thread(trust.home, self.target, scratch)
        find = chromium.find_with_window if self._by_hand else chromium.find
        return await playwright.chromium.launch(
            executable_path=find(),
            headless=not self._by_hand,
            env={**proxy_variables.without(environ), "TMPDIR": str(scratch)},
            proxy=proxy_settings(self.target.proxy, os.environ),
            args=["--disable-quic", *device_arguments(self.target)],
        )

    async def _start(self) -> Playwright:
        """Profiles and traces hold tokens until they are scrubbed: their folder is ours alone, and
        goes with us.
        """
        _remove_abandoned()
        self._scratch = Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-"))
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = str(
            self._scratch
        )  # the driver takes it from our environment, and only from there
        limit_turns()
        try:
            return await async_playwright().start()
        finally:
            os.environ.pop("TMPDIR")
            if before is not None:
                os.environ["TMPDIR"] = before

    async def close(self) -> None:
        with contextlib.suppress(Exception):  # whatever state a killed browser leaves its driver in
            async with asyncio.timeout(CLOSING_TIMEOUT_S):
                if self._chromium:
                    await self._chromium.close()
                if self._playwright:
                    await self._playwright.stop()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


async def _close_context(context: BrowserContext, visit: Visit) -> None:
    await visit.settle()
    with contextlib.suppress(PlaywrightError):
        await context.close()


def proxy_settings(proxy: Proxy, environ: Mapping[str, str]) -> ProxySettings | None:
    """As Playwright wants it; None where there is none. Raises CannotAsk."""
    if not proxy.url:
        return None
    # Playwright adds <-loopback> as the last rule, which would overrule ours, unless it is there.
    bypass = ",".join(["<-loopback>", *map(_bypass_rule, proxy.exceptions)])
    settings = ProxySettings(server=proxy.url, bypass=bypass)
    if userinfo := proxy.userinfo(environ):
        settings["username"], settings["password"] = userinfo
    return settings


def _bypass_rule(pattern: str) -> str:
    """An IPv6 address stands in brackets there, a network does not."""
    return f"[{pattern}]" if ":" in pattern and "/" not in pattern else pattern


def device_arguments(target: Target) -> list[str]:
    """A camera and a microphone for who joins calls: made up, and granted without a question."""
    return (
        ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        if target.livekit
        else []
    )


def _join_traces(navigation: Exchange, target: Target) -> str:
    """A script that has weAlist's spans join ours on the page's calls of its own API; elsewhere it
    would fail the preflight (contract 1.5).
    """
    arguments = {"traceparent": navigation.traceparent, "api": f"{target.hosts.apex}/api/"}
    return TRACE_CALLS.replace("ARGUMENTS", json.dumps(arguments))


class _ArtifactKeeper:
    """Keeps a picture and a scrubbed trace of what went wrong; not to have them is no reason to
    lose the finding.
    """

    def __init__(self, recorder: Recorder, scratch: Path | None, *, is_traced: bool) -> None:
        self._recorder, self._scratch, self._is_traced = recorder, scratch, is_traced

    async def keep(self, context: BrowserContext, visit: Visit) -> None:
        with self._noting_failure("picture or trace"):
            async with asyncio.timeout(CLOSING_TIMEOUT_S):
                await visit.page.screenshot(path=self._recorder.artifact("screenshot", ".png"))
                await self._save_trace(context)

    async def keep_trace(self, context: BrowserContext) -> None:
        with self._noting_failure("trace"):
            async with asyncio.timeout(CLOSING_TIMEOUT_S):
                await self._save_trace(context)

    async def _save_trace(self, context: BrowserContext) -> None:
        if not self._is_traced:
            return
        redactor = self._recorder.evidence.redactor
        for cookie in await context.cookies():
            redactor.learn_cookies({"cookie": f"x={cookie.get('value', '')}"})
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            raw = Path(folder) / "trace.zip"
            await context.tracing.stop(path=raw)
            await asyncio.to_thread(playwright_trace.redact_trace, raw, redactor)
            shutil.move(raw, self._recorder.artifact("trace", ".zip"))

    @contextlib.contextmanager
    def _noting_failure(self, what: str) -> Iterator[None]:
        try:
            yield
        except (PlaywrightError, TimeoutError, ValueError, OSError) as error:
            self._recorder.note(f"no {what} was kept: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).split("\n")[0]


def _remove_abandoned() -> None:
    """Folders of runs that were killed outright."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        owner = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)
