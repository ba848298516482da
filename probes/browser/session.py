"""A page that stays open while its token ages, its sockets drop, its network goes and its refresh
fails.

What is done to the page is done where weAlist would do it: at the socket, at the network, at the
answer to a refresh. What came of it is judged by probes/browser/recovery.py. Sources: V6 §4,
contract 3.1, 3.3, 3.5.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator

from probes.auth.tokens import OwnSession, Tokens
from probes.auth.users import User
from probes.browser import recovery
from probes.browser.browser import Browser
from probes.browser.page import Visit
from probes.browser.page_replies import Reply, expect_project, too_few
from probes.browser.recovery import Observation
from probes.browser.session_traffic import (
    LOGIN,
    Checkpoint,
    Failing,
    Traffic,
    is_judged_call,
    is_refresh,
    is_refresh_reply,
    is_stream,
)
from probes.browser.websockets import PageSockets
from probes.closing import close_fully
from probes.finding import Broken, CannotAsk, Code, Finding

SIGN_IN = "GOOGLE 계정으로 계속하기"  # contract 3.7
KEPT = ("accessToken", "refreshToken")
READ = "names => names.map(name => localStorage.getItem(name) ?? '')"
EXPIRE = "([token, button]) => { localStorage.setItem('accessToken', token); button?.click() }"
ENDING_TIMEOUT_S = 10.0  # seconds
MOMENT_S, OPENED_WITHIN_S = 0.3, 3.0  # in which an open page asks nothing; for how long to wait


class PageSession:
    """One page, from its opening on; what it did is told from `since` on, which moves when
    something is done to it.
    """

    def __init__(self, visit: Visit, session: OwnSession) -> None:
        self.visit, self.page, self.realtime = visit, visit.page, visit.target.realtime
        self.sockets = PageSockets(
            visit.page, visit.target.hosts.apex, visit.recorder, visit.news.set
        )
        self._traffic = Traffic(visit.page, visit.news.set)
        self._session, self._since, self._stale = session, Checkpoint(), frozenset[str]()

    async def prepare(self) -> None:
        """Call before the page is opened."""
        self._traffic.watch()
        await self.sockets.watch()

    # What can be done to a page.

    async def expire(self, token: str, then_click: Locator | None = None) -> None:
        """Half an hour passes: the access token in the page's storage is one that has expired.
        `then_click` is clicked at once, before a stream or a socket of the page can renew it.
        """
        await self.wait_until_quiet()
        self._set_checkpoint()  # the page may notice before anything else is done to it
        before = await self._kept_tokens()
        self._stale = frozenset({token, before.access, self._session.tokens.access})
        button = then_click and await then_click.element_handle()
        await self.page.evaluate(EXPIRE, [token, button])

    async def fail_refreshes(self, *how: Failing) -> None:
        """The next refreshes end so, in turn; none reaches weAlist, and the token stays unused."""
        await self._traffic.fail_refreshes(*how)

    async def refuse_refreshes(self) -> None:
        """The session is over, as auth-service says it."""
        await self._traffic.fail_refreshes("refused", forever=True)

    async def drop(self, *kinds: str) -> None:
        """The server closes these sockets of the page at the same moment."""
        await self.sockets.drop(*kinds)

    async def lose_network(self, duration_s: float) -> None:
        """No network for so long, then a network again."""
        await self.wait_until_quiet()  # what it opens with would fail, and be complained of
        self._set_checkpoint()
        await self.sockets.lose_network()
        await asyncio.sleep(duration_s)
        await self.sockets.regain_network()

    # What a page then promises.

    async def expect_connected(self, *kinds: str) -> None:
        """The page has opened these sockets. Raises Broken."""
        await self.visit.wait_until(
            lambda: self._all_back(kinds) or any(map(self.observation.is_refused, kinds)),
            self.realtime.reconnect_seconds,
        )
        finding = recovery.explain_return(self.observation, kinds, self.realtime.attempts)
        if finding and finding.code is Code.PAGE_NOT_RECOVERED:
            await self.visit.expect_something_shown()  # what it never got says why
            expect_project(self.visit.target, set(kinds) - self.sockets.kinds)
        self._judge(finding)

    async def expect_recovered(self, *kinds: str, refreshes: int | None = None) -> None:
        """The page has these sockets again, with a fresh token, and its user is signed in. Raises
        Broken.
        """
        await self.visit.wait_until(
            lambda: self._all_back(kinds) or self._is_lost, self.realtime.reconnect_seconds
        )
        await self._settle()
        self._judge(
            recovery.explain_return(self.observation, kinds, self.realtime.attempts, refreshes)
        )

    async def expect_one_logout(self) -> None:
        """The page forgets its tokens, shows the login page, and is quiet from then on. Raises
        Broken.
        """
        await self.visit.wait_until(lambda: self._is_lost, self.realtime.reconnect_seconds)
        in_a_row = self.realtime.attempts
        # Once it has logged out, a page has nothing to try; what it may elsewhere is too much here.
        await self.visit.wait_until(
            lambda: bool(self.observation.storm(in_a_row, 1)),
            in_a_row * self.realtime.pause_seconds,
        )
        kept = await self._kept_tokens()
        tokens = zip(KEPT, (kept.access, kept.refresh), strict=True)
        names = [name for name, value in tokens if value]
        at_login = urlsplit(self.page.url).path == LOGIN
        self._judge(
            recovery.explain_refusal(self.observation, in_a_row, at_login=at_login, kept=names)
        )

    async def expect_calls_repeated(self, *, together: int = 1) -> None:
        """Calls that were refused for an expired token are repeated after one refresh. Raises
        Broken; NotApplicable where fewer than `together` calls were refused: nothing shared one;
        CannotAsk where none was made.
        """
        await self.visit.wait_until(
            lambda: self.observation.logouts > 0 or self._is_through,
            self.realtime.reconnect_seconds,
        )
        await self._settle()
        calls = [reply for reply in self._replies() if is_judged_call(reply)]
        refused = {reply.answer.url for reply in calls if reply.answer.status == 401}
        unasked = not refused and not self.observation.refreshes
        if unasked:
            await self._expect_reached(calls)
        elif together > 1:
            self.visit.expect_good_replies([r for r in calls if r.answer.status != 401])
        finding = recovery.explain_calls(self.observation, [reply.answer for reply in calls])
        if len(refused) < together and together > 1 and (finding is None or unasked):
            has_refreshed = bool(self.observation.refreshes)
            raise too_few(len(calls), len(refused), together, has_refreshed=has_refreshed)
        self._judge(finding)

    async def _expect_reached(self, calls: Sequence[Reply]) -> None:
        """What never reached a service was not let in either. Raises Broken."""
        self.visit.expect_good_replies(calls)
        if not calls:
            await self.visit.expect_something_shown()

    @property
    def observation(self) -> Observation:
        """What the page did since something was done to it."""
        return Observation(
            attempts=tuple(self.sockets.all[self._since.attempts :]),
            refreshes=self._traffic.refreshes - self._since.refreshes,
            answers=tuple(reply.answer for reply in self._replies() if is_refresh_reply(reply)),
            logouts=self._logouts(),
            stale=self._stale,
        )

    async def end(self) -> None:
        """Keep what the page's refreshes left, before it is closed."""
        self.sockets.end()
        await self._settle()
        refreshed = any(
            is_refresh_reply(reply) and reply.answer.status == 200 for reply in self.visit.replies
        )
        kept = await self._kept_tokens() if refreshed else self._session.tokens
        if kept.access and kept.refresh:
            await self._session.save(kept)

    def _logouts(self) -> int:
        """How often the user was led to the login page: documents are counted, since the app moves
        there within the document before it loads the real one.
        """
        documents = self._traffic.documents - self._since.documents
        return documents or min(1, self._traffic.login_moves - self._since.login_moves)

    def _set_checkpoint(self) -> None:
        traffic = self._traffic
        self._since = Checkpoint(
            attempts=len(self.sockets.all),
            replies=len(self.visit.replies),
            refreshes=traffic.refreshes,
            documents=traffic.documents,
            login_moves=traffic.login_moves,
        )

    def _judge(self, finding: Finding | None) -> None:
        if finding is None:
            return
        exchanges = [reply.exchange for reply in self._replies() if is_refresh_reply(reply)]
        if not exchanges or not finding.code.startswith("refresh-"):
            exchanges = [
                socket.exchange for socket in self.observation.attempts if socket.exchange
            ] or exchanges
        self.visit.recorder.subject = exchanges[-1] if exchanges else None
        raise Broken(finding)

    def _replies(self) -> list[Reply]:
        return [
            reply
            for reply in self.visit.replies[self._since.replies :]
            if "/api/" in reply.answer.url
        ]

    def _all_back(self, kinds: tuple[str, ...]) -> bool:
        return all(self.observation.is_back(what) for what in kinds)

    @property
    def _is_lost(self) -> bool:
        """Nothing that is still to come can fix it."""
        seen = self.observation
        storming = bool(seen.storm(self.realtime.attempts))
        return seen.logouts > 0 or seen.stale_attempt is not None or storming

    @property
    def _is_through(self) -> bool:
        """The expired token has been noticed, no call is under way, and none waits to be
        repeated.
        """
        calls = [reply.answer for reply in self._replies() if not is_stream(reply)]
        noticed = self.observation.refreshes or any(answer.status == 401 for answer in calls)
        still = self._traffic.flying or self.visit.is_reading or recovery.unrepeated_calls(calls)
        return bool(noticed) and not still

    async def wait_until_quiet(self) -> None:
        """Wait for what the page asks while it opens: a call that came late would meet the new
        state of things.
        """
        asked, traffic = -1, self._traffic
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OPENED_WITHIN_S):
                while traffic.flying or self.visit.is_reading or asked != traffic.requests:
                    asked = traffic.requests
                    await asyncio.sleep(MOMENT_S)

    async def _settle(self) -> None:
        """Wait for the answers to refreshes that are under way, since they say why."""
        await self.visit.wait_until(
            lambda: not any(is_refresh(r.method, r.url) for r in self._traffic.flying), 1.0
        )
        await self.visit.settle()

    async def _kept_tokens(self) -> Tokens:
        """The tokens that the page keeps; a page on its way elsewhere is waited for."""
        for _ in range(3):
            with contextlib.suppress(PlaywrightError):
                await self.page.wait_for_load_state("domcontentloaded")
                access, refresh = await self.page.evaluate(READ, list(KEPT))
                return Tokens(access, refresh, self._session.tokens.user_id)
        raise CannotAsk("the page's storage cannot be read: it never stands still")


@asynccontextmanager
async def open_session(
    browser: Browser, user: User, path: str, access: str = ""
) -> AsyncIterator[PageSession]:
    """A page of the app that stays open, signed in with a session of its own; `access`: an access
    token instead.
    """
    async with user.session() as session:
        stays: list[PageSession] = []

        async def prepare(visit: Visit) -> None:
            stays.append(PageSession(visit, session))
            await stays[0].prepare()

        async with browser.visit(
            path, replace(session.tokens, access=access or session.tokens.access), prepare
        ):
            try:
                yield stays[0]
            finally:
                with contextlib.suppress(PlaywrightError, CannotAsk):
                    await close_fully(stays[0].end(), ENDING_TIMEOUT_S)
