"""Attachments of boards, comments and projects."""

import re
from typing import Any

import pytest

from replica.state import ReplicaState
from tests.support.service_fixtures import Ask, InMemoryObjects

ATTACHMENTS = "/api/attachments"


def asked(state: ReplicaState, **fields: Any) -> dict[str, Any]:
    file = {"fileName": "a.png", "fileSize": 10, "contentType": "image/png"}
    return {"entityType": "BOARD", "workspaceId": state.home.id} | file | fields


async def test_an_attachment_goes_up_and_away(
    ask: Ask, state: ReplicaState, objects: InMemoryObjects
) -> None:
    """The key carries entity, workspace, year and month; saving confirms the same row; deleting
    takes the object.
    """
    alice = ask("board", "alice")
    issued = (await alice.post(f"{ATTACHMENTS}/presigned-url", json=asked(state))).json()["data"]
    assert set(issued) == {"attachmentId", "uploadUrl", "fileKey", "expiresIn"}
    assert re.fullmatch(
        rf"board/boards/{state.home.id}/\d{{4}}/\d\d/[0-9a-f-]{{36}}_\d+\.png", issued["fileKey"]
    )
    assert issued["uploadUrl"].startswith(f"https://{state.bucket.host}/{issued['fileKey']}?")
    saved = await alice.post(ATTACHMENTS, json=asked(state, fileKey=issued["fileKey"]))
    assert (saved.status_code, saved.json()["data"]["attachmentId"]) == (
        201,
        issued["attachmentId"],
    )
    assert (await alice.delete(f"{ATTACHMENTS}/{issued['attachmentId']}")).status_code == 200
    assert (objects.removed, state.leftovers()["attachments"]) == ([issued["fileKey"]], [])
    assert (await alice.delete(f"{ATTACHMENTS}/{issued['attachmentId']}")).status_code == 404


@pytest.mark.parametrize(
    "fields", [{"entityType": "CHAT"}, {"fileSize": 51 * 2**20}, {"workspaceId": "x"}]
)
async def test_a_bad_attachment_is_refused(
    ask: Ask, state: ReplicaState, fields: dict[str, Any]
) -> None:
    """400, and no row is left."""
    answer = await ask("board", "alice").post(
        f"{ATTACHMENTS}/presigned-url", json=asked(state, **fields)
    )
    assert (answer.status_code, state.leftovers()["attachments"]) == (400, [])
