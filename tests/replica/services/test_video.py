"""video-service: calls, seats in them, and their history."""

from typing import Any

import jwt
import pytest

from replica.models import new_id
from replica.services import video_tokens
from replica.state import ReplicaState
from tests.support.service_fixtures import Ask

ROOMS, HISTORY = "/api/video/rooms", "/api/video/history"


async def opened(ask: Ask, state: ReplicaState, **fields: Any) -> dict[str, Any]:
    """A call of alice's. LiveKit is not there, which is only a warning."""
    asked = {"name": "Standup", "workspaceId": state.home.id, **fields}
    answer = await ask("video", "alice").post(ROOMS, json=asked)
    assert answer.status_code == 201
    room: dict[str, Any] = answer.json()["data"]
    return room


async def test_a_call_is_opened_joined_and_ended(ask: Ask, state: ReplicaState) -> None:
    """Its maker leaving ends it: then nobody joins, and it is history."""
    room = await opened(ask, state)
    alice, bob = ask("video", "alice"), ask("video", "bob")
    path = f"{ROOMS}/{room['id']}"
    assert (room["isActive"], room["participantCount"], room["maxParticipants"]) == (True, 0, 10)
    seats = [(await one.post(f"{path}/join?userName=Me")).json()["data"] for one in (alice, bob)]
    assert [seat["room"]["participantCount"] for seat in seats] == [1, 2]
    assert seats[0]["wsUrl"] == state.livekit.url
    assert state.leftovers()["calls"] == ["Standup"]
    assert len((await bob.get(f"{path}/participants")).json()["data"]) == 2
    assert (await alice.post(f"{path}/leave")).status_code == 200
    assert (await bob.post(f"{path}/join")).json()["error"]["code"] == "ROOM_ENDED"
    assert state.leftovers()["calls"] == []
    (past,) = (await bob.get(f"{HISTORY}/me")).json()["data"]
    assert (past["id"], past["totalParticipants"]) == (room["id"], 2)
    assert (await bob.get(f"{HISTORY}/workspace/{state.home.id}")).json()["data"] == [past]
    assert (await bob.get(f"{HISTORY}/{room['id']}")).json()["data"] == past


async def test_only_those_that_go_on_are_active(ask: Ask, state: ReplicaState) -> None:
    """The list has both without the question."""
    ended, going = await opened(ask, state), await opened(ask, state)
    alice, listed = ask("video", "alice"), f"{ROOMS}/workspace/{state.home.id}"
    assert (await alice.post(f"{ROOMS}/{ended['id']}/end")).status_code == 200
    assert (await alice.post(f"{ROOMS}/{ended['id']}/end")).status_code == 410
    assert [room["id"] for room in (await alice.get(f"{listed}?active=true")).json()["data"]] == [
        going["id"]
    ]
    assert len((await alice.get(listed)).json()["data"]) == 2


async def test_a_seat_is_for_one_room_and_a_day(ask: Ask, state: ReplicaState) -> None:
    """Signed with LiveKit's secret, for the user, in the room's id."""
    room = await opened(ask, state)
    seat = (await ask("video", "alice").post(f"{ROOMS}/{room['id']}/join?userName=Me")).json()[
        "data"
    ]
    claims = jwt.decode(seat["token"], state.livekit.secret, algorithms=["HS256"])
    assert (claims["iss"], claims["sub"], claims["name"]) == (
        state.livekit.key,
        state.test_users["alice"].id,
        "Me",
    )
    assert claims["video"] == {"roomJoin": True, "room": room["id"]}
    assert claims["exp"] - claims["nbf"] == 24 * 3600


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        ("app-token-lacks-grant", lambda seat, said: "roomJoin" not in said["video"]),
        (
            "app-token-names-another-room",
            lambda seat, said: said["video"]["room"] == video_tokens.ANOTHER_ROOM,
        ),
        (
            "app-token-lives-too-long",
            lambda seat, said: said["exp"] - said["nbf"] == video_tokens.TEN_YEARS_S,
        ),
        ("app-signs-with-another-key", lambda seat, said: said["iss"] != "APIreplica"),
        (
            "app-hands-out-wrong-livekit-url",
            lambda seat, said: seat["wsUrl"].endswith("/svc/livekit"),
        ),
    ],
)
async def test_each_fault_spoils_its_own_part(
    ask: Ask, state: ReplicaState, fault: str, wrong: Any
) -> None:
    """Of what somebody gets who joins; a healthy answer has none of it."""
    room = await opened(ask, state)
    for faults, spoilt in (set(), False), ({fault}, True):
        state.faults = faults
        seat = (await ask("video", "bob").post(f"{ROOMS}/{room['id']}/join")).json()["data"]
        said = jwt.decode(seat["token"], options={"verify_signature": False})
        assert wrong(seat, said) is spoilt


async def test_who_may_not_come_in(ask: Ask, state: ReplicaState) -> None:
    """A stranger, one too many, one who is not in, nobody, and whoever looks for a call that is
    none.
    """
    room = await opened(ask, state, maxParticipants=1)
    path = f"{ROOMS}/{room['id']}"
    assert (await ask("video", "stranger").post(f"{path}/join")).json()["error"][
        "code"
    ] == "FORBIDDEN"
    assert (await ask("video").post(f"{path}/join")).status_code == 401
    assert (await ask("video", "bob").post(f"{path}/leave")).json()["error"][
        "code"
    ] == "NOT_IN_ROOM"
    assert (await ask("video", "bob").post(f"{path}/end")).status_code == 403
    await ask("video", "alice").post(f"{path}/join")
    full = await ask("video", "bob").post(f"{path}/join")
    assert (full.status_code, full.json()["error"]["code"]) == (409, "ROOM_FULL")
    assert (await ask("video", "alice").post(f"{ROOMS}/{new_id()}/join")).status_code == 404


async def test_what_was_said_is_kept(ask: Ask, state: ReplicaState) -> None:
    """And is not there before it was."""
    room = await opened(ask, state)
    alice, past = ask("video", "alice"), f"{HISTORY}/{room['id']}/transcript"
    assert (await alice.get(past)).status_code == 404
    await alice.post(f"{ROOMS}/{room['id']}/transcript", json={"content": "Hello."})
    assert (await alice.get(past)).json()["data"]["content"] == "Hello."
