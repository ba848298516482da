"""noti-service, stream: server-sent events for one user, cut by the server's WriteTimeout (contract
§5.4).

What happens while nobody listens is not sent again; REST lists it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from replica.live_connections import Event
from replica.models import NotificationModel, new_id
from replica.services.gin import ServiceCall, public
from replica.services.notifications_view import show
from replica.services.token_validation import bearer_token, validate_token
from replica.state import ReplicaState, add

WRITE_TIMEOUT, PING = 30, 30  # seconds in weAlist
EARLY = 1 / 2
HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


async def stream(call: ServiceCall) -> Response:
    user = str(_claims(call.state, call.request)["sub"])
    return StreamingResponse(
        _events(call.state, user), media_type="text/event-stream", headers=HEADERS
    )


def _claims(state: ReplicaState, request: Request) -> Event:
    if token := request.query_params.get("token"):
        return validate_token(state, token)
    return validate_token(state, bearer_token(request.headers))


async def _events(state: ReplicaState, user: str) -> AsyncIterator[str]:
    happened: asyncio.Queue[Event] = asyncio.Queue()
    loop, scale = asyncio.get_running_loop(), state.scale
    end = loop.time() + WRITE_TIMEOUT * scale * (
        EARLY if state.is_fault_active("stream-cut-early") else 1
    )
    with state.live.bus.subscribe(_channel(user), happened.put_nowait):
        yield _event("connected", {"status": "connected"})
        if state.is_fault_active("notifications-reach-others"):
            yield _event("notification", show(_notification_of_another(state)))
        while (left := end - loop.time()) > 0:
            try:
                yield _event(
                    "notification", await asyncio.wait_for(happened.get(), min(left, PING * scale))
                )
            except TimeoutError:
                yield ":ping\n\n"


def _notification_of_another(state: ReplicaState) -> NotificationModel:
    stranger, workspace = state.test_users["stranger"].id, state.home.id
    return NotificationModel(
        kind="BOARD_ASSIGNED",
        actor=stranger,
        target=stranger,
        workspace=workspace,
        resource_type="board",
        resource=new_id(),
        resource_name="Not yours",
    )


def _event(name: str, data: Event) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def notify(state: ReplicaState, row: NotificationModel) -> NotificationModel:
    """Keep it, and send it to every stream that its user has open now."""
    repeats = 2 if state.is_fault_active("notifications-come-thrice") else 0
    for each in (row, *(replace(row, id=new_id()) for _ in range(repeats))):
        deliver(state, add(state.notifications, each))
    return row


def deliver(state: ReplicaState, row: NotificationModel) -> None:
    """To every stream that its user has open now."""
    state.live.bus.publish(_channel(row.target), show(row))


def _channel(user: str) -> str:
    return f"notifications:user:{user}"


ROUTES = [public("GET", "/api/notifications/stream", stream)]
