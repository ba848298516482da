"""user-service: workspaces and who is in them."""

import pytest

from replica.models import new_id
from replica.state import ReplicaState
from tests.support.service_fixtures import Ask


async def test_a_member_sees_the_workspaces_that_are_theirs(ask: Ask, state: ReplicaState) -> None:
    """Raw list, with the role; the stranger's is empty, not absent."""
    (mine,) = (await ask("user", "bob").get("/api/workspaces/all")).json()
    assert (mine["workspaceId"], mine["role"], mine["owner"]) == (state.home.id, "MEMBER", False)
    assert (await ask("user", "stranger").get("/api/workspaces/all")).json() == []


async def test_the_wrong_type_is_an_object_for_a_list(ask: Ask, state: ReplicaState) -> None:
    """Fault service-answers-wrong-type: still 200, still JSON."""
    state.faults = {"service-answers-wrong-type"}
    answer = await ask("user", "alice").get("/api/workspaces/all")
    assert (answer.status_code, type(answer.json())) == (200, dict)
    assert (await ask("user", "alice").get(f"/api/workspaces/{state.home.id}/members")).json()[0][
        "roleName"
    ] == "OWNER"


async def test_a_workspace_is_made_and_removed(ask: Ask, state: ReplicaState) -> None:
    """Only its owner may remove it, and then nothing is left."""
    made = await ask("user", "alice").post("/api/workspaces/create", json={"workspaceName": "Tmp"})
    path = f"/api/workspaces/{made.json()['workspaceId']}"
    assert (made.status_code, state.leftovers()["workspaces"]) == (201, ["Tmp"])
    assert (await ask("user", "alice").get(path)).json()["workspaceName"] == "Tmp"
    assert (await ask("user", "bob").delete(path)).status_code == 403
    assert (await ask("user", "alice").delete(path)).json() == {
        "message": "Workspace deleted successfully"
    }
    assert state.leftovers()["workspaces"] == []
    assert (await ask("user", "alice").get(path)).status_code == 404


async def test_an_invitation_makes_a_member(ask: Ask, state: ReplicaState) -> None:
    """By e-mail, by owner or admin, of somebody who has an account."""
    path = f"/api/workspaces/{state.home.id}"
    guest = state.test_users["stranger"]
    validate = f"{path}/validate-member/{guest.id}"
    assert (await ask("user", "alice").get(validate)).json() == {"isMember": False}
    assert (
        await ask("user", "bob").post(f"{path}/members/invite", json={"email": guest.email})
    ).status_code == 403
    assert (
        await ask("user", "alice").post(f"{path}/members/invite", json={"email": guest.email})
    ).status_code == 201
    assert (await ask("user", "alice").get(validate)).json() == {"isMember": True}


async def test_me_is_whom_the_token_names(ask: Ask, state: ReplicaState) -> None:
    """Raw user; an id without an account is 404."""
    assert (await ask("user", "alice").get("/api/users/me")).json()["email"] == state.test_users[
        "alice"
    ].email
    ghost = {"Authorization": f"Bearer {state.key.mint(new_id(), 'x', 'access', 60)}"}
    assert (await ask("user", **ghost).get("/api/users/me")).json()["error"]["code"] == "NOT_FOUND"


async def test_three_routes_ask_for_no_token(ask: Ask, state: ReplicaState) -> None:
    """They are open in production too (contract §2.5)."""
    made = await ask("user").post("/api/users", json={"email": "new@probes.invalid"})
    assert made.status_code == 201
    login = await ask("user").post(
        "/api/internal/oauth/login", json={"email": "new@probes.invalid"}
    )
    assert login.json() == {"userId": made.json()["userId"]}
    found = await ask("user").get(f"/api/internal/users/{made.json()['userId']}/exists")
    assert found.json() == {"exists": True}
    assert (
        await ask("user").post("/api/users", json={"email": "new@probes.invalid"})
    ).status_code == 400


async def test_a_workspace_and_its_members_can_be_read_by_everybody(
    ask: Ask, state: ReplicaState
) -> None:
    """Neither call asks who is a member, in weAlist as here."""
    for path in (f"/api/workspaces/{state.home.id}", f"/api/workspaces/{state.home.id}/members"):
        assert (await ask("user", "stranger").get(path)).status_code == 200


@pytest.mark.parametrize(("wanted", "public"), [({}, True), ({"isPublic": False}, False)])
async def test_a_workspace_is_public_unless_it_is_told_otherwise(
    ask: Ask, state: ReplicaState, wanted: dict[str, bool], *, public: bool
) -> None:
    """And everybody is a member of a public one (contract §5.6)."""
    body = {"workspaceName": "New", **wanted}
    made = (await ask("user", "alice").post("/api/workspaces/create", json=body)).json()
    stranger = state.test_users["stranger"].id
    path = f"/api/workspaces/{made['workspaceId']}/validate-member/{stranger}"
    assert made["isPublic"] is public
    assert (await ask("user", "alice").get(path)).json() == {"isMember": public}


def test_the_seeded_workspaces_are_private(state: ReplicaState) -> None:
    """So that a stranger can be refused."""
    assert not any(workspace.is_public for workspace in state.workspaces.values())
