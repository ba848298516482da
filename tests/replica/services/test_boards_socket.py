"""What happens on a board, and who hears of it."""

from collections.abc import AsyncIterator

import pytest
import websockets

from replica.state import ReplicaState
from tests.support.running_service import RunningService, next_event, running_service, say


@pytest.fixture
async def dial(state: ReplicaState) -> AsyncIterator[RunningService]:
    async with running_service(state, "board") as dial:
        yield dial


def path(dial: RunningService) -> str:
    return f"/ws/project/{dial.state.plan.id}"


async def test_every_change_of_a_board_is_told_twice(dial: RunningService) -> None:
    """Made, changed, moved, deleted: by the pod and by Redis, each with the board's id."""
    plan = dial.state.plan.id
    async with dial.socket(path(dial), "bob") as bob, dial.http("alice") as http:
        made = (await http.post("/api/boards", json={"projectId": plan, "title": "Card"})).json()[
            "data"
        ]
        url = f"/api/boards/{made['boardId']}"
        await http.put(url, json={"title": "Renamed"})
        move = {"projectId": plan, "groupByFieldName": "stage", "newFieldValue": "review"}
        await http.put(f"{url}/move", json=move)
        await http.delete(url)
        events = [await next_event(bob) for _ in range(8)]
    assert events[::2] == events[1::2]
    kinds = ["BOARD_CREATED", "BOARD_UPDATED", "BOARD_MOVED", "BOARD_DELETED"]
    assert [event["type"] for event in events[::2]] == kinds
    assert {event["boardId"] for event in events} == {made["boardId"]}
    assert events[2]["payload"]["title"] == "Renamed"


async def test_a_ping_is_answered(dial: RunningService) -> None:
    """In JSON, unlike on a chat; a stranger's too, for membership is not asked (contract §5.3)."""
    async with dial.socket(path(dial), "stranger") as socket:
        await say(socket, type="ping")
        assert await next_event(socket) == {"type": "pong"}


@pytest.mark.parametrize(("size", "code"), [(512, None), (513, 1009)])
async def test_a_frame_over_512_bytes_ends_the_socket(
    dial: RunningService, size: int, code: int | None
) -> None:
    """Up to the limit it lives."""
    async with dial.socket(path(dial), "bob") as socket:
        await socket.send("x" * size)
        await say(socket, type="ping")
        if code is None:
            assert await next_event(socket) == {"type": "pong"}
            return
        with pytest.raises(websockets.ConnectionClosed) as ended:
            await socket.recv()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == code


async def test_the_board_knows_who_looks_at_it(dial: RunningService) -> None:
    """As long as the socket is open, and in no envelope; with presence-never-forgets for ever."""
    bob, url = dial.state.test_users["bob"].id, f"/api/projects/{dial.state.plan.id}/online-users"
    async with dial.http("alice") as http:
        async with dial.socket(path(dial), "bob") as socket:
            await say(socket, type="ping")
            await next_event(socket)
            assert (await http.get(url)).json() == {"onlineUsers": [bob], "count": 1}
        dial.state.faults = {"presence-never-forgets"}
        assert (await http.get(url)).json()["count"] == 1
        nowhere = await http.get("/api/projects/x/online-users")
        assert nowhere.json() == {"onlineUsers": [], "count": 0}


async def test_no_events_are_sent(dial: RunningService) -> None:
    """Fault board-sends-no-events: the change is made and nobody hears; pings are answered all the
    same.
    """
    dial.state.faults = {"board-sends-no-events"}
    async with dial.socket(path(dial), "bob") as bob, dial.http("alice") as http:
        answer = await http.post(
            "/api/boards", json={"projectId": dial.state.plan.id, "title": "Card"}
        )
        assert answer.status_code == 201
        await say(bob, type="ping")
        assert await next_event(bob) == {"type": "pong"}
