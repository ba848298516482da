"""board-service: projects and their boards."""

from replica.state import ReplicaState
from tests.support.service_fixtures import Ask


async def test_a_project_is_made_and_removed_with_its_boards(ask: Ask, state: ReplicaState) -> None:
    """Numbered answers; only the owner may remove it."""
    alice = ask("board", "alice")
    made = await alice.post("/api/projects", json={"workspaceId": state.home.id, "name": "P"})
    assert (made.status_code, set(made.json())) == (201, {"data", "requestId"})
    path = f"/api/projects/{made.json()['data']['projectId']}"
    await alice.post(
        "/api/boards", json={"projectId": made.json()["data"]["projectId"], "title": "B"}
    )
    listed = (await alice.get(f"/api/projects/workspace/{state.home.id}")).json()["data"]
    assert [row["name"] for row in listed] == ["Plan", "P"]
    assert (await ask("board", "bob").delete(path)).json()["error"]["code"] == "FORBIDDEN"
    assert (await alice.delete(path)).status_code == 200
    assert (state.leftovers()["projects"], state.leftovers()["boards"]) == ([], [])
    assert (await alice.get(path)).status_code == 404


async def test_settings_offer_twelve_options(ask: Ask, state: ReplicaState) -> None:
    """Four each for stage, importance and role."""
    data = (await ask("board", "bob").get(f"/api/projects/{state.plan.id}/init-settings")).json()[
        "data"
    ]
    assert {field["fieldId"]: len(field["options"]) for field in data["fields"]} == {
        "stage": 4,
        "importance": 4,
        "role": 4,
    }


async def test_a_stranger_sees_no_project(ask: Ask, state: ReplicaState) -> None:
    """403, numbered."""
    answer = await ask("board", "stranger").get(f"/api/projects/{state.plan.id}")
    assert (answer.status_code, set(answer.json())) == (403, {"error", "requestId"})


async def test_a_board_is_made_moved_changed_and_removed(ask: Ask, state: ReplicaState) -> None:
    """Its fields follow the move."""
    alice = ask("board", "alice")
    asked = {"projectId": state.plan.id, "title": "B", "customFields": {"stage": "pending"}}
    board = (await alice.post("/api/boards", json=asked)).json()["data"]
    path = f"/api/boards/{board['boardId']}"
    move = {"projectId": state.plan.id, "groupByFieldName": "stage", "newFieldValue": "review"}
    moved = (await alice.put(f"{path}/move", json=move)).json()["data"]
    assert moved["newFieldValue"] == "review"
    await alice.put(path, json={"title": "C"})
    shown = (await alice.get(path)).json()["data"]
    assert (shown["title"], shown["customFields"], shown["comments"]) == (
        "C",
        {"stage": "review"},
        [],
    )
    listed = (await alice.get(f"/api/boards/project/{state.plan.id}")).json()["data"]
    assert [row["boardId"] for row in listed] == [board["boardId"]]
    assert (await alice.delete(path)).status_code == 200
    assert (await alice.get(path)).status_code == 404


async def test_whoever_is_assigned_is_told(ask: Ask, state: ReplicaState) -> None:
    """At birth and on change, but not who assigns it to himself."""
    alice, bob = ask("board", "alice"), state.test_users["bob"].id
    made = await alice.post(
        "/api/boards", json={"projectId": state.plan.id, "title": "B", "assigneeId": bob}
    )
    path = f"/api/boards/{made.json()['data']['boardId']}"
    await alice.put(path, json={"assigneeId": state.test_users["alice"].id})
    await alice.put(path, json={"assigneeId": bob})
    assert [row.target for row in state.notifications.values()] == [bob, bob]
