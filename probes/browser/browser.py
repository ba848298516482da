"""One Chromium for all browser scenarios, a context of its own for each, a picture and a trace of
what went wrong.
"""

import asyncio
import base64
import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Playwright, Route, StorageState, async_playwright
from playwright.async_api import Error as PlaywrightError

from probes.auth.tokens import Tokens
from probes.auth.users import User
from probes.browser import chromium
from probes.browser.page import Visit
from probes.config.environment import Target
from probes.finding import CannotAsk, NotApplicable
from probes.recording import playwright_trace
from probes.recording.recorder import Exchange, Recorder, current
from probes.transport.http import USER_AGENT

CLOSING_TIME = 5.0  # seconds
SCRATCH = "probes-browser-"


class Browser:
    """Launched when the first scenario needs it, launched again should it have died."""

    def __init__(self, target: Target) -> None:
        self.target = target
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
            context = await self._context(await who.tokens() if isinstance(who, User) else who)
        except PlaywrightError as error:
            raise CannotAsk(f"the browser gave no page: {_first_line(error)}") from error
        with recorder.exchange("page", "NAVIGATE", self.target.hosts.apex + path) as navigation:
            visit = Visit(await context.new_page(), self.target, recorder)
            try:
                await context.route(f"{self.target.hosts.apex}/api/**", _join_traces(navigation))
                if prepare:
                    await prepare(visit)
                await visit.open(navigation)
                yield visit
            except (NotApplicable, asyncio.CancelledError):
                raise
            except PlaywrightError as error:
                raise CannotAsk(f"the browser failed: {_first_line(error)}") from error
            except Exception:
                await _keep(context, visit, recorder, self._scratch)
                raise
            finally:
                await visit.settle()
                with contextlib.suppress(PlaywrightError, TimeoutError):
                    async with asyncio.timeout(CLOSING_TIME):
                        await context.close()

    async def _context(self, tokens: Tokens | None) -> BrowserContext:
        state = self._signed_in(tokens) if tokens else None
        browser = await self._ready()
        agent = (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{browser.version}"
        )
        context = await browser.new_context(
            user_agent=f"{agent} Safari/537.36 {USER_AGENT}", locale="ko-KR", storage_state=state
        )
        context.set_default_timeout(self.target.timeouts.answer_s * 1000)
        await context.tracing.start(screenshots=False, snapshots=True)
        return context

    def _signed_in(self, tokens: Tokens) -> StorageState:
        """What the app keeps of somebody who is signed in (contract 3.1)."""
        kept = {
            "accessToken": tokens.access,
            "refreshToken": tokens.refresh,
            "userId": tokens.user_id,
        }
        items: Any = [{"name": name, "value": value} for name, value in kept.items()]
        return {
            "cookies": [],
            "origins": [{"origin": self.target.hosts.apex, "localStorage": items}],
        }

    async def warm(self) -> None:
        """Launch it before the first visit. What goes wrong is told by who visits."""
        with contextlib.suppress(Exception):
            await self._ready()

    async def _ready(self) -> Chromium:
        async with self._lock:
            if self._playwright is None:
                self._playwright = await self._start()
            if self._chromium is None or not self._chromium.is_connected():
                self._chromium = await self._playwright.chromium.launch(
                    executable_path=chromium.find(),
                    args=[
                        "--disable-quic",
                        *trust_arguments(self.target),
                        *device_arguments(self.target),
                    ],
                )
            return self._chromium

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
        try:
            return await async_playwright().start()
        finally:
            os.environ.pop("TMPDIR")
            if before is not None:
                os.environ["TMPDIR"] = before

    async def close(self) -> None:
        with contextlib.suppress(Exception):  # whatever state a killed browser leaves its driver in
            async with asyncio.timeout(CLOSING_TIME):
                if self._chromium:
                    await self._chromium.close()
                if self._playwright:
                    await self._playwright.stop()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


def trust_arguments(target: Target) -> list[str]:
    """Chromium has no flag for another authority, but one for the hash of a key in the chain."""
    if not target.tls.ca:
        return []
    key = x509.load_pem_x509_certificate(Path(target.tls.ca).read_bytes()).public_key()
    digest = hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).digest()
    return [f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"]


def device_arguments(target: Target) -> list[str]:
    """A camera and a microphone for who joins calls: made up, and granted without a question."""
    return (
        ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        if target.livekit
        else []
    )


def _join_traces(navigation: Exchange):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Playwright's handler type is private
    """Have weAlist's spans join ours on same-origin calls; elsewhere it would fail the preflight
    (contract 1.5).
    """

    async def handle(route: Route) -> None:
        await route.continue_(
            headers={**route.request.headers, "traceparent": navigation.traceparent}
        )

    return handle


async def _keep(
    context: BrowserContext, visit: Visit, recorder: Recorder, scratch: Path | None
) -> None:
    """A picture and a scrubbed trace of what went wrong; not to have them is no reason to lose the
    finding.
    """
    try:
        async with asyncio.timeout(CLOSING_TIME):
            await visit.page.screenshot(path=recorder.artifact("screenshot", ".png"))
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                raw = Path(folder) / "trace.zip"
                await context.tracing.stop(path=raw)
                await asyncio.to_thread(
                    playwright_trace.redact_trace, raw, recorder.evidence.redactor
                )
                shutil.move(raw, recorder.artifact("trace", ".zip"))
    except (PlaywrightError, TimeoutError, ValueError, OSError) as error:
        recorder.note(f"no picture or trace was kept: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).split("\n")[0]


def _remove_abandoned() -> None:
    """Folders of runs that were killed outright."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        owner = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)
