"""ops-service: what everybody may read, and whom the portal knows."""

from replica.state import ReplicaState
from tests.support.service_fixtures import Ask


async def test_the_configuration_is_open(ask: Ask) -> None:
    """As a map, and key by key; an unknown key is 404 in ops's own words."""
    assert (await ask("ops").get("/api/config/active")).json()["data"] == {
        "maintenance.enabled": "false"
    }
    assert (await ask("ops").get("/api/config/maintenance.enabled")).json()["data"][
        "value"
    ] == "false"
    answer = await ask("ops").get("/api/config/none")
    assert (answer.status_code, answer.json()) == (
        404,
        {"success": False, "message": "Config not found"},
    )


async def test_only_portal_users_come_in(ask: Ask, state: ReplicaState) -> None:
    """The operator has a row, alice has none, and a token without an e-mail says nothing."""
    assert (await ask("ops", "operator").get("/api/users/me")).json()["data"]["role"] == "admin"
    refused = await ask("ops", "alice").get("/api/users/me")
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Access denied: Not a portal user",
    )
    token = state.key.mint(state.test_users["operator"].id, "", "access", 60)
    bare = {"Authorization": f"Bearer {token}"}
    answer = await ask("ops", **bare).get("/api/users/me")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        401,
        "Email not found in token",
    )


PANELS = ("monitoring/applications", "monitoring/metrics/overview", "monitoring/metrics/cluster")


async def test_the_dashboard_is_for_portal_users(ask: Ask) -> None:
    """Each of its panels answers the operator, and refuses alice (contract §6)."""
    for panel in PANELS:
        assert (await ask("ops", "operator").get(f"/api/{panel}")).json()["data"]
        assert (await ask("ops", "alice").get(f"/api/{panel}")).status_code == 403


async def test_only_an_admin_sees_who_else_comes_in(ask: Ask, state: ReplicaState) -> None:
    """A viewer is a portal user and may not."""
    operator = ask("ops", "operator")
    [row] = (await operator.get("/api/admin/users")).json()["data"]
    assert row["email"] == state.test_users["operator"].email
    next(iter(state.portal_users.values())).role = "viewer"
    assert (await operator.get("/api/admin/users")).status_code == 403


async def test_portal_user_is_inactive(ask: Ask, state: ReplicaState) -> None:
    """Refused with 403, in words of its own."""
    state.faults = {"portal-user-is-inactive"}
    answer = await ask("ops", "operator").get("/api/users/me")
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "Access denied: User is inactive",
    )


async def test_portal_user_missing(ask: Ask, state: ReplicaState) -> None:
    """The operator is refused like anybody."""
    state.faults = {"portal-user-missing"}
    refused = await ask("ops", "operator").get("/api/users/me")
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Access denied: Not a portal user",
    )
