"""Profiles, and the upload URL for their images."""

from urllib.parse import parse_qs, urlsplit

from replica.state import ReplicaState
from tests.support.service_fixtures import Ask


async def test_a_profile_belongs_to_a_workspace(ask: Ask, state: ReplicaState) -> None:
    """Without the header 400, for a foreign workspace 404, else raw."""
    assert (await ask("user", "alice").get("/api/profiles/me")).status_code == 400
    here = {"X-Workspace-Id": state.home.id}
    assert (await ask("user", "stranger", **here).get("/api/profiles/me")).status_code == 404
    assert (await ask("user", "alice", **here).get("/api/profiles/me")).json()[
        "nickName"
    ] == "앨리스"
    (only,) = (await ask("user", "alice").get("/api/profiles/all/me")).json()
    assert only["workspaceId"] == state.home.id


async def test_a_profile_is_renamed(ask: Ask, state: ReplicaState) -> None:
    """And keeps the name."""
    alice = ask("user", "alice", **{"X-Workspace-Id": state.home.id})
    await alice.put("/api/profiles/me", json={"nickName": "Al"})
    assert (await alice.get("/api/profiles/me")).json()["nickName"] == "Al"


async def test_an_image_goes_up_by_presigned_url(ask: Ask, state: ReplicaState) -> None:
    """The reply is raw; the key is profiles/<uuid>/<name>; the image shows through the CDN."""
    alice = ask("user", "alice", **{"X-Workspace-Id": state.home.id})
    asked = {"fileName": "me.png", "contentType": "image/png", "fileSize": 10}
    issued = (await alice.post("/api/profiles/me/image/presigned-url", json=asked)).json()
    assert set(issued) == {"uploadUrl", "fileKey", "expiresAt"}
    prefix, _, name = issued["fileKey"].split("/")
    assert (prefix, name) == ("profiles", "me.png")
    assert parse_qs(urlsplit(issued["uploadUrl"]).query)["X-Amz-Expires"] == ["300"]
    saved = await alice.post(
        "/api/profiles/me/image/attachment", json=asked | {"fileKey": issued["fileKey"]}
    )
    profile = await alice.put(
        "/api/profiles/me/image", json={"attachmentId": saved.json()["attachmentId"]}
    )
    assert profile.json()["profileImageUrl"] == f"{state.hosts.cdn}/{issued['fileKey']}"
    assert (
        await alice.put("/api/profiles/me/image", json={"attachmentId": "none"})
    ).status_code == 404
