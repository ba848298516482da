"""The workspace and who belongs to it, as user-service says it (contract 5.6)."""

from probes.auth.users import User
from probes.finding import CannotAsk
from probes.transport.envelopes import Envelope, expect
from probes.transport.http import Answer, Web

WORKSPACES = "/api/svc/user/api/workspaces"


async def call(web: Web, user: User, method: str, path: str, body: object = None) -> Answer:
    return await web.ask(
        method, f"{web.target.hosts.apex}{WORKSPACES}{path}", token=await user.token(), json=body
    )


async def is_member(web: Web, user: User) -> bool:
    """Whether user-service takes `user` for a member: services ask it so. Everybody is one of a
    public workspace. Raises Broken.
    """
    answer = await call(web, user, "GET", f"/{web.target.workspace.id}/validate-member/{user.id}")
    return bool(expect(answer, Envelope.RAW, keys=("isMember",))["isMember"])


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
