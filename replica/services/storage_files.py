"""storage-service, files: upload, confirmation, download, trash, and every way to sign a URL
wrongly (contract §4).
"""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from replica.models import FileModel, new_id, now
from replica.s3_objects import Signer, public_signer
from replica.services.gin import ServiceCall, as_id, route
from replica.services.response_formats import bad_request, not_found, success_data, success_message
from replica.services.storage_access import (
    ALLOWED,
    expect_member,
    extension,
    show_file,
    visible_files,
)
from replica.state import ReplicaState, add

FILE = "/storage/files/{file}"
WORKSPACE = "/storage/workspaces/{workspace}"
PUT_SECONDS, GET_SECONDS, WEEK = 300, 3600, 7 * 24 * 3600
MAX_SIZE_BYTES = 100 * 1024 * 1024
# The AWS SDK's words, which the service passes on (contract §4.3).
NO_CREDENTIALS = (
    "failed to generate presigned URL: get identity: get credentials: failed to refresh cached "
    "credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, canceled, context "
    "deadline exceeded"
)
OTHER_BYTES = b"These are the bytes of another file.\n"


async def upload_url(call: ServiceCall) -> Response:
    workspace = expect_member(call, call.body.get("workspaceId"))
    name, kind, size = call.text("fileName"), call.text("contentType"), call.number("fileSize")
    if size > MAX_SIZE_BYTES:
        raise bad_request("file size exceeds maximum allowed (100 MB)")
    if extension(name) not in ALLOWED:
        raise bad_request(f"file type not allowed: {extension(name)}")
    if call.state.is_fault_active("storage-has-no-s3-credentials"):
        raise bad_request(f"failed to generate upload URL: {NO_CREDENTIALS}")
    row = FileModel(
        workspace=workspace,
        folder=_folder_of(call, workspace),
        project=call.body.get("projectId"),
        name=name,
        original_name=name,
        key=f"storage/{workspace}/{new_id()}/{name}",
        size=size,
        content_type=kind,
        uploaded_by=call.user,
    )
    return success_data(_issue(call.state, add(call.state.files, row)))


async def confirm(call: ServiceCall) -> Response:
    """Nobody looks into the bucket: a file whose bytes never arrived is ACTIVE all the same."""
    row = call.state.files.get(as_id(call.body.get("fileId"), "Invalid file ID"))
    if row is None:
        raise bad_request("file not found")
    if row.uploaded_by != call.user:
        raise bad_request("not authorized to confirm this upload")
    if row.status != "UPLOADING":
        raise bad_request("file is not in uploading state")
    if call.state.is_fault_active("storage-confirms-lost-upload"):
        await call.state.objects.remove(row.key)
    row.name, row.status, row.updated_at = _unique_name(call.state, row), "ACTIVE", now()
    return success_data(show_file(call.state, row))


async def file(call: ServiceCall) -> Response:
    row = _live(call)
    expect_member(call, row.workspace)
    return success_data(show_file(call.state, row))


async def download(call: ServiceCall) -> Response:
    row, state = _live(call), call.state
    expect_member(call, row.workspace)
    if state.is_fault_active("storage-has-no-s3-credentials"):
        raise not_found(f"failed to generate download URL: {NO_CREDENTIALS}")
    key = (
        await _wrong_key(state, row)
        if state.is_fault_active("storage-hands-out-wrong-file")
        else row.key
    )
    seconds = WEEK if state.is_fault_active("presign-outlives-policy") else GET_SECONDS
    return success_data({"downloadUrl": signer(state).get(key, row.original_name, seconds)})


async def update(call: ServiceCall) -> Response:
    row = _live(call)
    expect_member(call, row.workspace)
    if call.body.get("folderId"):
        row.folder = _folder_of(call, row.workspace)
    row.name, row.updated_at = call.body.get("name") or row.name, now()
    return success_data(show_file(call.state, row))


async def trash(call: ServiceCall) -> Response:
    row = _live(call)
    expect_member(call, row.workspace)
    row.deleted_at = now()
    return success_message("File moved to trash")


async def restore(call: ServiceCall) -> Response:
    """Like `remove` and `trashed`, it does not ask whose workspace it is: neither does weAlist."""
    row = call.state.files.get(call.id("file", "file"))
    if row is None or not row.deleted_at:
        raise bad_request("file is not deleted")
    row.deleted_at = None
    return success_message("File restored successfully")


async def remove(call: ServiceCall) -> Response:
    state = call.state
    row = state.files.get(call.id("file", "file"))
    if row is None:
        raise bad_request("file not found")
    if state.is_fault_active("storage-keeps-deleted-object"):
        row.deleted_at, row.status = None, "DELETED"
        return success_message("File permanently deleted")
    for key in filter(None, (row.key, row.other_key)):
        await state.objects.remove(key)
    del state.files[row.id]
    return success_message("File permanently deleted")


async def all_files(call: ServiceCall) -> Response:
    workspace = expect_member(call, call.request.path_params["workspace"])
    rows = visible_files(call.state, workspace)
    if call.state.is_fault_active("storage-lists-another-workspace"):
        rows = [_file_of_others(call)]
    return success_data(_page(call, rows))


async def search(call: ServiceCall) -> Response:
    workspace, wanted = (
        expect_member(call, call.request.path_params["workspace"]),
        call.query("q").lower(),
    )
    if not wanted:
        raise bad_request("Search query is required")
    return success_data(
        _page(
            call,
            [row for row in visible_files(call.state, workspace) if wanted in row.name.lower()],
        )
    )


async def usage(call: ServiceCall) -> Response:
    workspace = expect_member(call, call.request.path_params["workspace"])
    rows = visible_files(call.state, workspace)
    total = sum(row.size for row in rows)
    sizes = {"totalSize": total, "totalSizeMB": total / 2**20, "totalSizeGB": total / 2**30}
    return success_data({"workspaceId": workspace, "fileCount": len(rows)} | sizes)


async def list_trash(call: ServiceCall) -> Response:
    workspace = call.id("workspace", "workspace")
    rows = [
        row for row in call.state.files.values() if row.workspace == workspace and row.deleted_at
    ]
    return success_data([show_file(call.state, row) for row in rows])


def signer(state: ReplicaState) -> Signer:
    """The signer that the environment of the pod leads to: its role's, unless a fault has spoilt
    that.
    """
    bucket, right = state.bucket, public_signer(state.bucket)
    cdn = f"{state.hosts.cdn}/{bucket.bucket}"
    if state.is_fault_active("storage-presigns-with-dev-credentials"):
        return Signer(cdn, bucket.region, "minioadmin", "minioadmin", None)
    if state.is_fault_active("storage-presigns-with-static-key"):
        return Signer(
            right.root, bucket.region, bucket.static_access_key, bucket.static_secret_key, None
        )
    root = right.root
    if state.is_fault_active("storage-presigns-for-localhost"):
        root = f"http://localhost:9000/{bucket.bucket}"
    elif state.is_fault_active("storage-presigns-through-cdn"):
        root = cdn
    return Signer(root, bucket.region, bucket.access_key, bucket.secret_key, bucket.session_token)


def _issue(state: ReplicaState, row: FileModel) -> dict[str, Any]:
    seconds = WEEK if state.is_fault_active("presign-outlives-policy") else PUT_SECONDS
    expires = datetime.now(UTC) + timedelta(seconds=PUT_SECONDS)
    return {
        "uploadUrl": signer(state).put(row.key, seconds),
        "fileKey": row.key,
        "fileId": row.id,
        "expiresAt": expires.isoformat().replace("+00:00", "Z"),
    }


async def _wrong_key(state: ReplicaState, row: FileModel) -> str:
    """Another object, made for this one file, so that it goes when the file goes."""
    if row.other_key is None:
        row.other_key = f"storage/{row.workspace}/{new_id()}/{row.original_name}"
        await state.objects.put(row.other_key, OTHER_BYTES)
    return row.other_key


def _file_of_others(call: ServiceCall) -> FileModel:
    """A file of a workspace that the caller has no part in."""
    elsewhere, key = new_id(), new_id()
    return FileModel(
        workspace=elsewhere,
        folder=None,
        project=None,
        name="others.txt",
        original_name="others.txt",
        key=f"storage/{elsewhere}/{key}/others.txt",
        size=1,
        content_type="text/plain",
        uploaded_by=call.state.test_users["stranger"].id,
        status="ACTIVE",
    )


def _live(call: ServiceCall) -> FileModel:
    row = call.state.files.get(call.id("file", "file"))
    if row is None or row.deleted_at:
        raise not_found("file not found")
    return row


def _folder_of(call: ServiceCall, workspace: str) -> str | None:
    asked = call.body.get("folderId")
    if not asked:
        return None
    folder = call.state.folders.get(as_id(asked, "Invalid folder ID"))
    if folder is None:
        raise bad_request("folder not found")
    if folder.deleted_at or folder.workspace != workspace:
        raise bad_request("folder belongs to different workspace")
    return folder.id


def _unique_name(state: ReplicaState, row: FileModel) -> str:
    """The row's name or, since its own UPLOADING row has that already, the name with a number:
    weAlist renames each upload when it is confirmed, behind the extension.
    """
    files = visible_files(state, row.workspace)
    taken = {other.name for other in files if other.folder == row.folder}
    numbered = (f"{row.name} ({number})" for number in itertools.count(1))
    return next(name for name in itertools.chain([row.name], numbered) if name not in taken)


def _page(call: ServiceCall, rows: list[FileModel]) -> dict[str, Any]:
    """One page, the newest first; an empty one has `files: null`, as Go writes a nil slice."""
    newest_first = list(reversed(rows))
    number, size = call.page()
    shown = [
        show_file(call.state, row) for row in newest_first[(number - 1) * size : number * size]
    ]
    pages = -(-len(rows) // size)
    return {
        "files": shown or None,
        "total": len(rows),
        "page": number,
        "pageSize": size,
        "totalPages": pages,
    }


ROUTES = [
    route("POST", "/storage/files/upload-url", upload_url),
    route("POST", "/storage/files/confirm", confirm),
    route("GET", FILE, file),
    route("GET", f"{FILE}/download", download),
    route("PUT", FILE, update),
    route("DELETE", FILE, trash),
    route("POST", f"{FILE}/restore", restore),
    route("DELETE", f"{FILE}/permanent", remove),
    route("GET", f"{WORKSPACE}/files", all_files),
    route("GET", f"{WORKSPACE}/files/search", search),
    route("GET", f"{WORKSPACE}/usage", usage),
    route("GET", f"{WORKSPACE}/trash/files", list_trash),
]
