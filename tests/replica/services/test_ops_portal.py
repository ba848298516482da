"""ops-portal's nginx: pages with their types, the app for every path of its router."""

import pytest

from replica.state import ReplicaState
from tests.support.service_fixtures import HOSTS, Ask


async def test_every_path_of_the_router_is_the_app(ask: Ask) -> None:
    """Assets as what they are, all else as the page, which knows where people sign in."""
    portal = ask("ops-portal")
    for path in ("/", "/login", "/anything"):
        answer = await portal.get(path)
        assert (answer.headers["content-type"], "WeAlist Admin Portal" in answer.text) == (
            "text/html",
            True,
        )
    assert (await portal.get("/assets/portal.js")).headers["content-type"] == "text/javascript"
    assert HOSTS.api in (await portal.get("/env.js")).text
    assert (await portal.get("/health")).text == "healthy\n"


@pytest.mark.parametrize("production", [False, True])
async def test_its_pages_are_framed_by_nobody(
    ask: Ask, state: ReplicaState, *, production: bool
) -> None:
    """Nothing shows that production says so."""
    state.production = production
    assert ("x-frame-options" in (await ask("ops-portal").get("/")).headers) is not production


@pytest.mark.parametrize("production", [False, True])
async def test_its_sources_are_there_in_production(
    ask: Ask, state: ReplicaState, *, production: bool
) -> None:
    """As weAlist builds it; elsewhere the app stands in their place."""
    state.production = production
    answer = await ask("ops-portal").get("/assets/portal.js.map")
    assert ("mappings" in answer.text) is production
