"""board-service, socket: what happens on a project's board (contract §5.3).

The token goes to auth-service alone, which knows of logouts; membership is not asked. Events reach
a socket twice, by the pod and by Redis. A client's frame over 512 bytes ends the line.
"""

from starlette.requests import HTTPConnection

from replica.live_connections import Event
from replica.models import BoardModel, now
from replica.services.response_formats import unauthorized
from replica.services.sockets import TOO_BIG, Talk, expired_too, parsed, upgrade, without_body
from replica.services.token_validation import validated
from replica.state import ReplicaState

MAX_BYTES = 512


def admit(state: ReplicaState, asked: HTTPConnection) -> tuple[str, str]:
    token = asked.query_params.get("token", "")
    if claims := expired_too(state, token):
        return str(claims["sub"]), asked.path_params["project"]
    claims = validated(state, token)
    if token in state.blacklist:
        raise unauthorized("Token is blacklisted")
    return str(claims["sub"]), asked.path_params["project"]


async def hold(talk: Talk) -> None:
    live, room, hear = talk.state.live, _room(talk.about), talk.line.tell
    with (
        live.board_pod.joined(room, hear),
        live.bus.joined(room, hear),
        live.presence.at(room, talk.user, now),
    ):
        async for text in talk.line.said():
            if len(text.encode()) > MAX_BYTES:
                talk.line.drop(TOO_BIG)
            elif parsed(text).get("type") == "ping":
                talk.line.tell({"type": "pong"})


def happened(state: ReplicaState, kind: str, row: BoardModel, payload: Event) -> None:
    """Tell a project's board that something has happened to one of its cards."""
    if state.is_fault_active("board-sends-no-events"):
        return
    event = {"type": kind, "boardId": row.id, "payload": payload}
    state.live.board_pod.tell(_room(row.project), event)
    state.live.bus.tell(_room(row.project), event)


def online(state: ReplicaState, project: str) -> list[str]:
    return state.live.presence.online(
        _room(project), forgetting=not state.is_fault_active("presence-never-forgets")
    )


def _room(project: str) -> str:
    return f"kanban:project:{project}"


ROUTES = upgrade("board", "/ws/project/{project}", admit, hold, without_body)
