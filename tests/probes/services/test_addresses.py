"""A host is served at each of its addresses, on each new connection."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from probes.finding import Broken, CannotAsk, Code, NotApplicable
from probes.services import addresses
from probes.transport.http import Web
from tests.support.site import Said, Site, js, target_at

pytestmark = pytest.mark.usefixtures("recorder")
OK, DOWN, MISSING = js({}), Said(503, b"down", "text/plain"), js({}, 404)


@asynccontextmanager
async def web_with(site: Site, loopback: Sequence[str]) -> AsyncIterator[Web]:
    usual = target_at(site)
    web = Web(replace(usual, hosts=replace(usual.hosts, loopback=tuple(loopback))))
    yield web
    await web.close()


@pytest.mark.parametrize("answer", [OK, MISSING], ids=["ok", "missing"])
async def test_whatever_a_host_says_itself_serves(site: Site, answer: Said) -> None:
    """It is asked four times, even where it has one address."""
    site.says["GET apex/"] = answer
    async with web_with(site, ["127.0.0.1"]) as web:
        await addresses.expect_all_served(web, site.origin("apex"))
    assert len(site.asked) == addresses.CONNECTIONS


@pytest.mark.parametrize("good", [0, 1, 2, 3])
async def test_one_answer_of_four_that_nobody_gives_is_found(site: Site, good: int) -> None:
    """Whichever of them it is; the finding brings how to judge another answer."""
    site.says["GET apex/"] = OK
    site.first["GET apex/"] = [*[OK] * good, DOWN]
    async with web_with(site, ["127.0.0.1"]) as web:
        with pytest.raises(Broken) as failure:
            await addresses.expect_all_served(web, site.origin("apex"))
    assert failure.value.finding.code is Code.SERVICE_UNAVAILABLE
    assert failure.value.judge is addresses.explain_served


async def test_an_empty_answer_serves_nobody(site: Site) -> None:
    """Whoever sends it, it is no page and no refusal."""
    site.says["GET apex/"] = Said(200)
    async with web_with(site, ["127.0.0.1"]) as web:
        with pytest.raises(Broken, match="and nothing else"):
            await addresses.expect_all_served(web, site.origin("apex"))


async def test_an_address_that_refuses_is_found(site: Site) -> None:
    """The other one answers as ever."""
    site.says["GET apex/"] = OK
    async with web_with(site, ["127.0.0.1", "127.0.0.2"]) as web:
        with pytest.raises(Broken) as failure:
            await addresses.expect_all_served(web, site.origin("apex"))
    assert failure.value.finding.code is Code.HOST_UNREACHABLE


@pytest.mark.parametrize("reachable", [True, False])
async def test_an_address_that_this_machine_cannot_ask_blames_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch, reachable: bool
) -> None:
    """As one of IPv6 without a route to it; where there is no other, nothing is known."""
    site.says["GET apex/"] = OK
    there = "127.0.0.1"

    async def serve(_: Web, __: str, address: str) -> None:
        if address != there or not reachable:
            raise CannotAsk("this machine has no route to the network")

    monkeypatch.setattr(addresses, "_expect_served", serve)
    async with web_with(site, [there, "::1"]) as web:
        if reachable:
            await addresses.expect_all_served(web, site.origin("apex"))
            return
        with pytest.raises(CannotAsk, match="no route"):
            await addresses.expect_all_served(web, site.origin("apex"))


async def test_a_host_that_is_not_named_makes_no_promise(web: Web) -> None:
    """As in an environment without a CDN."""
    with pytest.raises(NotApplicable):
        await addresses.expect_all_served(web, "")
