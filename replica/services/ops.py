"""ops-service: remote configuration for everybody, and the portal's own users (contract §6)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response

from replica.models import PortalUserModel, SettingModel
from replica.services.gin import ServiceCall, engine, public, route
from replica.services.response_formats import (
    Refusal,
    forbidden,
    not_found,
    ops_error,
    refuse_unauthorized,
    success_data,
)
from replica.state import ReplicaState

SERVICES = ("auth", "user", "board", "chat", "noti", "storage", "ops")
OVERVIEW = {
    "totalRequests": 5400.0,
    "avgResponseTime": 12.5,
    "errorPercentage": 0,
    "activeServices": len(SERVICES),
    "totalEndpoints": 0,
}
RESOURCES = {
    "nodeCount": 3,
    "podCount": 4 * len(SERVICES),
    "cpuUsage": 25.0,
    "memoryUsage": 50.0,
    "totalCpuCores": 6,
    "totalMemoryGb": 24.0,
    "healthyPods": 4 * len(SERVICES),
    "unhealthyPods": 0,
}


def app(state: ReplicaState) -> Starlette:
    routes = [
        public("GET", "/api/config/active", active),
        public("GET", "/api/config/{key}", by_key),
        route("GET", "/api/users/me", me),
        route("GET", "/api/admin/users", users),
        route("GET", "/api/monitoring/applications", applications),
        route("GET", "/api/monitoring/metrics/overview", overview),
        route("GET", "/api/monitoring/metrics/cluster", cluster),
    ]
    return engine(state, "ops", routes, base="/api", error_format=ops_error)


async def active(call: ServiceCall) -> Response:
    return success_data({row.key: row.value for row in call.state.settings.values()})


async def by_key(call: ServiceCall) -> Response:
    key = call.request.path_params["key"]
    row = next((row for row in call.state.settings.values() if row.key == key), None)
    if row is None:
        raise not_found("Config not found")
    return success_data(_setting(row))


async def me(call: ServiceCall) -> Response:
    row = _portal_user(call)
    if call.state.is_fault_active("ops-takes-one-for-another"):
        row = replace(row, email="another@probes.invalid", name="Another")
    return success_data(_describe(row))


async def users(call: ServiceCall) -> Response:
    if _portal_user(call).role != "admin":
        raise forbidden("Access denied: Insufficient permissions")
    return success_data([_describe(row) for row in call.state.portal_users.values()])


async def applications(call: ServiceCall) -> Response:
    _expect_monitoring(call)
    return success_data(
        [
            {
                "name": f"{name}-service-prod",
                "namespace": "argocd",
                "project": "wealist-prod",
                "sync": "Synced",
                "health": "Healthy",
            }
            for name in SERVICES
        ]
    )


async def overview(call: ServiceCall) -> Response:
    return _answer_numbers(call, OVERVIEW)


async def cluster(call: ServiceCall) -> Response:
    return _answer_numbers(call, RESOURCES)


def _answer_numbers(call: ServiceCall, numbers: Mapping[str, float]) -> Response:
    """Each question that Prometheus does not answer counts as 0."""
    _expect_monitoring(call)
    if call.state.is_fault_active("ops-monitoring-is-empty"):
        return success_data(dict.fromkeys(numbers, 0))
    return success_data(dict(numbers))


def _expect_monitoring(call: ServiceCall) -> None:
    _portal_user(call)
    if call.state.is_fault_active("ops-monitoring-fails"):
        raise Refusal(500, "INTERNAL_ERROR", "Failed to get ArgoCD applications")


def _portal_user(call: ServiceCall) -> PortalUserModel:
    """Only who has a row: nothing in the portal ever makes one."""
    email = call.claims.get("email")
    if not email:
        raise refuse_unauthorized("Email not found in token")
    row = next((row for row in call.state.portal_users.values() if row.email == email), None)
    if row is None or call.state.is_fault_active("portal-user-missing"):
        raise forbidden("Access denied: Not a portal user")
    if call.state.is_fault_active("portal-user-is-inactive"):
        raise forbidden("Access denied: User is inactive")
    return row


def _describe(row: PortalUserModel) -> dict[str, Any]:
    shown = {"id": row.id, "email": row.email, "name": row.name, "role": row.role, "isActive": True}
    return shown | {"createdAt": row.created_at}


def _setting(row: SettingModel) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "value": row.value,
        "description": row.description,
        "isActive": True,
        "updatedAt": row.updated_at,
    }
