"""The notification stream: what it brings, how long it lives, and what REST keeps when it does
not.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from probes.auth.users import User, Users
from probes.config.environment import Hosts, Target, UserConfig
from probes.config.timeouts import Realtime
from probes.finding import Broken, Code
from probes.recording import journal
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from probes.recording.reproduce import curl
from probes.services import notifications
from probes.services.boards import Card
from probes.services.notifications import Notice
from probes.transport.http import Web
from tests.support.session_tokens import token
from tests.support.site import NOWHERE, Said, Site, js, page

PATH = "/api/svc/noti/api/notifications"
CONNECTED = b'event: connected\ndata: {"status": "connected"}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
CARD = Card("b-1", "t")
TOKEN = token()

Speak = Callable[[asyncio.StreamWriter, asyncio.Event], Awaitable[None]]


@pytest.fixture
def target(target: Target) -> Target:
    identity = replace(target.identity, way="static")
    return replace(
        target,
        users={"bob": UserConfig("u-1", token="B")},
        identity=identity,
        realtime=Realtime(deliver_seconds=20),
    )


@pytest.fixture
def bob(target: Target, web: Web) -> User:
    return Users(target, web, Redactor(), {"B": TOKEN}).user("bob")


def notice(about: str) -> bytes:
    return (
        f"event: notification\ndata: {json.dumps({'id': 'n-1', 'resourceId': about})}\n\n".encode()
    )


@asynccontextmanager
async def streaming(
    target: Target, *speakers: Speak, greeting: bytes = CONNECTED
) -> AsyncIterator[Web]:
    """A service that speaks so on each stream that is opened, the last for all further ones."""
    left, over, handlers = list(speakers), asyncio.Event(), list[asyncio.Task[None] | None]()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + greeting)
        await (left.pop(0) if len(left) > 1 else left[0])(writer, over)
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        origin = f"http://apex.localhost:{server.sockets[0].getsockname()[1]}"
        web = Web(replace(target, hosts=Hosts(origin, origin)))
        try:
            yield web
        finally:
            over.set()
            await asyncio.gather(*filter(None, handlers))
            await web.close()


async def at_once(_writer: asyncio.StreamWriter, _over: asyncio.Event) -> None:
    """Say no more."""


def saying(*events: bytes) -> Speak:
    """Say these, and stay."""

    async def speak(writer: asyncio.StreamWriter, over: asyncio.Event) -> None:
        for event in events:
            writer.write(event)
        await over.wait()

    return speak


async def test_the_stream_brings_the_notice_about_a_card(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """Comments, other events and other boards are passed over."""
    events = (
        b":ping\n\n",
        notice("b-2"),
        notice("b-1"),
    )
    async with (
        streaming(target, saying(*events)) as web,
        notifications.connected_stream(web, bob) as stream,
    ):
        assert await stream.expect_notice(CARD, 20) == Notice("n-1", "b-1", "")
    event = list(journal.read(recorder.evidence.folder))[-1]
    assert (event["kind"], event["status"]) == ("stream", 200)
    assert event["response"]["body"].startswith("event: connected\n")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"nonsense", "Expecting value at character 0"),
        (b"null", "data: expected an object, got null"),
        (
            b'{"id": "n-1", "resourceId": {}}',
            "data.resourceId: expected an id, got an empty object",
        ),
    ],
)
async def test_what_is_no_notification_breaks_the_contract(
    target: Target, recorder: Recorder, bob: User, data: bytes, told: str
) -> None:
    """It is not passed over: a page that listens could not read it either."""
    event = b"event: notification\ndata: " + data + b"\n\n"
    async with (
        streaming(target, saying(event)) as web,
        notifications.connected_stream(web, bob) as stream,
    ):
        with pytest.raises(Broken, match=f"contract-broken: .*{told}"):
            await stream.expect_notice(CARD, 20)
    assert recorder.subject


async def test_no_token_stays_in_the_evidence(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """It is in the URL, as EventSource has no headers."""
    async with streaming(target, saying()) as web, notifications.connected_stream(web, bob):
        pass
    assert TOKEN not in (recorder.evidence.folder / journal.NAME).read_text()
    assert recorder.last
    line = curl(recorder.last, recorder.evidence.redactor)
    assert TOKEN not in line
    assert line.endswith('/stream"?token=$TOKEN"')


async def test_a_notice_that_does_not_come_is_lost(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """While the stream is open and says other things."""
    async with (
        streaming(target, saying(notice("b-2"))) as web,
        notifications.connected_stream(web, bob) as stream,
    ):
        with pytest.raises(Broken, match="notification-lost: bob was assigned a board"):
            await stream.expect_notice(CARD, 0.1)


async def test_a_stream_that_ends_too_early_is_cut(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """However it ends, the finding says after how long."""
    async with (
        streaming(target, at_once) as web,
        notifications.connected_stream(web, bob) as stream,
    ):
        with pytest.raises(
            Broken, match=r"stream-cut: the stream was ended by the other side after \d+\.\d s"
        ):
            await stream.expect_open_for(20)


def test_a_stream_that_came_all_at_once_was_held_back() -> None:
    """It begins late and is over; one that begins at once, or lives on, was cut."""
    ends = [(0.0, 1.5), (0.2, 30.0), (15.0, 0.1), (0.0, 0.1), (2.0, 2.1)]
    found = [notifications.explain_end(each, StopAsyncIteration(), late) for each, late in ends]
    assert ["buffering" in each.cause for each in found] == [True, True, False, False, False]


async def test_a_stream_that_lives_long_enough_is_right(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """What it says meanwhile does not matter."""
    async with (
        streaming(target, saying(notice("b-1"), b":ping\n\n")) as web,
        notifications.connected_stream(web, bob) as stream,
    ):
        await stream.expect_open_for(0.05)


async def test_a_listener_opens_another_stream_after_one(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """And is told of the boards that are assigned then; not for ever."""
    assigned: list[str] = []

    async def assign() -> Card:
        assigned.append("")
        return Card(f"b-{len(assigned)}", "t")

    async with streaming(target, at_once, at_once, saying(notice("b-3"), notice("b-4"))) as web:
        notices = await notifications.expect_notified(web, bob, assign)
        assert [each.about for each in notices] == ["b-3", "b-4"]
    async with streaming(target, at_once) as web:
        with pytest.raises(Broken, match="stream-cut"):
            await notifications.expect_notified(web, bob, assign)
    assert len(assigned) == 4 + notifications.STREAMS


async def test_a_board_that_is_told_of_twice_is_found_by_the_next(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """What comes between the first board and the second counts, under one id or two."""
    cards = iter((CARD, Card("b-2", "t")))

    async def assign() -> Card:
        return next(cards)

    events = (notice("b-1"), notice("b-1"), notice("b-2"))
    async with streaming(target, saying(*events)) as web:
        with pytest.raises(Broken, match=r"notification-duplicated: .* has 2 .* under 1 id "):
            await notifications.expect_notified(web, bob, assign)


async def test_what_is_meant_for_another_is_found_before_it_is_passed_over(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """The stream's own token says whose it is."""
    row = {"id": "n-1", "resourceId": "b-9", "targetUserId": "u-2"}
    event = f"event: notification\ndata: {json.dumps(row)}\n\n".encode()
    async with (
        streaming(target, saying(event, notice("b-1"))) as web,
        notifications.connected_stream(web, bob) as stream,
    ):
        with pytest.raises(Broken, match=r"foreign-data: .* targetUserId is u-2, not bob's"):
            await stream.expect_notice(CARD, 20)


async def test_a_stream_begins_with_connected(
    target: Target, recorder: Recorder, bob: User
) -> None:
    """Another first event is not what was promised."""
    async with streaming(target, at_once, greeting=notice("b-1")) as web:
        with pytest.raises(Broken, match="contract-broken: the stream began with 'notification'"):
            async with notifications.connected_stream(web, bob):
                pass


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (page(), Code.EDGE_HTML_FALLBACK),
        (js({"error": {}}, 401), Code.ACCESS_REFUSED),
        (js({}), Code.CONTRACT_BROKEN),
        (NOWHERE, Code.ROUTE_BROKEN),
        (Said(503, b"no healthy upstream", "text/plain"), Code.SERVICE_UNAVAILABLE),
    ],
)
async def test_a_stream_that_does_not_open_is_named(
    site: Site, web: Web, bob: User, said: Said, code: Code
) -> None:
    """As any other answer is."""
    site.says[f"GET apex{PATH}/stream"] = said
    with pytest.raises(Broken) as failure:
        async with notifications.connected_stream(web, bob):
            pass
    assert failure.value.finding.code is code


async def test_what_rest_keeps_is_found_or_lost(site: Site, web: Web, bob: User) -> None:
    """For the workspace that the header names, on as long a page as there is."""
    row = {"id": "n-1", "resourceId": "b-1", "resourceName": "t"}
    site.says[f"GET apex{PATH}"] = js({"notifications": [row]})
    assert await notifications.expect_listed(web, bob, CARD) == Notice("n-1", "b-1", "t")
    asked = site.asked[-1]
    assert (asked.headers["x-workspace-id"], asked.path) == ("w-1", f"{PATH}?limit=100")
    web.target = replace(web.target, realtime=Realtime(deliver_seconds=0))
    with pytest.raises(Broken, match=r"notification-lost: .* REST lists no notification of it"):
        await notifications.expect_listed(web, bob, Card("b-2", "t"))


@pytest.mark.parametrize(
    ("said", "gone"),
    [(Said(204), True), (js({}, 404), True), (NOWHERE, False), (js({}, 500), False)],
)
async def test_a_notice_is_gone_when_its_service_says_so(
    site: Site, web: Web, bob: User, said: Said, gone: bool
) -> None:
    """The edge's word counts for nothing."""
    site.says[f"DELETE apex{PATH}/n-1"] = said
    assert await notifications.dismiss(web, bob, "n-1") is gone
