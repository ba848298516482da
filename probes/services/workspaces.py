"""The workspace and who belongs to it, as user-service says it (contract 5.6)."""

from dataclasses import dataclass
from typing import TypedDict

from probes.auth.tokens import claims
from probes.auth.users import User
from probes.finding import CannotAsk, Code, broken_promise
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.transport.envelopes import Envelope, expect, expect_shape
from probes.transport.http import Answer, Web
from probes.transport.typed_answers import Identity

WORKSPACES = "/api/svc/user/api/workspaces"
CREATED = 201


class MadeWorkspace(TypedDict):
    workspaceId: Identity


class WorkspaceRow(TypedDict):
    """A workspace as user-service lists it (contract 5.6)."""

    workspaceId: Identity
    workspaceName: str


class Membership(TypedDict):
    isMember: bool


async def call(web: Web, user: User, method: str, path: str, body: object = None) -> Answer:
    return await web.ask(
        method, f"{web.target.hosts.apex}{WORKSPACES}{path}", token=await user.token(), json=body
    )


@dataclass(frozen=True, slots=True)
class OwnWorkspace:
    """A workspace that this run has made."""

    id: str
    name: str


async def create(web: Web, user: User, ledger: Ledger) -> OwnWorkspace:
    """A private workspace of `user`, in the ledger before it exists. Raises Broken."""
    name = ledger.enter("workspace", "workspace")
    answer = await call(web, user, "POST", "/create", {"workspaceName": name, "isPublic": False})
    made = expect_shape(answer, Envelope.RAW, MadeWorkspace, CREATED)
    ledger.identify(name, made["workspaceId"])
    return OwnWorkspace(made["workspaceId"], name)


async def invite(web: Web, owner: User, workspace: OwnWorkspace, user: User) -> None:
    """Make `user` a member, by the address that their token names. Raises Broken, CannotAsk."""
    email = str(claims(await user.token()).get("email") or user.email)
    if not email:
        raise CannotAsk(f"{user.name} has no e-mail address; add email to [users.{user.name}]")
    path, body = f"/{workspace.id}/members/invite", {"email": email}
    expect(await call(web, owner, "POST", path, body), Envelope.RAW, CREATED)


async def list_own(web: Web, user: User) -> list[OwnWorkspace]:
    """The workspaces that `user` sees on their dashboard. Raises Broken."""
    answer = await call(web, user, "GET", "/all")
    rows = expect_shape(answer, Envelope.RAW, list[WorkspaceRow])
    return [OwnWorkspace(row["workspaceId"], row["workspaceName"]) for row in rows]


async def expect_seen(web: Web, user: User, workspace: OwnWorkspace) -> None:
    """An invited user sees the workspace among their own. Raises Broken."""
    if workspace.id not in [own.id for own in await list_own(web, user)]:
        raise broken_promise(
            Code.ACCESS_REFUSED,
            f"{user.name} was made a member of a workspace, and does not see it among their own",
            "user-service: its list leaves out workspaces that one was invited to (91a344de)",
        )


async def delete(web: Web, owner: User, identity: str) -> bool:
    """Whether the service says that the workspace is gone."""
    answer = await call(web, owner, "DELETE", f"/{identity}")
    current().note(f"DELETE {WORKSPACES}/{identity}: {answer.status}")
    is_gone = answer.status == 204 or answer.status < 300 or answer.status == 404
    return is_gone and (answer.status == 204 or answer.json is not None)


async def is_member(web: Web, user: User) -> bool:
    """Whether user-service takes `user` for a member: services ask it so. Everybody is one of a
    public workspace. Raises Broken.
    """
    answer = await call(web, user, "GET", f"/{web.target.workspace.id}/validate-member/{user.id}")
    return expect_shape(answer, Envelope.RAW, Membership)["isMember"]


async def require_outsider(web: Web, user: User) -> None:
    """Raises CannotAsk where `user`, who stands for a stranger, is a member."""
    if await is_member(web, user):
        raise CannotAsk(
            f"user-service takes {user.name} for a member of the workspace, so that nothing is "
            "forbidden to them: make it private (PUT /api/workspaces/{id}/settings, "
            '{"isPublic": false}), or take them out of it'
        )


async def expect_forbidden(web: Web, user: User, answer: Answer) -> None:
    """`answer` tells a stranger 403. Raises Broken; CannotAsk where the stranger is none."""
    if answer.status < 300 and answer.json is not None:
        await require_outsider(web, user)
    expect(answer, Envelope.GO_ERROR, 403)
