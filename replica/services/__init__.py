"""weAlist's services, each a small app over one shared state. A second pod of a service is its app
made twice.
"""

from collections.abc import Callable

from starlette.applications import Starlette

from replica.services import auth, board, chat, monitoring, noti, ops, portal, storage, user, video
from replica.state import ReplicaState

APPS: dict[str, Callable[[ReplicaState], Starlette]] = {
    "auth": auth.app,
    "auth-2": auth.second,
    "user": user.app,
    "board": board.app,
    "chat": chat.app,
    "noti": noti.app,
    "storage": storage.app,
    "video": video.app,
    "ops": ops.app,
    "ops-portal": portal.app,
    "monitoring": monitoring.app,
}
