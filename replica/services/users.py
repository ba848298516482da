"""user-service: accounts and workspaces, answered raw, without an envelope (contract §4.2,
§5.6).
"""

from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response

from replica.models import UserModel, WorkspaceModel
from replica.services import profiles
from replica.services.gin import ServiceCall, engine, public, route
from replica.services.response_formats import Refusal, bad_request, forbidden, not_found, raw_json
from replica.state import ReplicaState, add

WORKSPACE = "/api/workspaces/{workspace}"


def app(state: ReplicaState) -> Starlette:
    routes = [
        route("POST", "/api/workspaces/create", create_workspace),
        route("GET", "/api/workspaces/all", my_workspaces),
        route("GET", WORKSPACE, workspace),
        route("DELETE", WORKSPACE, delete_workspace),
        route("GET", f"{WORKSPACE}/members", members),
        route("POST", f"{WORKSPACE}/members/invite", invite),
        route("GET", f"{WORKSPACE}/validate-member/{{user}}", validate_member),
        route("GET", "/api/users/me", me),
        # These three ask for nothing, and the gateway lets everybody through to them (contract
        # §2.5).
        public("POST", "/api/users", create_user),
        public("POST", "/api/internal/oauth/login", oauth_login),
        public("GET", "/api/internal/users/{user}/exists", exists),
        *profiles.ROUTES,
    ]
    return engine(state, "user", routes, base="/api")


async def create_workspace(call: ServiceCall) -> Response:
    name, description = call.text("workspaceName"), str(call.body.get("workspaceDescription") or "")
    row = WorkspaceModel(
        name=name,
        description=description,
        owner=call.user,
        members={call.user: "OWNER"},
        is_public=call.body.get("isPublic") is not False,
    )
    return raw_json(_workspace(add(call.state.workspaces, row)), 201)


async def my_workspaces(call: ServiceCall) -> Response:
    only_own = call.state.is_fault_active("invited-user-sees-no-workspace")
    mine = [
        _my_workspace(row, call.user)
        for row in call.state.workspaces.values()
        if call.user in row.members
        and (row.owner == call.user or row is call.state.home or not only_own)
    ]
    if call.state.is_fault_active("service-answers-wrong-type"):
        return raw_json({"workspaces": mine})
    return raw_json(mine)


async def workspace(call: ServiceCall) -> Response:
    """Like `members`, it does not ask who is a member: neither does weAlist."""
    return raw_json(_workspace(_find_workspace(call)))


async def delete_workspace(call: ServiceCall) -> Response:
    row = call.state.workspaces.get(call.id("workspace", "workspace"))
    if row is None or row.owner != call.user:
        raise forbidden("only owner can delete workspace")
    del call.state.workspaces[row.id]
    return raw_json({"message": "Workspace deleted successfully"})


async def members(call: ServiceCall) -> Response:
    row = _find_workspace(call)
    return raw_json([_member(call.state, row, user) for user in row.members])


async def invite(call: ServiceCall) -> Response:
    row = _find_workspace(call)
    if call.user not in row.members:
        raise Refusal(500, "INTERNAL_ERROR", "Failed to verify invite permission")
    if row.members[call.user] not in {"OWNER", "ADMIN"}:
        raise forbidden("Only owner and admins can invite members to this workspace")
    user = call.state.user_by_email(call.text("email"))
    if user is None:
        raise not_found("User not found with the provided email")
    if user.id in row.members:
        raise Refusal(409, "ALREADY_EXISTS", "User is already a member of this workspace")
    row.members[user.id] = "MEMBER"
    return raw_json(_member(call.state, row, user.id), 201)


async def validate_member(call: ServiceCall) -> Response:
    found = call.state.has_access(call.id("workspace", "workspace"), call.id("user", "user"))
    return raw_json({"isMember": found})


async def me(call: ServiceCall) -> Response:
    user = call.state.users.get(call.user)
    if user is None:
        raise not_found("User not found")
    return raw_json(_user(user))


async def create_user(call: ServiceCall) -> Response:
    email = call.text("email")
    if call.state.user_by_email(email):
        raise bad_request("Failed to create user")
    return raw_json(_user(_new_user(call.state, email, call.body)), 201)


async def oauth_login(call: ServiceCall) -> Response:
    email = call.text("email")
    user = call.state.user_by_email(email) or _new_user(call.state, email, call.body)
    return raw_json({"userId": user.id})


async def exists(call: ServiceCall) -> Response:
    return raw_json({"exists": call.id("user", "user") in call.state.users})


def _new_user(state: ReplicaState, email: str, body: dict[str, Any]) -> UserModel:
    return add(
        state.users, UserModel(email=email, name=str(body.get("name") or email.partition("@")[0]))
    )


def _find_workspace(call: ServiceCall) -> WorkspaceModel:
    row = call.state.workspaces.get(call.id("workspace", "workspace"))
    if row is None:
        raise not_found("Workspace not found")
    return row


def _workspace(row: WorkspaceModel) -> dict[str, Any]:
    return {
        "workspaceId": row.id,
        "workspaceName": row.name,
        "workspaceDescription": row.description,
        "ownerId": row.owner,
        "isPublic": row.is_public,
        "needApproved": True,
        "createdAt": row.created_at,
    }


def _my_workspace(row: WorkspaceModel, user: str) -> dict[str, Any]:
    return {
        "workspaceId": row.id,
        "workspaceName": row.name,
        "workspaceDescription": row.description,
        "owner": row.members[user] == "OWNER",
        "role": row.members[user],
        "createdAt": row.created_at,
    }


def _member(state: ReplicaState, row: WorkspaceModel, user: str) -> dict[str, Any]:
    known = state.users.get(user)
    return {
        "memberId": f"{row.id}:{user}",
        "workspaceId": row.id,
        "userId": user,
        "roleName": row.members[user],
        "userEmail": known.email if known else "",
        "nickName": known.name if known else "",
        "profileImageUrl": known.image_url if known else None,
        "joinedAt": row.created_at,
    }


def _user(row: UserModel) -> dict[str, Any]:
    return {
        "userId": row.id,
        "email": row.email,
        "provider": "google",
        "isActive": True,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }
