"""Attachments of boards, comments and projects."""

import re
from typing import Any

import pytest

from replica.state import World
from tests.support.speaking import Ask, KeptObjects

ATTACHMENTS = "/api/attachments"


def asked(world: World, **fields: Any) -> dict[str, Any]:
    file = {"fileName": "a.png", "fileSize": 10, "contentType": "image/png"}
    return {"entityType": "BOARD", "workspaceId": world.home.id} | file | fields


async def test_an_attachment_goes_up_and_away(ask: Ask, world: World, objects: KeptObjects) -> None:
    """The key carries entity, workspace, year and month; saving confirms the same row; deleting
    takes the object.
    """
    alice = ask("board", "alice")
    issued = (await alice.post(f"{ATTACHMENTS}/presigned-url", json=asked(world))).json()["data"]
    assert set(issued) == {"attachmentId", "uploadUrl", "fileKey", "expiresIn"}
    assert re.fullmatch(
        rf"board/boards/{world.home.id}/\d{{4}}/\d\d/[0-9a-f-]{{36}}_\d+\.png", issued["fileKey"]
    )
    assert issued["uploadUrl"].startswith(f"https://{world.bucket.host}/{issued['fileKey']}?")
    saved = await alice.post(ATTACHMENTS, json=asked(world, fileKey=issued["fileKey"]))
    assert (saved.status_code, saved.json()["data"]["attachmentId"]) == (
        201,
        issued["attachmentId"],
    )
    assert (await alice.delete(f"{ATTACHMENTS}/{issued['attachmentId']}")).status_code == 200
    assert (objects.removed, world.created()["attachments"]) == ([issued["fileKey"]], [])
    assert (await alice.delete(f"{ATTACHMENTS}/{issued['attachmentId']}")).status_code == 404


@pytest.mark.parametrize(
    "fields", [{"entityType": "CHAT"}, {"fileSize": 51 * 2**20}, {"workspaceId": "x"}]
)
async def test_a_bad_attachment_is_refused(ask: Ask, world: World, fields: dict[str, Any]) -> None:
    """400, and no row is left."""
    answer = await ask("board", "alice").post(
        f"{ATTACHMENTS}/presigned-url", json=asked(world, **fields)
    )
    assert (answer.status_code, world.created()["attachments"]) == (400, [])
