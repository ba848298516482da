"""user-service, profiles: one for each workspace, and the upload URL for a profile's image
(contract §4.5, §5.6).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from replica.models import AttachmentModel, UserModel, new_id
from replica.services.gin import ServiceCall, as_id, route
from replica.services.presigning import PUT_SECONDS, upload_url
from replica.services.response_formats import Refusal, not_found, raw_json
from replica.state import add


async def my_profile(call: ServiceCall) -> Response:
    workspace = _workspace_id(call)
    if not call.state.is_member(workspace, call.user):
        raise not_found("Profile not found")
    user = _me(call)
    if call.state.is_fault_active("profile-is-another-members"):
        members = call.state.workspaces[workspace].members
        user = call.state.users[next(member for member in members if member != user.id)]
    return raw_json(_profile(user, workspace))


async def update_profile(call: ServiceCall) -> Response:
    workspace, user = _workspace_id(call), _me(call)
    if not call.state.is_fault_active("profile-forgets-changes"):
        user.name = str(call.body.get("nickName") or user.name)
    return raw_json(_profile(user, workspace))


async def all_my_profiles(call: ServiceCall) -> Response:
    mine = [row.id for row in call.state.workspaces.values() if call.user in row.members]
    return raw_json([_profile(_me(call), workspace) for workspace in mine])


async def image_url(call: ServiceCall) -> Response:
    name = call.text("fileName")
    call.text("contentType")
    call.number("fileSize")
    key = f"profiles/{new_id()}/{name}"
    url = upload_url(call.state, "user", key)
    expires = datetime.now(UTC) + timedelta(seconds=PUT_SECONDS)
    return raw_json(
        {"uploadUrl": url, "fileKey": key, "expiresAt": expires.isoformat().replace("+00:00", "Z")}
    )


async def save_attachment(call: ServiceCall) -> Response:
    row = AttachmentModel(
        entity_type="PROFILE",
        file_key=call.text("fileKey"),
        file_name=call.text("fileName"),
        file_size=call.number("fileSize"),
        content_type=call.text("contentType"),
        uploaded_by=call.user,
    )
    return raw_json(_attachment(call, add(call.state.attachments, row)), 201)


async def set_image(call: ServiceCall) -> Response:
    workspace, user = _workspace_id(call), _me(call)
    row = call.state.attachments.get(call.text("attachmentId"))
    if row is None:
        raise not_found("Attachment not found")
    if call.state.is_fault_active("profile-image-is-not-saved"):
        raise Refusal(500, "INTERNAL_ERROR", "violates foreign key constraint")
    row.status = "CONFIRMED"
    user.image_url = f"{call.state.hosts.cdn}/{row.file_key}"
    return raw_json(_profile(user, workspace))


def _workspace_id(call: ServiceCall) -> str:
    return as_id(call.request.headers.get("x-workspace-id"), "Valid X-Workspace-Id header required")


def _me(call: ServiceCall) -> UserModel:
    user = call.state.users.get(call.user)
    if user is None:
        raise Refusal(404, "NOT_FOUND", "Profile not found")
    return user


def _profile(user: UserModel, workspace: str) -> dict[str, Any]:
    return {
        "profileId": f"{workspace}:{user.id}",
        "workspaceId": workspace,
        "userId": user.id,
        "nickName": user.name,
        "email": user.email,
        "profileImageUrl": user.image_url,
        "createdAt": user.created_at,
        "updatedAt": user.updated_at,
    }


def _attachment(call: ServiceCall, row: AttachmentModel) -> dict[str, Any]:
    return {
        "attachmentId": row.id,
        "entityType": row.entity_type,
        "fileName": row.file_name,
        "fileUrl": f"{call.state.hosts.cdn}/{row.file_key}",
        "fileSize": row.file_size,
        "contentType": row.content_type,
        "status": row.status,
        "uploadedBy": row.uploaded_by,
        "uploadedAt": row.created_at,
    }


ROUTES = [
    route("GET", "/api/profiles/me", my_profile),
    route("PUT", "/api/profiles/me", update_profile),
    route("GET", "/api/profiles/all/me", all_my_profiles),
    route("POST", "/api/profiles/me/image/presigned-url", image_url),
    route("POST", "/api/profiles/me/image/attachment", save_attachment),
    route("PUT", "/api/profiles/me/image", set_image),
]
