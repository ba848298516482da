"""board-service, attachments: the upload URL for boards, comments and projects, and their metadata
(contract §4.5).
"""

from datetime import UTC, datetime

from starlette.responses import Response

from replica.models import AttachmentModel, new_id
from replica.services.gin import ServiceCall, as_id, route
from replica.services.presigning import PUT_SECONDS, upload_url
from replica.services.response_formats import Refusal, with_request_id
from replica.services.storage_access import extension
from replica.state import add

MAX_SIZE_BYTES = 50 * 1024 * 1024
ENTITIES = {"BOARD", "COMMENT", "PROJECT"}


async def presigned_url(call: ServiceCall) -> Response:
    row = _attachment(call)
    row.file_key = object_key(f"board/{row.entity_type.lower()}s", call, row.file_name)
    url = upload_url(call.state, "board", row.file_key)
    if call.state.is_fault_active("board-names-another-key"):
        row.file_key = object_key(f"board/{row.entity_type.lower()}s", call, row.file_name)
    add(call.state.attachments, row)
    issued = {
        "attachmentId": row.id,
        "uploadUrl": url,
        "fileKey": row.file_key,
        "expiresIn": PUT_SECONDS,
    }
    return with_request_id(call.request, issued)


async def save(call: ServiceCall) -> Response:
    """The metadata, after the upload; whether the object is there is not looked at."""
    key = call.text("fileKey")
    known = [row for row in call.state.attachments.values() if row.file_key == key]
    row = known[0] if known else add(call.state.attachments, _attachment(call))
    row.file_key, row.status = key, "CONFIRMED"
    shown = {
        "attachmentId": row.id,
        "entityType": row.entity_type,
        "fileName": row.file_name,
        "fileUrl": f"{call.state.hosts.cdn}/{key}",
        "fileSize": row.file_size,
        "contentType": row.content_type,
        "status": row.status,
        "uploadedBy": row.uploaded_by,
        "uploadedAt": row.created_at,
    }
    return with_request_id(call.request, shown, 201)


async def delete(call: ServiceCall) -> Response:
    row = call.state.attachments.pop(call.id("attachment", "attachment"), None)
    if row is None:
        raise Refusal(404, "NOT_FOUND", "Attachment not found")
    await call.state.objects.remove(row.file_key)
    return with_request_id(call.request, {"message": "Attachment deleted successfully"})


def object_key(prefix: str, call: ServiceCall, file_name: str) -> str:
    """`<prefix>/<workspace>/<yyyy>/<mm>/<uuid>_<timestamp>.<ext>`, as board and chat lay their
    objects out.
    """
    workspace, today = (
        as_id(call.body.get("workspaceId"), "Invalid workspace ID"),
        datetime.now(UTC),
    )
    unique = f"{new_id()}_{int(today.timestamp())}"
    return f"{prefix}/{workspace}/{today:%Y}/{today:%m}/{unique}{extension(file_name)}"


def _attachment(call: ServiceCall) -> AttachmentModel:
    kind, size = call.text("entityType"), call.number("fileSize")
    if kind not in ENTITIES:
        raise Refusal(400, "VALIDATION_ERROR", "Invalid entity type")
    if size > MAX_SIZE_BYTES:
        raise Refusal(400, "VALIDATION_ERROR", "File size exceeds 50MB limit")
    return AttachmentModel(
        entity_type=kind,
        file_key="",
        file_name=call.text("fileName"),
        file_size=size,
        content_type=call.text("contentType"),
        uploaded_by=call.user,
    )


ROUTES = [
    route("POST", "/api/attachments/presigned-url", presigned_url),
    route("POST", "/api/attachments", save),
    route("DELETE", "/api/attachments/{attachment}", delete),
]
