"""Folders of a drive."""

from replica.models import new_id
from replica.state import ReplicaState
from tests.support.service_fixtures import Ask

FOLDERS = "/storage/folders"


async def test_a_folder_lives_is_trashed_and_comes_back(ask: Ask, state: ReplicaState) -> None:
    """Through the trash and out of it, then gone for good."""
    bob = ask("storage", "bob")
    made = await bob.post(FOLDERS, json={"workspaceId": state.home.id, "name": "Plans"})
    assert made.status_code == 201
    folder = f"{FOLDERS}/{made.json()['data']['id']}"
    trash = f"/storage/workspaces/{state.home.id}/trash/folders"
    await bob.delete(folder)
    assert (await bob.get(folder)).json()["error"]["message"] == "folder not found"
    assert [row["name"] for row in (await bob.get(trash)).json()["data"]] == ["Plans"]
    await bob.post(f"{folder}/restore")
    assert (await bob.get(folder)).json()["data"]["isDeleted"] is False
    await bob.delete(f"{folder}/permanent")
    assert state.leftovers()["folders"] == []
    assert (await bob.delete(f"{folder}/permanent")).status_code == 400
    assert (await bob.post(f"{folder}/restore")).status_code == 400


async def test_folders_nest_and_are_renamed(ask: Ask, state: ReplicaState) -> None:
    """Contents show the children of one folder only, under the paths of their parents."""
    alice = ask("storage", "alice")
    outer = (
        await alice.post(FOLDERS, json={"workspaceId": state.home.id, "name": "Outer"})
    ).json()["data"]
    inside = {"workspaceId": state.home.id, "name": "Inner", "parentId": outer["id"]}
    inner = (await alice.post(FOLDERS, json=inside)).json()["data"]
    assert inner["path"] == "/Outer/Inner"
    seen = await alice.get(
        f"{FOLDERS}/contents", params={"workspaceId": state.home.id, "folderId": outer["id"]}
    )
    assert [row["name"] for row in seen.json()["data"]["children"]] == ["Inner"]
    renamed = (await alice.put(f"{FOLDERS}/{inner['id']}", json={"name": "Core"})).json()["data"]
    assert (renamed["name"], renamed["path"]) == ("Core", "/Outer/Core")
    listed = (await alice.get(f"/storage/workspaces/{state.home.id}/folders")).json()["data"]
    assert {row["name"] for row in listed} == {"Outer", "Core"}


async def test_two_folders_cannot_share_a_name(ask: Ask, state: ReplicaState) -> None:
    """Nor can one have none, or a parent that is not there."""
    alice, asked = ask("storage", "alice"), {"workspaceId": state.home.id, "name": "Twin"}
    bodies = [asked, asked, asked | {"name": " "}, asked | {"parentId": new_id()}]
    answers = [(await alice.post(FOLDERS, json=body)).status_code for body in bodies]
    assert answers == [201, 400, 400, 404]


async def test_the_root_of_no_workspace_is_an_error(ask: Ask, state: ReplicaState) -> None:
    """Fault storage-admits-strangers lets one in to what is not there."""
    state.faults = {"storage-admits-strangers"}
    answer = await ask("storage", "alice").get(
        f"{FOLDERS}/contents", params={"workspaceId": new_id()}
    )
    assert answer.status_code == 500
