"""noti-service: what somebody should know, over REST for one workspace at a time, and as a stream
(contract §5.4).
"""

import secrets

from starlette.applications import Starlette
from starlette.responses import Response

from replica.models import NotificationModel, now
from replica.services import notifications_stream
from replica.services.gin import ServiceCall, as_id, database_check, engine, public, route
from replica.services.notifications_view import show
from replica.services.response_formats import (
    Refusal,
    bad_request,
    no_content,
    raw_json,
    refuse_unauthorized,
)
from replica.state import ReplicaState

NOTIFICATIONS = "/api/notifications"
EVENT = ("type", "actorId", "targetUserId", "workspaceId", "resourceType", "resourceId")


def app(state: ReplicaState) -> Starlette:
    routes = [
        route("GET", NOTIFICATIONS, list_notifications),
        route("GET", f"{NOTIFICATIONS}/unread-count", unread_count),
        route("POST", f"{NOTIFICATIONS}/read-all", read_all),
        route("PATCH", f"{NOTIFICATIONS}/{{notification}}/read", read),
        route("DELETE", f"{NOTIFICATIONS}/{{notification}}", delete),
        *notifications_stream.ROUTES,
        public("POST", "/api/internal/notifications", create),
    ]
    return engine(state, "noti", routes, base="/api", hangs="service-hangs")


def _expect_database(call: ServiceCall, message: str = "An internal error occurred") -> None:
    if database_check(call.state, "noti") != "ok":
        raise Refusal(500, "INTERNAL_ERROR", message)


async def list_notifications(call: ServiceCall) -> Response:
    _expect_database(call, "Failed to get notifications")
    rows = _mine(call)
    if call.query("unreadOnly") == "true":
        rows = [row for row in rows if not row.read_at]
    number, size = call.page("limit")
    shown = [show(row) for row in reversed(rows)][(number - 1) * size : number * size]
    more = number * size < len(rows)
    return raw_json(
        {"notifications": shown, "total": len(rows), "page": number, "limit": size, "hasMore": more}
    )


async def unread_count(call: ServiceCall) -> Response:
    _expect_database(call, "Failed to get unread count")
    rows = _mine(call)
    return raw_json(
        {"count": sum(not row.read_at for row in rows), "workspaceId": _workspace(call)}
    )


async def read_all(call: ServiceCall) -> Response:
    _expect_database(call, "Failed to mark all as read")
    rows = [row for row in _mine(call) if not row.read_at]
    for row in rows:
        row.read_at = now()
    return raw_json({"markedAsRead": len(rows)})


async def read(call: ServiceCall) -> Response:
    _expect_database(call)
    row = _own(call)
    row.read_at = now()
    return raw_json(show(row))


async def delete(call: ServiceCall) -> Response:
    _expect_database(call)
    del call.state.notifications[_own(call).id]
    return no_content()


async def create(call: ServiceCall) -> Response:
    """For other services only; the key is the one secret that stands before it, where one is
    set.
    """
    open_to_all = call.state.is_fault_active("internal-endpoints-open")
    key = call.request.headers.get("x-internal-api-key", "")
    if not open_to_all and not secrets.compare_digest(
        key.encode(), call.state.internal_key.encode()
    ):
        raise refuse_unauthorized("Invalid internal API key")
    event = {name: call.text(name) for name in EVENT}
    _expect_database(call)
    row = NotificationModel(
        kind=event["type"],
        actor=event["actorId"],
        target=event["targetUserId"],
        workspace=event["workspaceId"],
        resource_type=event["resourceType"],
        resource=event["resourceId"],
        resource_name=call.body.get("resourceName"),
    )
    return raw_json(show(notifications_stream.notify(call.state, row)), 201)


def _workspace(call: ServiceCall) -> str:
    sent = call.request.headers.get("x-workspace-id")
    if not sent:
        raise bad_request("X-Workspace-Id header is required")
    return as_id(sent, "Invalid workspace ID")


def _mine(call: ServiceCall) -> list[NotificationModel]:
    workspace = _workspace(call)
    return [
        row
        for row in call.state.notifications.values()
        if row.target == call.user and row.workspace == workspace
    ]


def _own(call: ServiceCall) -> NotificationModel:
    row = call.state.notifications.get(call.id("notification", "notification"))
    if row is None or row.target != call.user:
        raise Refusal(404, "NOT_FOUND", "Notification not found")
    return row
