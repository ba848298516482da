"""board-service: projects and boards, answered as `{"data", "requestId"}` (contract §4.5, §5.6).

Its routes carry /api themselves; its socket stands at the root (contract §5.3).
"""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from replica.models import BoardModel, NotificationModel, ProjectModel, new_id, now
from replica.services import boards_attachments, boards_socket, notifications_stream
from replica.services.gin import ServiceCall, as_id, engine, route
from replica.services.response_formats import (
    GinJSON,
    Refusal,
    error_with_request_id,
    forbidden,
    not_found,
    with_request_id,
    without_nones,
)
from replica.state import ReplicaState, add

PROJECT, BOARD = "/api/projects/{project}", "/api/boards/{board}"
FIELDS = {
    "stage": {"pending": "대기", "in_progress": "진행중", "review": "검토", "approved": "완료"},
    "importance": {"urgent": "긴급", "high": "높음", "normal": "보통", "low": "낮음"},
    "role": {"developer": "개발자", "planner": "기획자", "designer": "디자이너", "qa": "QA"},
}


def app(state: ReplicaState) -> Starlette:
    routes = [
        route("POST", "/api/projects", create_project),
        route("GET", "/api/projects/workspace/{workspace}", projects),
        route("GET", PROJECT, project),
        route("DELETE", PROJECT, delete_project),
        route("GET", f"{PROJECT}/init-settings", init_settings),
        route("POST", "/api/boards", create_board),
        route("GET", "/api/boards/project/{project}", boards),
        route("GET", BOARD, board),
        route("PUT", BOARD, update_board),
        route("DELETE", BOARD, delete_board),
        route("PUT", f"{BOARD}/move", move_board),
        route("GET", f"{PROJECT}/online-users", online_users),
        *boards_socket.ROUTES,
        *boards_attachments.ROUTES,
    ]
    return engine(state, "board", routes, error_format=_error)


def _error(request: Request, no: Refusal) -> Response:
    state: ReplicaState = request.app.state.replica
    if no.status == HTTPStatus.NOT_FOUND and state.is_fault_active("board-lists-its-errors"):
        return GinJSON({"errors": [{"code": no.code, "message": no.message}]}, no.status)
    return error_with_request_id(request, no)


async def create_project(call: ServiceCall) -> Response:
    workspace = as_id(call.body.get("workspaceId"), "Invalid workspace ID")
    _expect_member(call, workspace, "workspace")
    description = str(call.body.get("description") or "")
    row = ProjectModel(
        workspace=workspace, name=call.text("name"), description=description, owner=call.user
    )
    return with_request_id(call.request, _show_project(add(call.state.projects, row)), 201)


async def projects(call: ServiceCall) -> Response:
    workspace = call.id("workspace", "workspace")
    _expect_member(call, workspace, "workspace")
    rows = [
        _show_project(row) for row in call.state.projects.values() if row.workspace == workspace
    ]
    return with_request_id(call.request, rows)


async def project(call: ServiceCall) -> Response:
    return with_request_id(
        call.request, _show_project(_project(call, call.id("project", "project")))
    )


async def delete_project(call: ServiceCall) -> Response:
    row = _project(call, call.id("project", "project"))
    if row.owner != call.user:
        raise forbidden("Only project owner can delete project")
    del call.state.projects[row.id]
    for board_id in [each.id for each in call.state.boards.values() if each.project == row.id]:
        del call.state.boards[board_id]
    return with_request_id(call.request, {"message": "Project deleted successfully"})


async def init_settings(call: ServiceCall) -> Response:
    row = _project(call, call.id("project", "project"))
    if call.state.is_fault_active("board-shows-another-project"):
        row = replace(row, id=new_id(), name="Another plan")
    fields = [_field(name, options) for name, options in FIELDS.items()]
    return with_request_id(
        call.request,
        {"project": _show_project(row), "fields": fields, "fieldTypes": [], "defaultViewId": ""},
    )


async def online_users(call: ServiceCall) -> Response:
    """Whoever holds the project's socket, in no envelope; neither the id nor membership is
    checked, as at the socket.
    """
    project_id = call.request.path_params["project"]
    people = boards_socket.online(call.state, project_id)
    if call.state.is_fault_active("board-shows-nobody-online"):
        people = []
    return JSONResponse({"onlineUsers": people, "count": len(people)})


async def create_board(call: ServiceCall) -> Response:
    row = _project(call, as_id(call.body.get("projectId"), "Invalid project ID"))
    new = BoardModel(
        project=row.id,
        workspace=row.workspace,
        author=call.user,
        title=call.text("title"),
        content=str(call.body.get("content") or ""),
        assignee=call.body.get("assigneeId"),
        fields=dict(call.body.get("customFields") or {}),
        participants=list(call.body.get("participants") or []),
    )
    _tell_assignee(call, add(call.state.boards, new))
    boards_socket.publish_event(call.state, "BOARD_CREATED", new, _show_board(new))
    return with_request_id(call.request, _show_board(new), 201)


async def boards(call: ServiceCall) -> Response:
    row = _project(call, call.id("project", "project"))
    return with_request_id(
        call.request,
        [_show_board(each) for each in call.state.boards.values() if each.project == row.id],
    )


async def board(call: ServiceCall) -> Response:
    row = _board(call)
    people = [
        {"participantId": f"{row.id}:{user}", "boardId": row.id, "userId": user}
        for user in row.participants
    ]
    return with_request_id(
        call.request, _show_board(row) | {"participants": people, "comments": []}
    )


async def update_board(call: ServiceCall) -> Response:
    row, before = _board(call), _board(call).assignee
    row.title, row.content = (
        call.body.get("title") or row.title,
        call.body.get("content", row.content),
    )
    row.assignee, row.updated_at = call.body.get("assigneeId", row.assignee), now()
    row.fields |= call.body.get("customFields") or {}
    if row.assignee != before:
        _tell_assignee(call, row)
    boards_socket.publish_event(call.state, "BOARD_UPDATED", row, _show_board(row))
    return with_request_id(call.request, _show_board(row))


async def move_board(call: ServiceCall) -> Response:
    row, name = _board(call), call.text("groupByFieldName")
    as_id(call.body.get("projectId"), "Invalid project ID")
    row.fields[name], row.updated_at = call.body.get("newFieldValue"), now()
    moved = {
        "boardId": row.id,
        "newFieldValue": row.fields[name],
        "message": "Board moved successfully",
    }
    boards_socket.publish_event(call.state, "BOARD_MOVED", row, moved)
    return with_request_id(call.request, moved)


async def delete_board(call: ServiceCall) -> Response:
    row = _board(call)
    del call.state.boards[row.id]
    boards_socket.publish_event(call.state, "BOARD_DELETED", row, {"boardId": row.id})
    return with_request_id(call.request, {"message": "Board deleted successfully"})


def _tell_assignee(call: ServiceCall, row: BoardModel) -> None:
    if (
        row.assignee is None
        or row.assignee == call.user
        or call.state.is_fault_active("notifications-not-sent")
        or call.state.is_fault_active("database-unreachable")  # noti's: 500, and board goes on
    ):
        return
    notification = NotificationModel(
        kind="BOARD_ASSIGNED",
        actor=call.user,
        target=row.assignee,
        workspace=row.workspace,
        resource_type="board",
        resource=row.id,
        resource_name=row.title,
    )
    notifications_stream.notify(call.state, notification)


def _expect_member(call: ServiceCall, workspace: str, what: str) -> None:
    if not call.state.has_access(workspace, call.user):
        raise forbidden(f"You are not a member of this {what}")


def _project(call: ServiceCall, project_id: str) -> ProjectModel:
    row = call.state.projects.get(project_id)
    if row is None:
        raise not_found("Project not found")
    _expect_member(call, row.workspace, "project")
    return row


def _board(call: ServiceCall) -> BoardModel:
    row = call.state.boards.get(call.id("board", "board"))
    if row is None:
        raise Refusal(404, "NOT_FOUND", "Board not found")
    _expect_member(call, row.workspace, "project")
    return row


def _field(name: str, options: dict[str, str]) -> dict[str, Any]:
    shown = [
        {
            "optionId": new_id(),
            "optionValue": value,
            "optionLabel": label,
            "fieldId": name,
            "displayOrder": order,
        }
        for order, (value, label) in enumerate(options.items(), 1)
    ]
    return {
        "fieldId": name,
        "fieldName": name.title(),
        "fieldType": "select",
        "isRequired": True,
        "options": shown,
    }


def _show_project(row: ProjectModel) -> dict[str, Any]:
    return {
        "projectId": row.id,
        "workspaceId": row.workspace,
        "ownerId": row.owner,
        "name": row.name,
        "description": row.description,
        "isPublic": False,
        "attachments": [],
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }


def _show_board(row: BoardModel) -> dict[str, Any]:
    return without_nones(
        boardId=row.id,
        projectId=row.project,
        workspaceId=row.workspace,
        authorId=row.author,
        title=row.title,
        content=row.content,
        customFields=row.fields,
        participantIds=row.participants,
        boards_attachments=[],
        createdAt=row.created_at,
        updatedAt=row.updated_at,
    ) | {"assigneeId": row.assignee}
