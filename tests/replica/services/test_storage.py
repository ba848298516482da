"""storage-service as a whole: its base path, and who is let in."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from replica.services.storage import served_path
from replica.state import ReplicaState
from tests.support.service_fixtures import BUCKET, Ask

CONTENTS = "/storage/folders/contents"


async def contents(ask: Ask, state: ReplicaState, who: str, path: str = CONTENTS) -> httpx.Response:
    return await ask("storage", who).get(path, params={"workspaceId": state.home.id})


async def test_an_empty_drive_has_no_lists_at_all(ask: Ask, state: ReplicaState) -> None:
    """Go's omitempty: children and files are absent, which the page must stand."""
    answer = (await contents(ask, state, "bob")).json()
    assert answer["success"] is True
    assert answer["data"]["workspaceId"] == state.home.id
    assert not {"children", "files"} & set(answer["data"])


async def test_the_base_path_of_production_is_empty(ask: Ask, state: ReplicaState) -> None:
    """With /api in front it is a 404 of gin."""
    answer = await contents(ask, state, "alice", f"/api{CONTENTS}")
    assert (answer.status_code, answer.text) == (404, "404 page not found")


async def test_the_baked_base_path_moves_every_route(ask: Ask, state: ReplicaState) -> None:
    """Fault storage-base-path-mismatch: what worked is gone, what was gone works, health stays."""
    state.faults = {"storage-base-path-mismatch"}
    assert (await contents(ask, state, "alice")).status_code == 404
    assert (await contents(ask, state, "alice", f"/api{CONTENTS}")).json()["success"] is True
    assert (await ask("storage").get("/health/ready")).status_code == 200


@pytest.mark.parametrize("path", ["/storage/x", "/api/storage/x", "/health", "/"])
def test_a_right_base_path_changes_no_path(path: str) -> None:
    """Paths are served as they come."""
    assert served_path(path, baked_base=False) == path


async def test_a_stranger_is_refused(ask: Ask, state: ReplicaState) -> None:
    """403 with a code; so is everybody for a workspace that is not there."""
    answer = await contents(ask, state, "stranger")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


async def test_a_workspace_id_must_be_one(ask: Ask) -> None:
    """400, not 403: nothing was looked up."""
    answer = await ask("storage", "alice").get(CONTENTS, params={"workspaceId": "x"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": {"code": "BAD_REQUEST", "message": "Invalid workspace ID"}},
    )


async def test_strangers_are_admitted(ask: Ask, state: ReplicaState) -> None:
    """Fault storage-admits-strangers: members notice nothing."""
    state.faults = {"storage-admits-strangers"}
    assert (await contents(ask, state, "stranger")).status_code == 200
    assert (await contents(ask, state, "bob")).status_code == 200


async def test_a_failed_membership_check_refuses_members(ask: Ask, state: ReplicaState) -> None:
    """Fault membership-check-fails: in storage only; user-service itself still knows them."""
    state.faults = {"membership-check-fails"}
    assert (await contents(ask, state, "alice")).status_code == 403
    bob = state.test_users["bob"].id
    said = await ask("user", "alice").get(f"/api/workspaces/{state.home.id}/validate-member/{bob}")
    assert said.json() == {"isMember": True}


SPOILT = {
    "storage-presigns-with-dev-credentials": (
        "https://cdn.wealist.localhost:41003/files/",
        "minioadmin",
        False,
        "300",
    ),
    "storage-presigns-for-localhost": ("http://localhost:9000/files/", "ASIAREPLICA", True, "300"),
    "storage-presigns-through-cdn": (
        "https://cdn.wealist.localhost:41003/files/",
        "ASIAREPLICA",
        True,
        "300",
    ),
    "storage-presigns-with-static-key": (
        "https://files.s3.",
        BUCKET.static_access_key,
        False,
        "300",
    ),
    "presign-outlives-policy": ("https://files.s3.", "ASIAREPLICA", True, "604800"),
}


@pytest.mark.parametrize("fault", ["", *SPOILT])
async def test_each_presign_fault_spoils_its_own_part(
    ask: Ask, state: ReplicaState, fault: str
) -> None:
    """Start, key, session token and life of the upload URL, fault by fault, and without one."""
    state.faults = {fault} - {""}
    healthy = (
        "https://files.s3.ap-northeast-2.wealist.localhost:41005/storage/",
        "ASIAREPLICA",
        True,
        "300",
    )
    start, key, temporary, seconds = SPOILT.get(fault, healthy)
    asked = {
        "workspaceId": state.home.id,
        "fileName": "a.txt",
        "contentType": "text/plain",
        "fileSize": 1,
    }
    issued = (await ask("storage", "alice").post("/storage/files/upload-url", json=asked)).json()[
        "data"
    ]
    query = parse_qs(urlsplit(issued["uploadUrl"]).query)
    assert issued["uploadUrl"].startswith(start)
    assert query["X-Amz-Credential"][0].startswith(f"{key}/")
    assert ("X-Amz-Security-Token" in query, query["X-Amz-Expires"]) == (temporary, [seconds])
    assert query["X-Amz-SignedHeaders"] == ["host"]
