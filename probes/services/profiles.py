"""A user's profile in the workspace: change it, give it an image, find both again (contract 4.5,
5.6).
"""

import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NotRequired, TypedDict

from probes.auth.users import User
from probes.finding import Broken, CannotAsk, Code, Finding, broken_promise
from probes.services import presign, workspaces
from probes.transport.envelopes import Envelope, expect, expect_shape
from probes.transport.http import Answer, Web
from probes.transport.typed_answers import Identity, WebUrl, url_problem

PROFILES = "/api/svc/user/api/profiles"
ACCOUNT = "/api/svc/user/api/users/me"
IMAGE_TYPE = "image/png"
CREATED = 201
# The smallest picture there is: 1 by 1, transparent.
IMAGE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)
ANOTHER = "user-service: it reads the row of another user or workspace"
NOT_KEPT = "user-service: the profile of this workspace is not written, or another one is read"


class Profile(TypedDict):
    """A profile as user-service answers it (contract 5.6)."""

    userId: Identity
    nickName: str
    profileImageUrl: NotRequired[str | None]


class Member(TypedDict):
    """A row of a workspace's members (contract 5.6)."""

    userId: Identity
    nickName: NotRequired[str | None]
    profileImageUrl: NotRequired[str | None]


class ImageTicket(TypedDict):
    uploadUrl: WebUrl
    fileKey: str


class Attachment(TypedDict):
    attachmentId: Identity


async def call(web: Web, user: User, method: str, path: str, body: Any = None) -> Answer:
    return await web.ask(
        method,
        f"{web.target.hosts.apex}{PROFILES}{path}",
        token=await user.token(),
        headers={"x-workspace-id": web.target.workspace.id},
        json=body,
    )


async def read(web: Web, user: User) -> Profile:
    """The profile of `user` in the workspace. Raises Broken."""
    answer = await call(web, user, "GET", "/me")
    return expect_shape(answer, Envelope.RAW, Profile)


async def expect_own_account(web: Web, user: User) -> None:
    """User-service tells `user` who they are, and nobody else. Raises Broken."""
    answer = await web.ask("GET", web.target.hosts.apex + ACCOUNT, token=await user.token())
    expect(answer, Envelope.RAW, keys=("userId", "email"))


async def expect_same_person(web: Web, user: User) -> None:
    """The profile of `user` and their row among the members are of one person. Raises Broken."""
    profile = await read(web, user)
    answer = await workspaces.call(web, user, "GET", f"/{web.target.workspace.id}/members")
    rows = expect_shape(answer, Envelope.RAW, list[Member])
    if finding := explain_person(user.name, profile, rows):
        raise Broken(finding)


def explain_person(
    name: str, profile: Mapping[str, Any], members: Sequence[Mapping[str, Any]]
) -> Finding | None:
    """Name how the member that `profile` is of has another name or image elsewhere; pure."""
    own = [row for row in members if row["userId"] == profile["userId"]]
    if not own:
        observed = f"{name} asked for the members of their workspace, and is not among them"
        return Finding(Code.FOREIGN_DATA, observed, ANOTHER)
    for key in ("nickName", "profileImageUrl"):
        one, other = profile.get(key), own[0].get(key)
        if one and other and one != other:
            observed = f"{name}'s profile has the {key} {one!r}, and the members' list {other!r}"
            return Finding(Code.FOREIGN_DATA, observed, ANOTHER)
    return None


def new_name() -> str:
    """A name that no earlier run can have left behind."""
    return f"probe {secrets.token_hex(4)}"


def _is_of_probes(name: str) -> bool:
    return re.fullmatch(r"probe [0-9a-f]{8}", name) is not None


@asynccontextmanager
async def rename_profile(web: Web, user: User, name: str) -> AsyncIterator[str]:
    """`user` is called `name` for as long as the block lasts, which is given their name before.
    Raises Broken.
    """
    before = (await read(web, user))["nickName"]
    expect(await call(web, user, "PUT", "/me", {"nickName": name}), Envelope.RAW)
    try:
        yield before
    finally:
        await call(web, user, "PUT", "/me", {"nickName": before})


async def expect_name(web: Web, user: User, name: str, before: str) -> None:
    """The profile bears `name`, and no longer `before`. Raises Broken; CannotAsk where another run
    of the probes has renamed the same user meanwhile.
    """
    found = (await read(web, user))["nickName"]
    if found == name:
        return
    if found != before and _is_of_probes(found):
        raise CannotAsk(f"another run of the probes has called {user.name} {found!r} meanwhile")
    observed = f"the profile was saved as {name!r}, and reads {found!r}"
    raise broken_promise(Code.CONTRACT_BROKEN, observed, NOT_KEPT)


async def set_image(web: Web, user: User) -> str:
    """Upload an image and make it the profile's, as the page does; where the one before was.
    Raises Broken.
    """
    before = await _read_image(web, user)
    request_body = {"fileName": "probe.png", "contentType": IMAGE_TYPE, "fileSize": len(IMAGE)}
    answer = await call(web, user, "POST", "/me/image/presigned-url", request_body)
    presign.expect_issued(answer)
    ticket = expect_shape(answer, Envelope.RAW, ImageTicket)
    signed = presign.expect_trusted(ticket["uploadUrl"], web.target.presign)
    headers = {"content-type": IMAGE_TYPE}
    put = await web.ask("PUT", signed.url, content=IMAGE, headers=headers, kind="s3")
    presign.expect_stored(put)
    row = {**request_body, "fileKey": ticket["fileKey"]}
    saved = await call(web, user, "POST", "/me/image/attachment", row)
    attachment = expect_shape(saved, Envelope.RAW, Attachment, CREATED)
    chosen = {"attachmentId": attachment["attachmentId"]}
    expect(await call(web, user, "PUT", "/me/image", chosen), Envelope.RAW)
    return before


async def _read_image(web: Web, user: User) -> str:
    return str((await read(web, user)).get("profileImageUrl") or "")


async def expect_image(web: Web, user: User, before: str) -> None:
    """The profile shows another image than the one that was at `before`, and its bytes are there.
    Raises Broken.
    """
    url = await _read_image(web, user)
    if url_problem(url) or url == before:
        observed = f"an image was saved for the profile, and it names {url or 'none'}"
        raise broken_promise(Code.CONTRACT_BROKEN, observed, NOT_KEPT)
    answer = await web.ask("GET", url, kind="s3")
    if answer.status != 200 or answer.body != IMAGE:
        observed = f"{answer} with {len(answer.body)} bytes for the profile's image"
        cause = "the address that user-service makes of the file's key, or the CDN (04be7992)"
        raise broken_promise(Code.UPLOAD_LOST, observed, cause)
