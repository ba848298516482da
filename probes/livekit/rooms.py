"""LiveKit's rooms as its RoomService keeps them (livekit_room.proto): list, create, remove. Twirp
over JSON.
"""

from typing import Any

from probes.config.livekit import LiveKit
from probes.finding import Broken
from probes.livekit import token_answers
from probes.livekit.tokens import Access
from probes.transport.http import Answer, Web

SERVICE = "/twirp/livekit.RoomService"


async def _call(
    web: Web, promised: LiveKit, access: Access, method: str, request_body: dict[str, Any]
) -> Answer:
    return await web.ask(
        "POST",
        f"{promised.origin}{SERVICE}/{method}",
        token=access.to_manage_rooms(),
        json=request_body,
    )


async def list_rooms(web: Web, promised: LiveKit, access: Access) -> list[str]:
    """The names of all rooms that there are. Raises Broken."""
    answer = await _call(web, promised, access, "ListRooms", {})
    match answer.json:
        case {"rooms": list(rooms)} if answer.status == 200:
            return [str(room.get("name")) for room in rooms if isinstance(room, dict)]
    if answer.status == 200 and answer.json == {}:  # Twirp leaves out what is empty
        return []
    raise Broken(token_answers.explain_rooms(answer))


async def create(web: Web, promised: LiveKit, access: Access, name: str) -> None:
    """Create a room before anybody joins, as video-service does (contract 7.1): with
    room.auto_create off nobody else does. Raises Broken.
    """
    answer = await _call(web, promised, access, "CreateRoom", {"name": name})
    if answer.status != 200 or not isinstance(answer.json, dict):
        raise Broken(token_answers.explain_rooms(answer))


async def remove(web: Web, promised: LiveKit, access: Access, name: str) -> bool:
    """Whether the server says that the room is gone, or never was. Raises Broken."""
    answer = await _call(web, promised, access, "DeleteRoom", {"room": name})
    gone = isinstance(answer.json, dict) and answer.json.get("code") == "not_found"
    return answer.status == 200 or gone
