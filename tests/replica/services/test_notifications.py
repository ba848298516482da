"""noti-service: what somebody should know."""

from replica.models import new_id
from replica.state import ReplicaState
from tests.support.service_fixtures import Ask

NOTIFICATIONS = "/api/notifications"


async def told(ask: Ask, state: ReplicaState, key: str) -> int:
    event = {
        "type": "BOARD_ASSIGNED",
        "actorId": state.test_users["alice"].id,
        "targetUserId": state.test_users["bob"].id,
        "workspaceId": state.home.id,
        "resourceType": "board",
        "resourceId": new_id(),
    }
    answer = await ask("noti", **{"x-internal-api-key": key}).post(
        "/api/internal/notifications", json=event
    )
    return answer.status_code


async def test_the_workspace_header_is_asked_for(ask: Ask) -> None:
    """400 without it, and for one that is no id."""
    assert (await ask("noti", "bob").get(NOTIFICATIONS)).json()["error"]["code"] == "BAD_REQUEST"
    odd = {"X-Workspace-Id": "x"}
    assert (await ask("noti", "bob", **odd).get(f"{NOTIFICATIONS}/unread-count")).status_code == 400


async def test_a_notification_is_read_and_removed(ask: Ask, state: ReplicaState) -> None:
    """By whom it is for, and by nobody else."""
    here = {"X-Workspace-Id": state.home.id}
    bob, alice = ask("noti", "bob", **here), ask("noti", "alice", **here)
    assert await told(ask, state, state.internal_key) == 201
    listed = (await bob.get(NOTIFICATIONS, params={"unreadOnly": "true"})).json()
    (only,) = listed["notifications"]
    assert (listed["total"], listed["limit"], listed["hasMore"], only["isRead"]) == (
        1,
        20,
        False,
        False,
    )
    assert (await alice.get(NOTIFICATIONS)).json()["notifications"] == []
    assert (await bob.get(f"{NOTIFICATIONS}/unread-count")).json() == {
        "count": 1,
        "workspaceId": state.home.id,
    }
    path = f"{NOTIFICATIONS}/{only['id']}"
    assert (await alice.patch(f"{path}/read")).status_code == 404
    assert (await bob.patch(f"{path}/read")).json()["isRead"] is True
    assert (await bob.post(f"{NOTIFICATIONS}/read-all")).json() == {"markedAsRead": 0}
    assert (await bob.delete(path)).status_code == 204


async def test_all_are_read_at_once(ask: Ask, state: ReplicaState) -> None:
    """And then none is unread."""
    bob = ask("noti", "bob", **{"X-Workspace-Id": state.home.id})
    await told(ask, state, state.internal_key)
    await told(ask, state, state.internal_key)
    assert (await bob.post(f"{NOTIFICATIONS}/read-all")).json() == {"markedAsRead": 2}


async def test_only_services_tell(ask: Ask, state: ReplicaState) -> None:
    """The internal route wants the internal key."""
    assert await told(ask, state, "guess") == 401
