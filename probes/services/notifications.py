"""Notifications as a signed-in page gets them: over a stream as they happen, and by REST afterwards
(contract 5.4).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict
from urllib.parse import quote

import httpx
from httpx_sse import EventSource, ServerSentEvent

from probes.auth.users import User
from probes.finding import Broken, Code, Finding, broken_promise
from probes.polling import poll_until
from probes.recording.recorder import Exchange, current
from probes.services.boards import Card
from probes.transport import envelopes, identity
from probes.transport.connection_errors import HELD_BACK
from probes.transport.envelopes import Envelope, expect_shape
from probes.transport.http import Answer, Web
from probes.transport.identity import Asked, Scope, scope_of
from probes.transport.typed_answers import Identity, json_problem, shape_problem

NOTIFICATIONS = "/api/svc/noti/api/notifications"
EVENT_STREAM = "text/event-stream"
MISDIRECTED = "noti-service: whom it sends a notification to (its channel of each user in Redis)"
# A stream that begins so late, and so much later than it lives, came as a whole when it was over.
LATE_S, LATER = 0.5, 2
MOST_LISTED = 100  # noti-service gives no more on a page, and 20 to who asks for none or for more
STREAMS = 5  # contract 3.5: what a page opens in a row before it gives up


class NoticeRow(TypedDict):
    """A notification, by REST or over the stream (contract 5.4)."""

    id: Identity
    resourceId: Identity
    resourceName: NotRequired[str | None]


class NoticePage(TypedDict):
    notifications: list[NoticeRow]


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is told. `about` is the id of what it is about, `name` what that is called."""

    id: str
    about: str
    name: str


class Stream:
    """A member's open stream, from its `connected` on. Each event is judged by `scope` as it comes,
    whoever waits for it. `waited_s`: until the answer began.
    """

    def __init__(
        self,
        events: AsyncIterator[ServerSentEvent],
        exchange: Exchange,
        user: User,
        scope: Scope,
        waited_s: float,
    ) -> None:
        self._events, self._exchange, self._user, self._scope = events, exchange, user, scope
        self._waited_s = waited_s
        self._notices: list[Notice] = []
        self._began_at = asyncio.get_running_loop().time()

    async def next(self, timeout_s: float) -> ServerSentEvent | None:
        """The next event; None when none comes in time. Raises Broken when the stream ends."""
        try:
            async with asyncio.timeout(timeout_s):
                event = await anext(self._events)
        except TimeoutError:
            return (
                None  # and the events are over with that: a generator that was cancelled has ended
            )
        except (StopAsyncIteration, httpx.HTTPError) as error:
            current().subject = self._exchange
            lived = asyncio.get_running_loop().time() - self._began_at
            raise Broken(explain_end(lived, error, self._waited_s)) from error
        self._exchange.add_response(f"event: {event.event}\ndata: {event.data}\n\n".encode())
        self._judge(event)
        return event

    def _judge(self, event: ServerSentEvent) -> None:
        row = _json(event.data)
        found = identity.find_foreign(self._scope, row)
        what = f"{event.event} on the open stream"
        if finding := identity.foreign_data(what, found, self._scope.users, MISDIRECTED):
            current().subject = self._exchange
            raise Broken(finding)
        if event.event == "notification":
            self._notices.append(parse_notice(self._read(event.data)))

    async def expect_notice(self, card: Card, timeout_s: float) -> Notice:
        """The notice about `card`. Raises Broken when it does not come in time."""
        end = asyncio.get_running_loop().time() + timeout_s
        while event := await self.next(max(0.0, end - asyncio.get_running_loop().time())):
            if event.event == "notification" and self._notices[-1].about == card.id:
                return self._notices[-1]
        current().subject = self._exchange
        raise broken_promise(
            Code.NOTIFICATION_LOST,
            f"{self._user.name} was assigned a board, and nothing came over the open "
            f"stream within {timeout_s:g} s",
            "board to noti (NOTI_SERVICE_URL, INTERNAL_API_KEY, f8d2b9c5), or noti's Redis "
            "channel (contract 5.5)",
        )

    def expect_once(self, card: Card) -> None:
        """What came of `card` so far came once. Raises Broken."""
        expect_once([notice for notice in self._notices if notice.about == card.id], "the stream")

    def _read(self, data: str) -> NoticeRow:
        """A notification's data. Raises Broken where it is none."""
        problem = json_problem(data.encode("utf-8", "surrogatepass"))
        row: Any = None if problem else json.loads(data)
        if problem := problem or shape_problem(row, NoticeRow, "data"):
            current().subject = self._exchange
            observed = f"a notification came over the stream that is none: {problem}"
            raise broken_promise(Code.CONTRACT_BROKEN, observed, "noti-service")
        notice: NoticeRow = row
        return notice

    async def expect_open_for(self, duration_s: float) -> None:
        """It is still open `duration_s` after it began. Raises Broken when it ends before."""
        end = self._began_at + duration_s
        while (left := end - asyncio.get_running_loop().time()) > 0:
            await self.next(left)


def expect_once(notices: Sequence[Notice], where: str) -> None:
    """One thing that happened is one notification. Raises Broken."""
    if len(notices) > 1:
        ids = len({notice.id for notice in notices})
        raise broken_promise(
            Code.NOTIFICATION_DUPLICATED,
            f"a board was assigned once, and {where} has {len(notices)} notifications of it, "
            f"under {ids} id{'s' if ids > 1 else ''}",
            "board-service, which tells noti-service more than once, or noti-service, which "
            "stores or publishes each more than once",
        )


async def expect_notified(
    web: Web, user: User, assign: Callable[[], Awaitable[Card]]
) -> list[Notice]:
    """What `user`, who listens, is told of two boards that are assigned meanwhile, once each.
    Raises Broken.

    As a page's EventSource does: when a stream's time is over, another is opened, and there the
    next board is told of. The second board shows that nothing more comes of the first.
    """
    for left in reversed(range(STREAMS)):
        async with connected_stream(web, user) as listening:
            try:
                return await _notices_of_two(listening, assign, web.target.realtime.deliver_seconds)
            except Broken as failure:
                if failure.finding.code is not Code.STREAM_CUT or not left:
                    raise
    raise AssertionError("the last stream gave a notice or an error")


async def _notices_of_two(
    listening: Stream, assign: Callable[[], Awaitable[Card]], timeout_s: float
) -> list[Notice]:
    first = await assign()
    notices = [await listening.expect_notice(first, timeout_s)]
    second = await assign()
    notices.append(await listening.expect_notice(second, timeout_s))
    listening.expect_once(first)
    return notices


@asynccontextmanager
async def connected_stream(web: Web, user: User) -> AsyncIterator[Stream]:
    """The stream of `user`, connected, for as long as the block lasts. Raises Broken."""
    async with open_stream(web, user, await user.token()) as heard:
        first = await heard.next(web.target.timeouts.answer_s)
        if first is None or first.event != "connected":
            beginning = f"began with {first.event!r}" if first else "opened and beginning nothing"
            raise broken_promise(
                Code.CONTRACT_BROKEN,
                f"the stream {beginning}; connected was promised",
                "noti-service",
            )
        yield heard


@asynccontextmanager
async def open_stream(web: Web, user: User, token: str) -> AsyncIterator[Stream]:
    url = f"{web.target.hosts.apex}{NOTIFICATIONS}/stream?token={quote(token, safe='')}"
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    async with web.stream(url) as (response, exchange):
        waited_s = loop.time() - asked_at
        if response.status_code != 200 or EVENT_STREAM not in response.headers.get(
            "content-type", ""
        ):
            current().subject = exchange
            raise Broken(explain(await web.read_refusal(response, exchange)))
        async with aclosing(EventSource(response).aiter_sse()) as events:
            scope = scope_of(Asked(url, {}, b"", web.users))
            yield Stream(events, exchange, user, scope, waited_s)


async def list_notices(web: Web, user: User) -> list[Notice]:
    """What REST keeps for `user`, the newest page of it, as long as it can be (contract 5.4)."""
    answer = await _call(web, user, "GET", f"?limit={MOST_LISTED}")
    page = expect_shape(answer, Envelope.RAW, NoticePage)
    return [parse_notice(row) for row in page["notifications"]]


async def expect_listed(web: Web, user: User, card: Card) -> Notice:
    """REST has one notice about `card`, whoever listened. Raises Broken when it does not show in
    time.
    """
    timeout_s = web.target.realtime.deliver_seconds

    async def about_the_card() -> list[Notice]:
        return [notice for notice in await list_notices(web, user) if notice.about == card.id]

    notices = await poll_until(about_the_card, timeout_s)
    if not notices:
        raise broken_promise(
            Code.NOTIFICATION_LOST,
            f"{user.name} was assigned a board, and {timeout_s:g} s later REST lists "
            "no notification of it",
            "board to noti: NOTI_SERVICE_URL or INTERNAL_API_KEY (f8d2b9c5, 76f1719a, 9606eb9e)",
        )
    expect_once(notices, "REST")
    return notices[0]


async def dismiss(web: Web, user: User, identity: str) -> bool:
    """Whether the service says that the notification is gone."""
    answer = await _call(web, user, "DELETE", f"/{identity}")
    return answer.status == 204 or (answer.json is not None and answer.status in (200, 404))


async def _call(web: Web, user: User, method: str, path: str) -> Answer:
    headers = {"x-workspace-id": web.target.workspace.id}
    url = f"{web.target.hosts.apex}{NOTIFICATIONS}{path}"
    return await web.ask(method, url, token=await user.token(), headers=headers)


def parse_notice(row: NoticeRow) -> Notice:
    return Notice(row["id"], row["resourceId"], row.get("resourceName") or "")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def explain(answer: Answer) -> Finding:
    """Name why the stream did not open; pure."""
    if finding := envelopes.explain(answer, 200):
        return finding
    return Finding(
        Code.CONTRACT_BROKEN, f"{answer} where {EVENT_STREAM} was promised", "noti-service"
    )


def explain_end(lived_s: float, error: Exception, waited_s: float = 0.0) -> Finding:
    """Name an end that came from the other side, `lived_s` seconds after the answer had begun and
    `waited_s` more after it was asked for; pure.
    """
    how = (
        "was ended"
        if isinstance(error, StopAsyncIteration)
        else f"was reset ({type(error).__name__})"
    )
    observed = f"the stream {how} by the other side after {lived_s:.1f} s"
    if waited_s > max(LATE_S, LATER * lived_s):
        observed += f", and it had begun {waited_s:.1f} s after it was asked for"
        return Finding(Code.STREAM_CUT, observed, HELD_BACK)
    return Finding(
        Code.STREAM_CUT,
        observed,
        "noti-service's WriteTimeout (contract 5.4), or a proxy's idle time-out",
    )
