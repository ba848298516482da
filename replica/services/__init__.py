"""weAlist's services, each a small app over one shared state. A second pod of a service is its app
made twice.
"""

from collections.abc import Callable

from starlette.applications import Starlette

from replica.services import (
    auth,
    boards,
    chat,
    monitoring,
    notifications,
    ops,
    ops_portal,
    storage,
    users,
    video,
)
from replica.state import ReplicaState

APPS: dict[str, Callable[[ReplicaState], Starlette]] = {
    "auth": auth.app,
    "auth-2": auth.second_pod,
    "user": users.app,
    "board": boards.app,
    "chat": chat.app,
    "noti": notifications.app,
    "storage": storage.app,
    "video": video.app,
    "ops": ops.app,
    "ops-portal": ops_portal.app,
    "monitoring": monitoring.app,
}
