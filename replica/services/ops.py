"""ops-service: remote configuration for everybody, and the portal's own users (contract §6)."""

from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response

from replica.rows import Setting
from replica.services.answers import enveloped, forbidden, not_found, ops_error, unauthorized
from replica.services.gin import Call, engine, public, route
from replica.world import World


def app(world: World) -> Starlette:
    routes = [
        public("GET", "/api/config/active", active),
        public("GET", "/api/config/{key}", by_key),
        route("GET", "/api/users/me", me),
    ]
    return engine(world, "ops", routes, base="/api", phrase=ops_error)


async def active(call: Call) -> Response:
    return enveloped({row.key: row.value for row in call.world.settings.values()})


async def by_key(call: Call) -> Response:
    key = call.request.path_params["key"]
    row = next((row for row in call.world.settings.values() if row.key == key), None)
    if row is None:
        raise not_found("Config not found")
    return enveloped(_setting(row))


async def me(call: Call) -> Response:
    """Only who has a row: nothing in the portal ever makes one."""
    email = call.claims.get("email")
    if not email:
        raise unauthorized("Email not found in token")
    row = next((row for row in call.world.portal_users.values() if row.email == email), None)
    if row is None:
        raise forbidden("Access denied: Not a portal user")
    shown = {"id": row.id, "email": row.email, "name": row.name, "role": row.role, "isActive": True}
    return enveloped(shown | {"createdAt": row.created_at})


def _setting(row: Setting) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "value": row.value,
        "description": row.description,
        "isActive": True,
        "updatedAt": row.updated_at,
    }
