"""video-service: calls of a workspace, seats in them, and their history (contract §7.1).

That LiveKit does not answer is only a warning in its log: whatever it answers says nothing of
LiveKit.
"""

import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response

from replica.models import VideoRoomModel, now
from replica.services import video_tokens
from replica.services.gin import ServiceCall, as_id, engine, route
from replica.services.response_formats import (
    Refusal,
    forbidden,
    not_found,
    success_data,
    success_message,
)
from replica.state import ReplicaState, add

BASE = "/api/video"
ROOMS, ROOM, HISTORY = f"{BASE}/rooms", f"{BASE}/rooms/{{room}}", f"{BASE}/history"
SIZE = 10
APEX_PATH = (
    "/svc/livekit"  # production's shared configuration said so, and CloudFront has no LiveKit there
)


def app(state: ReplicaState) -> Starlette:
    routes = [
        route("POST", ROOMS, create),
        route("GET", f"{ROOMS}/workspace/{{workspace}}", in_workspace),
        route("GET", ROOM, room),
        route("POST", f"{ROOM}/join", join),
        route("POST", f"{ROOM}/leave", leave),
        route("POST", f"{ROOM}/end", end),
        route("GET", f"{ROOM}/participants", participants),
        route("POST", f"{ROOM}/transcript", save_transcript),
        route("GET", f"{HISTORY}/workspace/{{workspace}}", history),
        route("GET", f"{HISTORY}/me", my_history),
        route("GET", f"{HISTORY}/{{room}}", room_history),
        route("GET", f"{HISTORY}/{{room}}/transcript", transcript),
    ]
    return engine(state, "video", routes, base=BASE)


async def create(call: ServiceCall) -> Response:
    workspace = as_id(call.body.get("workspaceId"), "Invalid workspace ID")
    _expect_member(call, workspace)
    size = call.number("maxParticipants") if "maxParticipants" in call.body else SIZE
    row = add(
        call.state.video_rooms,
        VideoRoomModel(workspace=workspace, name=call.text("name"), creator=call.user, size=size),
    )
    await video_tokens.make_room(call.state, row.id)
    return success_data(show(row), 201)


async def in_workspace(call: ServiceCall) -> Response:
    workspace = call.id("workspace", "workspace")
    _expect_member(call, workspace)
    only = call.query("active") == "true"
    rows = [
        row
        for row in call.state.video_rooms.values()
        if row.workspace == workspace and (row.active or not only)
    ]
    return success_data([show(row) for row in rows])


async def room(call: ServiceCall) -> Response:
    return success_data(show(_find_room(call)))


async def join(call: ServiceCall) -> Response:
    """A token for LiveKit and where to dial it."""
    row = _find_room(call)
    if not row.active:
        raise Refusal(410, "ROOM_ENDED", "Room has already ended")
    if call.user not in row.people and len(row.people) >= row.size:
        raise Refusal(409, "ROOM_FULL", "Room is full")
    row.people[call.user] = now()
    token = video_tokens.token(call.state, row.id, call.user, call.query("userName"))
    url = call.state.livekit.url
    if call.state.is_fault_active("app-hands-out-wrong-livekit-url"):
        url = call.state.hosts.apex.replace("https:", "wss:", 1) + APEX_PATH
    return success_data({"room": show(row), "token": token, "wsUrl": url})


async def leave(call: ServiceCall) -> Response:
    """Who made the room ends it when he leaves."""
    row = _find_room(call)
    if call.user not in row.people:
        raise Refusal(400, "NOT_IN_ROOM", "You are not in this room")
    _leave(row, call.user)
    if call.user == row.creator:
        await _end(call.state, row)
    return success_message("Left room successfully")


async def end(call: ServiceCall) -> Response:
    row = _find_room(call)
    if call.user != row.creator:
        raise forbidden("Only the room creator can end the room")
    if not row.active:
        raise Refusal(410, "ROOM_ENDED", "Room has already ended")
    await _end(call.state, row)
    return success_message("Room ended successfully")


async def participants(call: ServiceCall) -> Response:
    return success_data(_people(_find_room(call)))


async def save_transcript(call: ServiceCall) -> Response:
    call.state.transcripts[_find_room(call).id] = call.text("content")
    return success_message("Transcript saved successfully")


async def history(call: ServiceCall) -> Response:
    workspace = call.id("workspace", "workspace")
    _expect_member(call, workspace)
    rows = [
        row
        for row in call.state.video_rooms.values()
        if row.workspace == workspace and row.ended_at
    ]
    return success_data([_show_history(row) for row in rows])


async def my_history(call: ServiceCall) -> Response:
    rows = [
        row for row in call.state.video_rooms.values() if call.user in row.left and row.ended_at
    ]
    return success_data([_show_history(row) for row in rows])


async def room_history(call: ServiceCall) -> Response:
    return success_data(_show_history(_find_room(call)))


async def transcript(call: ServiceCall) -> Response:
    row = _find_room(call)
    if row.id not in call.state.transcripts:
        raise not_found("Transcript not found")
    return success_data({"roomId": row.id, "content": call.state.transcripts[row.id]})


async def _end(state: ReplicaState, row: VideoRoomModel) -> None:
    for user in tuple(row.people):
        _leave(row, user)
    row.ended_at = row.updated_at = now()
    await video_tokens.end_room(state, row.id)


def _leave(row: VideoRoomModel, user: str) -> None:
    del row.people[user]
    row.left[user] = now()


def _find_room(call: ServiceCall) -> VideoRoomModel:
    row = call.state.video_rooms.get(call.id("room", "room"))
    if row is None:
        raise not_found("Room not found")
    _expect_member(call, row.workspace)
    return row


def _expect_member(call: ServiceCall, workspace: str) -> None:
    if not call.state.has_access(workspace, call.user):
        raise forbidden("You are not a member of this workspace")


def show(row: VideoRoomModel) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "workspaceId": row.workspace,
        "creatorId": row.creator,
        "maxParticipants": row.size,
        "isActive": row.active,
        "participantCount": len(row.people),
        "participants": _people(row),
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }


def _people(row: VideoRoomModel) -> list[dict[str, Any]]:
    return [
        {
            "id": str(uuid.uuid5(uuid.UUID(row.id), user)),
            "userId": user,
            "joinedAt": since,
            "isActive": True,
        }
        for user, since in row.people.items()
    ]


def _show_history(row: VideoRoomModel) -> dict[str, Any]:
    return {
        "id": row.id,
        "roomName": row.name,
        "workspaceId": row.workspace,
        "creatorId": row.creator,
        "startedAt": row.created_at,
        "endedAt": row.ended_at,
        "totalParticipants": len(row.left),
        "participants": [{"userId": user, "leftAt": at} for user, at in row.left.items()],
    }
