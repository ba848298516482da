"""weAlist's services, each a small app over one shared world. A second pod of a service is its app made twice."""

from collections.abc import Callable

from starlette.applications import Starlette

from replica.services import auth, storage, user
from replica.world import World

APPS: dict[str, Callable[[World], Starlette]] = {
    "auth": auth.app,
    "user": user.app,
    "storage": storage.app,
}
