"""Who may look into a workspace's drive, and how its folders and files are shown (contract
§4.2).
"""

from typing import Any

from replica.models import FileModel, FolderModel
from replica.services.gin import ServiceCall, as_id
from replica.services.response_formats import forbidden, without_nones
from replica.state import ReplicaState

IMAGES = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".svg", ".ico"}
DOCUMENTS = {
    ".pdf",
    ".doc",
    ".docx",
    ".xls",
    ".xlsx",
    ".ppt",
    ".pptx",
    ".txt",
    ".rtf",
    ".odt",
    ".ods",
    ".odp",
}
ARCHIVES = {".zip", ".rar", ".7z", ".tar", ".gz"}
VIDEOS = {".mp4", ".avi", ".mov", ".wmv", ".flv", ".webm", ".mkv"}
SOUNDS = {".mp3", ".wav", ".ogg", ".flac", ".aac", ".wma"}
ALLOWED = IMAGES | DOCUMENTS | ARCHIVES | VIDEOS | SOUNDS


def expect_member(call: ServiceCall, workspace: object) -> str:
    """The workspace's id, once user-service has said that the caller is a member."""
    found = as_id(workspace, "Invalid workspace ID")
    state = call.state
    unreachable = state.is_fault_active("membership-check-fails")
    if unreachable or not (
        state.has_access(found, call.user) or state.is_fault_active("storage-admits-strangers")
    ):
        raise forbidden("User is not a member of this workspace")
    return found


def extension(name: str) -> str:
    _, dot, end = name.rpartition(".")
    return f".{end.lower()}" if dot else ""


def visible_files(state: ReplicaState, workspace: str) -> list[FileModel]:
    """Files that a member sees: all that are not in the trash, uploads under way included."""
    return [
        row
        for row in state.files.values()
        if row.workspace == workspace and row.status != "DELETED" and not row.deleted_at
    ]


def visible_folders(state: ReplicaState, workspace: str) -> list[FolderModel]:
    return [
        row for row in state.folders.values() if row.workspace == workspace and not row.deleted_at
    ]


def show_file(state: ReplicaState, row: FileModel) -> dict[str, Any]:
    end = extension(row.name)
    return without_nones(
        id=row.id,
        workspaceId=row.workspace,
        projectId=row.project,
        folderId=row.folder,
        name=row.name,
        originalName=row.original_name,
        fileUrl=f"{state.hosts.cdn}/{row.key}",
        fileSize=row.size,
        contentType=row.content_type,
        status=row.status,
        version=1,
        uploadedBy=row.uploaded_by,
        createdAt=row.created_at,
        updatedAt=row.updated_at,
        isDeleted=row.deleted_at is not None,
        deletedAt=row.deleted_at,
        isImage=end in IMAGES,
        isDocument=end in DOCUMENTS,
        extension=end,
    )


def show_folder(row: FolderModel) -> dict[str, Any]:
    return without_nones(
        id=row.id,
        workspaceId=row.workspace,
        parentId=row.parent,
        name=row.name,
        path=row.path,
        color=row.color,
        createdBy=row.created_by,
        createdAt=row.created_at,
        updatedAt=row.updated_at,
        isDeleted=row.deleted_at is not None,
        deletedAt=row.deleted_at,
    )
