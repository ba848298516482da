"""noti-service: a notification as REST and the stream show it (contract §5.4)."""

from typing import Any

from replica.models import NotificationModel
from replica.services.response_formats import without_nones


def show(row: NotificationModel) -> dict[str, Any]:
    return without_nones(
        id=row.id,
        type=row.kind,
        actorId=row.actor,
        targetUserId=row.target,
        workspaceId=row.workspace,
        resourceType=row.resource_type,
        resourceId=row.resource,
        resourceName=row.resource_name,
        isRead=row.read_at is not None,
        readAt=row.read_at,
        createdAt=row.created_at,
    )
