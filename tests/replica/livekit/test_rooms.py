"""RoomService."""

from typing import Any

import pytest
from livekit.protocol import room as messages

from tests.support.sfu import RunningStandIn


async def test_a_room_is_made_listed_and_ended(sfu: RunningStandIn) -> None:
    """By who may; twice ended is not found."""
    keeper = sfu.keeper()
    made = sfu.twirp("CreateRoom", keeper, name="made").json()
    assert made["name"] == "made"
    assert [
        room["sid"] for room in sfu.twirp("ListRooms", keeper, names=["made"]).json()["rooms"]
    ] == [made["sid"]]
    assert sfu.twirp("DeleteRoom", keeper, room="made").json() == {}
    again = sfu.twirp("DeleteRoom", keeper, room="made")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert sfu.twirp("ListRooms", keeper, names=["made"]).json() == {"rooms": []}


@pytest.mark.parametrize("video", [None, {"roomJoin": True, "room": "r"}])
async def test_who_may_not_is_told_in_json(
    sfu: RunningStandIn, video: dict[str, Any] | None
) -> None:
    """Without a token as with a seat only."""
    token = sfu.token(video=video) if video else ""
    answer = sfu.twirp("ListRooms", token)
    assert answer.status_code == 401
    assert answer.json() == {"code": "unauthenticated", "msg": "permissions denied"}


async def test_protobuf_is_spoken_too(sfu: RunningStandIn) -> None:
    """Asked in protobuf it answers in protobuf."""
    keeper = sfu.keeper()
    headers = {"Authorization": f"Bearer {keeper}", "Content-Type": "application/protobuf"}
    asked = messages.CreateRoomRequest(name="binary").SerializeToString()
    answer = sfu.http.post("/twirp/livekit.RoomService/CreateRoom", content=asked, headers=headers)
    assert messages.DeleteRoomRequest(room="binary").room == "binary"
    assert answer.headers["content-type"] == "application/protobuf"
    sfu.twirp("DeleteRoom", keeper, room="binary").raise_for_status()


async def test_what_is_no_call_is_named(sfu: RunningStandIn) -> None:
    """A method that is not there, a type that it does not speak, a body that is none."""
    keeper = {"Authorization": f"Bearer {sfu.keeper()}"}
    path = "/twirp/livekit.RoomService/"
    answers = [
        sfu.twirp("Frobnicate", sfu.keeper()),
        sfu.http.post(
            f"{path}ListRooms", content="{}", headers={**keeper, "Content-Type": "text/plain"}
        ),
        sfu.http.post(
            f"{path}ListRooms", content="[", headers={**keeper, "Content-Type": "application/json"}
        ),
    ]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (404, "bad_route"),
        (404, "bad_route"),
        (400, "malformed"),
    ]


async def test_without_redis_nothing_is_known_of_rooms(sfu: RunningStandIn) -> None:
    """The chart's literal variable is what it tried to reach."""
    await sfu.lie("livekit-loses-redis")
    answer = sfu.twirp("ListRooms", sfu.keeper())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
