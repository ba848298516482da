"""storage-service, folders: contents, making, renaming, trash (contract §4.2)."""

from typing import Any

from starlette.responses import Response

from replica.models import NIL_ID, FolderModel, now
from replica.services.gin import ServiceCall, as_id, route
from replica.services.response_formats import (
    Refusal,
    bad_request,
    not_found,
    success_data,
    success_message,
)
from replica.services.storage_access import (
    expect_member,
    show_file,
    show_folder,
    visible_files,
    visible_folders,
)
from replica.state import ReplicaState, add

FOLDER = "/storage/folders/{folder}"


async def contents(call: ServiceCall) -> Response:
    workspace = expect_member(call, call.query("workspaceId"))
    asked = call.query("folderId")
    if not asked:
        return success_data(_with_contents(call.state, _root(call.state, workspace), None))
    row = _live(call.state, as_id(asked, "Invalid folder ID"))
    return success_data(_with_contents(call.state, row, row.id))


async def create(call: ServiceCall) -> Response:
    workspace = expect_member(call, call.body.get("workspaceId"))
    if call.body.get("projectId"):  # board-service's projects are not storage's (8e08f2ac)
        raise Refusal(500, "INTERNAL_ERROR", "violates foreign key constraint")
    name, asked = call.text("name").strip(), call.body.get("parentId")
    above = _live(call.state, as_id(asked, "Invalid parent folder ID")) if asked else None
    parent, path = (above.id, above.path) if above else (None, "")
    siblings = [row.name for row in visible_folders(call.state, workspace) if row.parent == parent]
    if not name:
        raise bad_request("folder name cannot be empty")
    if name in siblings:
        raise bad_request("folder with this name already exists")
    row = FolderModel(
        workspace=workspace,
        parent=parent,
        name=name,
        path=f"{path}/{name}",
        color=call.body.get("color"),
        created_by=call.user,
    )
    return success_data(show_folder(add(call.state.folders, row)), 201)


async def folder(call: ServiceCall) -> Response:
    row = _live(call.state, call.id("folder", "folder"))
    expect_member(call, row.workspace)
    return success_data(show_folder(row))


async def update(call: ServiceCall) -> Response:
    row = _live(call.state, call.id("folder", "folder"))
    expect_member(call, row.workspace)
    row.name, row.color = call.body.get("name") or row.name, call.body.get("color") or row.color
    row.path, row.updated_at = f"{row.path.rpartition('/')[0]}/{row.name}", now()
    return success_data(show_folder(row))


async def trash(call: ServiceCall) -> Response:
    row = _live(call.state, call.id("folder", "folder"))
    expect_member(call, row.workspace)
    row.deleted_at = now()
    return success_message("Folder moved to trash")


async def restore(call: ServiceCall) -> Response:
    """Like `remove` and `trashed`, it does not ask whose workspace it is: neither does weAlist."""
    row = call.state.folders.get(call.id("folder", "folder"))
    if row is None or not row.deleted_at:
        raise bad_request("folder is not deleted")
    row.deleted_at = None
    return success_message("Folder restored successfully")


async def remove(call: ServiceCall) -> Response:
    if call.state.folders.pop(call.id("folder", "folder"), None) is None:
        raise bad_request("folder not found")
    return success_message("Folder permanently deleted")


async def all_folders(call: ServiceCall) -> Response:
    workspace = expect_member(call, call.request.path_params["workspace"])
    return success_data([show_folder(row) for row in visible_folders(call.state, workspace)])


async def list_trash(call: ServiceCall) -> Response:
    workspace = call.id("workspace", "workspace")
    rows = [
        row for row in call.state.folders.values() if row.workspace == workspace and row.deleted_at
    ]
    return success_data([show_folder(row) for row in rows])


def _live(state: ReplicaState, folder_id: str) -> FolderModel:
    row = state.folders.get(folder_id)
    if row is None or row.deleted_at:
        raise not_found("folder not found")
    return row


def _root(state: ReplicaState, workspace: str) -> FolderModel:
    row = state.workspaces.get(workspace)
    if row is None:
        raise Refusal(500, "INTERNAL_ERROR", "An internal error occurred")
    return FolderModel(
        id=NIL_ID,
        workspace=workspace,
        parent=None,
        name="root",
        path="/",
        color=None,
        created_by=row.owner,
    )


def _with_contents(state: ReplicaState, row: FolderModel, folder_id: str | None) -> dict[str, Any]:
    """The folder; `children` and `files` are absent when empty (Go's omitempty), which once broke
    the page.
    """
    children = [
        show_folder(child)
        for child in visible_folders(state, row.workspace)
        if child.parent == folder_id
    ]
    files = [file for file in visible_files(state, row.workspace) if file.folder == folder_id]
    if state.is_fault_active("storage-lists-nothing"):
        children, files = [], []
    shown = show_folder(row) | {
        "folderCount": len(children),
        "fileCount": len(files),
        "totalSize": sum(file.size for file in files),
    }
    return shown | ({"children": children} if children else {}) | _files(state, files)


def _files(state: ReplicaState, files: list[Any]) -> dict[str, Any]:
    return {"files": [show_file(state, file) for file in files]} if files else {}


ROUTES = [
    route("GET", "/storage/folders/contents", contents),
    route("POST", "/storage/folders", create),
    route("GET", FOLDER, folder),
    route("PUT", FOLDER, update),
    route("DELETE", FOLDER, trash),
    route("POST", f"{FOLDER}/restore", restore),
    route("DELETE", f"{FOLDER}/permanent", remove),
    route("GET", "/storage/workspaces/{workspace}/folders", all_folders),
    route("GET", "/storage/workspaces/{workspace}/trash/folders", list_trash),
]
