"""The stream of notifications: what arrives, when it is cut, and what is not sent again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from replica.models import NotificationModel
from replica.services import notifications_stream
from replica.state import ReplicaState
from tests.support.running_service import RunningService, running_service
from tests.support.service_fixtures import Ask

STREAM = "/api/notifications/stream"


@pytest.fixture
async def dial(state: ReplicaState) -> AsyncIterator[RunningService]:
    async with running_service(state, "noti") as dial:
        yield dial


@asynccontextmanager
async def listening(dial: RunningService, who: str = "bob") -> AsyncIterator[AsyncIterator[str]]:
    async with dial.http(who) as http, http.stream("GET", STREAM) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (line async for line in answer.aiter_lines() if line)


async def assigned(ask: Ask, state: ReplicaState, title: str) -> None:
    card = {"projectId": state.plan.id, "title": title, "assigneeId": state.test_users["bob"].id}
    assert (await ask("board", "alice").post("/api/boards", json=card)).status_code == 201


async def titles(ask: Ask, state: ReplicaState) -> list[str]:
    """What REST lists for bob, newest first."""
    answer = await ask("noti", "bob", **{"X-Workspace-Id": state.home.id}).get("/api/notifications")
    return [row["resourceName"] for row in answer.json()["notifications"]]


async def test_an_assigned_board_arrives(dial: RunningService, ask: Ask) -> None:
    """After `connected`, as a notification with what REST would show."""
    async with listening(dial) as lines:
        assert [await anext(lines), await anext(lines)] == [
            "event: connected",
            'data: {"status": "connected"}',
        ]
        await assigned(ask, dial.state, "카드")
        assert await anext(lines) == "event: notification"
        assert '"resourceName": "카드"' in await anext(lines)


async def test_what_was_missed_is_listed_and_not_sent_again(dial: RunningService, ask: Ask) -> None:
    """The stream begins with what comes after it."""
    await assigned(ask, dial.state, "missed")
    async with listening(dial) as lines:
        await anext(lines), await anext(lines)
        await assigned(ask, dial.state, "heard")
        await anext(lines)
        assert '"resourceName": "heard"' in await anext(lines)
    assert await titles(ask, dial.state) == ["heard", "missed"]


async def test_nobody_hears_for_another(dial: RunningService, ask: Ask) -> None:
    """Alice's stream has nothing of bob's."""
    async with listening(dial, "alice") as lines, listening(dial) as other:
        for each in (lines, lines, other, other):
            await anext(each)
        await assigned(ask, dial.state, "bob's")
        await anext(other)
        dial.state.live.bus.publish(
            f"notifications:user:{dial.state.test_users['alice'].id}", {"own": True}
        )
        await anext(lines)
        assert await anext(lines) == 'data: {"own": true}'


async def test_only_a_live_token_opens_it(dial: RunningService) -> None:
    """In the query or as a bearer; else 401."""
    async with httpx.AsyncClient(
        base_url=f"http://{dial.address}", trust_env=False, timeout=30
    ) as http:
        for token in ("", "x", dial.token("bob", seconds=-5)):
            assert (await http.get(STREAM, params={"token": token})).status_code == 401
        async with http.stream("GET", STREAM, params={"token": dial.token("bob")}) as answer:
            assert answer.status_code == 200


@pytest.mark.parametrize(("faults", "whole"), [(set(), 30), ({"stream-cut-early"}, 15)])
async def test_it_is_cut_by_the_write_timeout(
    state: ReplicaState, faults: set[str], whole: float
) -> None:
    """After 30 scaled seconds, and after half of them with fault stream-cut-early."""
    loop, state.faults = asyncio.get_running_loop(), faults
    state.scale = 0.01
    begun = loop.time()
    events = [
        event async for event in notifications_stream._events(state, state.test_users["bob"].id)
    ]
    assert events[0].startswith("event: connected")
    assert loop.time() - begun >= whole * state.scale
    assert all(event == ":ping\n\n" for event in events[1:])


async def test_notifications_are_not_sent(dial: RunningService, ask: Ask) -> None:
    """Fault notifications-not-sent: neither to the stream nor to the list, whoever asks the service
    itself is heard.
    """
    dial.state.faults = {"notifications-not-sent"}
    async with listening(dial) as lines:
        await anext(lines), await anext(lines)
        await assigned(ask, dial.state, "lost")
        assert await titles(ask, dial.state) == []
        notifications_stream.deliver(dial.state, event_of(dial.state))
        await anext(lines)
        assert '"resourceName": "by hand"' in await anext(lines)


def event_of(state: ReplicaState) -> NotificationModel:
    alice, bob = state.test_users["alice"].id, state.test_users["bob"].id
    return NotificationModel(
        kind="BOARD_ASSIGNED",
        actor=alice,
        target=bob,
        workspace=state.home.id,
        resource_type="board",
        resource=alice,
        resource_name="by hand",
    )


async def test_a_long_token_is_refused_however_it_arrives(dial: RunningService) -> None:
    """As Go takes it, which reads up to 1 MB: a word of the service's own, not a connection that is
    cut.
    """
    reader, writer = await asyncio.open_connection(*dial.address.split(":"))
    begun = f"GET {STREAM}?token={'x' * 20_000}"
    writer.write(begun.encode())
    await writer.drain()
    await dial.refusal("/health", None)  # by now it has read what was begun
    writer.write(f" HTTP/1.1\r\nHost: {dial.address}\r\n\r\n".encode())
    assert (await reader.readline()).split()[1] == b"401"
    writer.close()
    await writer.wait_closed()
