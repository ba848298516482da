"""Why a page shows nothing of what it should: it still waits for an answer, or it is blank.

weAlist's pages show a spinner without a word for as long as a call is not answered
(services/frontend/src/components/layout/MainLayout.tsx).
"""

import contextlib
import time
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Request

from probes.browser.page_replies import is_call
from probes.finding import Broken, Code, broken_promise
from probes.recording.recorder import Recorder
from probes.transport.http import service

SHOWS_NOTHING = "() => !document.body || !document.body.innerText.trim()"
CALLS = ("fetch", "xhr")  # a stream is never done
LONG = 0.5  # of the time that an answer may take


class PendingCalls:
    """The page's calls of the API at `apex` that nobody has answered yet, from the page's opening
    on.
    """

    def __init__(self, page: Page, apex: str, recorder: Recorder) -> None:
        self._apex, self._recorder = apex, recorder
        self._began: dict[Request, float] = {}
        page.on("request", self._on_request)
        page.on("requestfinished", self._on_end)
        page.on("requestfailed", self._on_end)

    def expect_answered(self, answer_s: float) -> None:
        """Raise Broken where a call has waited for half of `answer_s` seconds; a page that polls
        has always one under way.
        """
        request = next(iter(self._began), None)  # who was asked first has waited longest
        if request is None:
            return
        waited_s = time.monotonic() - self._began[request]
        if waited_s < answer_s * LONG:
            return
        exchange = self._recorder.begin("page", request.method, request.url)
        exchange.set_request(request.headers)
        exchange.error = "no answer"
        self._recorder.record(exchange, waited_s)
        self._recorder.subject = exchange
        parts = urlsplit(request.url)
        observed = f"the page asked {request.method} {parts.netloc}{parts.path}"
        raise broken_promise(
            Code.SERVICE_STALLED,
            f"{observed}, and {waited_s:.1f} s later nobody has answered",
            service(request.url),
        )

    def _on_request(self, request: Request) -> None:
        is_own = request.url.startswith(f"{self._apex}/")
        if is_own and request.resource_type in CALLS and is_call(request.url):
            self._began[request] = time.monotonic()

    def _on_end(self, request: Request) -> None:
        self._began.pop(request, None)


async def blank(page: Page) -> Broken | None:
    """What to raise where the page shows nothing at all; None where it shows something."""
    with contextlib.suppress(PlaywrightError):
        if await page.evaluate(SHOWS_NOTHING):
            observed = f"{urlsplit(page.url).path} is blank"
            return broken_promise(Code.ASSET_BROKEN, observed, "the page, or what it loads")
    return None
