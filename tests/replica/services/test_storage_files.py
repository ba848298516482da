"""Files of a drive: from upload URL to the end."""

from typing import Any

import httpx
import pytest

from replica.state import ReplicaState
from tests.support.service_fixtures import Ask, InMemoryObjects

FILES = "/storage/files"


async def issue(storage: httpx.AsyncClient, state: ReplicaState, **fields: Any) -> httpx.Response:
    asked = {
        "workspaceId": state.home.id,
        "fileName": "노트.txt",
        "contentType": "text/plain",
        "fileSize": 3,
    }
    return await storage.post(f"{FILES}/upload-url", json=asked | fields)


async def uploaded(
    storage: httpx.AsyncClient, state: ReplicaState, **fields: Any
) -> dict[str, Any]:
    issued = (await issue(storage, state, **fields)).json()["data"]
    confirmed = await storage.post(f"{FILES}/confirm", json={"fileId": issued["fileId"]})
    file: dict[str, Any] = confirmed.json()["data"]
    return file | {"key": issued["fileKey"]}


async def test_an_empty_list_of_files_is_null(ask: Ask, state: ReplicaState) -> None:
    """As Go writes a slice that was never filled."""
    answer = await ask("storage", "bob").get(f"/storage/workspaces/{state.home.id}/files")
    assert answer.json()["data"] == {
        "files": None,
        "total": 0,
        "page": 1,
        "pageSize": 20,
        "totalPages": 0,
    }


async def test_an_upload_is_listed_before_and_after_it_is_confirmed(
    ask: Ask, state: ReplicaState
) -> None:
    """UPLOADING, then ACTIVE, with all that a FileResponse has."""
    bob = ask("storage", "bob")
    issued = (await issue(bob, state)).json()["data"]
    listing = f"/storage/workspaces/{state.home.id}/files"
    [before] = (await bob.get(listing)).json()["data"]["files"]
    answer = await bob.post(f"{FILES}/confirm", json={"fileId": issued["fileId"]})
    confirmed = answer.json()["data"]
    assert (before["status"], confirmed["status"]) == ("UPLOADING", "ACTIVE")
    assert (before["name"], confirmed["originalName"]) == ("노트.txt", "노트.txt")
    assert confirmed["fileUrl"] == f"{state.hosts.cdn}/{issued['fileKey']}"
    assert issued["fileKey"].startswith(f"storage/{state.home.id}/")
    assert (await bob.get(listing)).json()["data"]["total"] == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fileName": "a.exe"}, "file type not allowed: .exe"),
        ({"fileName": "noext"}, "file type not allowed: "),
        ({"fileSize": 101 * 2**20}, "file size exceeds maximum allowed (100 MB)"),
        ({"fileSize": 0}, "Field 'fileSize' must be at least 1"),
        ({"contentType": ""}, "Field 'contentType' is required"),
        ({"folderId": "00000000-0000-0000-0000-00000000000f"}, "folder not found"),
    ],
)
async def test_a_bad_upload_is_refused(
    ask: Ask, state: ReplicaState, fields: dict[str, Any], message: str
) -> None:
    """400, and no row is made."""
    answer = await issue(ask("storage", "bob"), state, **fields)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    assert state.files == {}


async def test_storage_has_no_s3_credentials(ask: Ask, state: ReplicaState) -> None:
    """An upload is 400 and a download 404, both in the SDK's words; the drive goes on."""
    bob = ask("storage", "bob")
    file = await uploaded(bob, state)
    state.faults = {"storage-has-no-s3-credentials"}
    refused = [await issue(bob, state), await bob.get(f"{FILES}/{file['id']}/download")]
    assert [answer.status_code for answer in refused] == [400, 404]
    assert all("no EC2 IMDS role found" in answer.text for answer in refused)
    assert (await bob.get(f"{FILES}/{file['id']}")).status_code == 200


async def test_only_who_uploads_confirms_and_only_once(ask: Ask, state: ReplicaState) -> None:
    """Somebody else gets 400, not 403."""
    issued = (await issue(ask("storage", "bob"), state)).json()["data"]
    confirm = {"fileId": issued["fileId"]}
    assert (await ask("storage", "alice").post(f"{FILES}/confirm", json=confirm)).status_code == 400
    assert (await ask("storage", "bob").post(f"{FILES}/confirm", json=confirm)).status_code == 200
    assert (await ask("storage", "bob").post(f"{FILES}/confirm", json=confirm)).status_code == 400
    assert (await ask("storage", "bob").post(f"{FILES}/confirm", json={})).status_code == 400


async def test_every_file_gets_a_number(ask: Ask, state: ReplicaState) -> None:
    """The check for a duplicate meets the file's own row (contract §4.3)."""
    bob = ask("storage", "bob")
    names = [(await uploaded(bob, state))["name"] for _ in range(3)]
    assert names == ["노트.txt (1)", "노트.txt (2)", "노트.txt (3)"]


async def test_a_download_is_signed_for_an_hour(ask: Ask, state: ReplicaState) -> None:
    """To the object's own key, as an attachment."""
    bob = ask("storage", "bob")
    file = await uploaded(bob, state, fileName="a.txt")
    url = (await bob.get(f"{FILES}/{file['id']}/download")).json()["data"]["downloadUrl"]
    assert url.startswith(f"https://{state.bucket.host}/{file['key']}?")
    assert "X-Amz-Expires=3600" in url
    assert "response-content-disposition=attachment" in url


async def test_a_file_is_renamed_and_moved(ask: Ask, state: ReplicaState) -> None:
    """Into a folder, where the contents then show it."""
    bob = ask("storage", "bob")
    folder = (
        await bob.post("/storage/folders", json={"workspaceId": state.home.id, "name": "F"})
    ).json()["data"]
    file = await uploaded(bob, state)
    await bob.put(f"{FILES}/{file['id']}", json={"name": "b.txt", "folderId": folder["id"]})
    params = {"workspaceId": state.home.id, "folderId": folder["id"]}
    shown = (await bob.get("/storage/folders/contents", params=params)).json()["data"]
    assert [row["name"] for row in shown["files"]] == ["b.txt"]


async def test_search_and_usage_count_what_is_listed(ask: Ask, state: ReplicaState) -> None:
    """The query is `q`; the page's own `query` is not read (contract §3.6)."""
    bob, base = ask("storage", "bob"), f"/storage/workspaces/{state.home.id}"
    await uploaded(bob, state, fileName="Report.txt", fileSize=5)
    found = (await bob.get(f"{base}/files/search", params={"q": "report"})).json()["data"]
    assert (found["total"], found["totalPages"]) == (1, 1)
    assert (await bob.get(f"{base}/files/search", params={"query": "report"})).status_code == 400
    usage = (await bob.get(f"{base}/usage")).json()["data"]
    assert (usage["totalSize"], usage["fileCount"]) == (5, 1)


async def test_trash_restore_and_the_end(
    ask: Ask, state: ReplicaState, objects: InMemoryObjects
) -> None:
    """Deleted twice, the second time with its object."""
    bob = ask("storage", "bob")
    file = await uploaded(bob, state)
    path, trash = f"{FILES}/{file['id']}", f"/storage/workspaces/{state.home.id}/trash/files"
    await bob.delete(path)
    assert (await bob.get(path)).status_code == 404
    assert [row["id"] for row in (await bob.get(trash)).json()["data"]] == [file["id"]]
    await bob.post(f"{path}/restore")
    assert (await bob.get(path)).status_code == 200
    assert (await bob.post(f"{path}/restore")).status_code == 400
    await bob.delete(path)
    assert (await bob.delete(f"{path}/permanent")).json()["message"] == "File permanently deleted"
    assert objects.removed == [file["key"]]
    assert state.leftovers()["files"] == []
    assert (await bob.delete(f"{path}/permanent")).status_code == 400


async def test_a_lost_upload_is_confirmed(
    ask: Ask, state: ReplicaState, objects: InMemoryObjects
) -> None:
    """Fault storage-confirms-lost-upload: the object goes, the file is ACTIVE."""
    state.faults = {"storage-confirms-lost-upload"}
    file = await uploaded(ask("storage", "bob"), state)
    assert (file["status"], objects.removed) == ("ACTIVE", [file["key"]])


async def test_the_wrong_file_is_handed_out(
    ask: Ask, state: ReplicaState, objects: InMemoryObjects
) -> None:
    """Fault storage-hands-out-wrong-file: another object of the same name, which goes when the file
    goes.
    """
    state.faults = {"storage-hands-out-wrong-file"}
    bob = ask("storage", "bob")
    file = await uploaded(bob, state, fileName="a.txt")
    urls = [
        (await bob.get(f"{FILES}/{file['id']}/download")).json()["data"]["downloadUrl"]
        for _ in range(2)
    ]
    ((key, body),) = objects.kept.items()
    assert all(f"/{key}?" in url for url in urls)
    assert (key != file["key"], len(body) > 0) == (True, True)
    await bob.delete(f"{FILES}/{file['id']}/permanent")
    assert set(objects.removed) == {file["key"], key}


async def test_a_deleted_object_is_kept(
    ask: Ask, state: ReplicaState, objects: InMemoryObjects
) -> None:
    """Fault storage-keeps-deleted-object: success is said, the file can still be read, and is in no
    list.
    """
    state.faults = {"storage-keeps-deleted-object"}
    bob = ask("storage", "bob")
    file = await uploaded(bob, state)
    await bob.delete(f"{FILES}/{file['id']}")
    assert (await bob.delete(f"{FILES}/{file['id']}/permanent")).status_code == 200
    assert ((await bob.get(f"{FILES}/{file['id']}")).status_code, objects.removed) == (200, [])
    assert (await bob.get(f"/storage/workspaces/{state.home.id}/files")).json()["data"][
        "total"
    ] == 0
