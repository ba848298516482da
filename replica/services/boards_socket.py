"""board-service, socket: what happens on a project's board (contract §5.3).

The token goes to auth-service alone, which knows of logouts; membership is not asked. Events reach
a socket twice, by the pod and by Redis. A client's frame over 512 bytes ends the line.
"""

from starlette.requests import HTTPConnection

from replica.live_connections import Event
from replica.models import BoardModel, now
from replica.services.sockets import (
    TOO_BIG,
    SocketSession,
    claims_of_expired_token,
    empty_refusal,
    parse_event,
    upgrade,
)
from replica.services.token_validation import ask_auth_service
from replica.state import ReplicaState

MAX_BYTES = 512


def authorize(state: ReplicaState, asked: HTTPConnection) -> tuple[str, str]:
    token = asked.query_params.get("token", "")
    if claims := claims_of_expired_token(state, token):
        return str(claims["sub"]), asked.path_params["project"]
    claims = ask_auth_service(state, token)
    return str(claims["sub"]), asked.path_params["project"]


async def serve(session: SocketSession) -> None:
    live, room, listener = session.state.live, _room(session.topic_id), session.connection.send
    deaf = session.state.is_fault_active("board-ignores-pings")
    with (
        live.board_pod.subscribe(room, listener),
        live.bus.subscribe(room, listener),
        live.presence.at(room, session.user, now),
    ):
        async for text in session.connection.incoming():
            if len(text.encode()) > MAX_BYTES:
                session.connection.drop(TOO_BIG)
            elif parse_event(text).get("type") == "ping" and not deaf:
                session.connection.send({"type": "pong"})


def publish_event(state: ReplicaState, kind: str, row: BoardModel, payload: Event) -> None:
    """Tell a project's board that something has happened to one of its cards."""
    if state.is_fault_active("board-sends-no-events"):
        return
    event = {"type": kind, "boardId": row.id, "payload": payload}
    state.live.board_pod.publish(_room(row.project), event)
    state.live.bus.publish(_room(row.project), event)


def online(state: ReplicaState, project: str) -> list[str]:
    return state.live.presence.online(
        _room(project), forgetting=not state.is_fault_active("presence-never-forgets")
    )


def _room(project: str) -> str:
    return f"kanban:project:{project}"


ROUTES = upgrade("board", "/ws/project/{project}", authorize, serve, empty_refusal)
