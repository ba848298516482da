"""What a page asks while it stays open: calls under way, refreshes and log-outs, counted; and
refreshes that fail as the probe has them fail.

A refresh is known by what it is, under any path: a POST to a path that ends so.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Frame, Page, Request, Route

from probes.auth import refresh as refreshing
from probes.browser.page_replies import Reply, is_main_document

Failing = Literal["refused", "unavailable", "network"]
# In auth-service's own words (contract 2.3), and in Envoy's (1.4).
REFUSAL = {"code": refreshing.SPENT, "message": "Token is blacklisted"}
NO_PODS = "no healthy upstream"
REFRESHES = re.compile(r"^[^?#]*/refresh/?(?:[?#].*)?$")
LOGIN = "/"  # contract 3.1
ASKS = ("fetch", "xhr")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A moment in the life of a page, by how much it had done."""

    attempts: int = 0
    replies: int = 0
    refreshes: int = 0
    documents: int = 0
    login_moves: int = 0


class Traffic:
    """All that one page asks, from before its own scripts run; `news` is called at each change."""

    def __init__(self, page: Page, news: Callable[[], None]) -> None:
        self.requests = self.refreshes = 0
        # Documents of the login page, and moves to it within a document: the app may do both.
        self.documents = self.login_moves = 0
        self.flying: set[Request] = set()
        self._page, self._news = page, news
        self._failing: Iterator[Failing] = iter(())

    def watch(self) -> None:
        """Call before the page is opened."""
        self._page.on("request", self._on_request)
        self._page.on("requestfinished", self._on_request_end)
        self._page.on("requestfailed", self._on_request_end)
        self._page.on("framenavigated", self._on_navigated)

    async def fail_refreshes(self, *how: Failing, forever: bool = False) -> None:
        """The next refreshes end so and do not reach weAlist, where the token stays unused.

        From then on Playwright answers the page's preflights in the servers' place.
        """
        await self._page.route(REFRESHES, self._answer_refresh)
        self._failing = itertools.cycle(how) if forever else iter(how)

    async def _answer_refresh(self, route: Route) -> None:
        how = next(self._failing, None) if route.request.method == "POST" else None
        match how:
            case "refused":
                await route.fulfill(status=401, json=REFUSAL)
            case "unavailable":
                await route.fulfill(status=503, content_type="text/plain", body=NO_PODS)
            case "network":
                await route.abort("connectionfailed")
            case None:
                await route.fallback()

    def _on_request(self, request: Request) -> None:
        self.requests += 1
        if request.resource_type in ASKS and "/api/" in request.url:
            self.flying.add(request)
        self.refreshes += is_refresh(request.method, request.url)
        if is_main_document(request, self._page) and urlsplit(request.url).path == LOGIN:
            self.documents += 1
        self._news()

    def _on_request_end(self, request: Request) -> None:
        self.flying.discard(request)
        self._news()

    def _on_navigated(self, frame: Frame) -> None:
        if frame == self._page.main_frame and urlsplit(frame.url).path == LOGIN:
            self.login_moves += 1
            self._news()


def is_refresh(method: str, url: str) -> bool:
    """Whether a request asks for a new pair of tokens, wherever the page sends it; pure."""
    return method == "POST" and bool(REFRESHES.match(url))


def is_refresh_reply(reply: Reply) -> bool:
    """Whether a reply tells what became of a refresh; one that the page withdrew tells nothing."""
    return is_refresh(reply.answer.method, reply.answer.url) and not reply.is_aborted


def is_stream(reply: Reply) -> bool:
    """Whether it is the stream of notifications, which carries its token in the URL and is nobody's
    call.
    """
    return "text/event-stream" in reply.exchange.request_headers.get("accept", "")


def is_judged_call(reply: Reply) -> bool:
    """Whether it is a call of the page's that had to be answered: no refresh, no stream, and none
    that nobody waited for.
    """
    is_other = is_refresh(reply.answer.method, reply.answer.url) or is_stream(reply)
    return not is_other and not reply.is_withdrawn
