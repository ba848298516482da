"""Every address of a name is asked, each on a connection of its own."""

import socket
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from probes.config.environment import Hosts, Target
from probes.transport.fresh_connections import addresses, fresh_web, turn
from probes.transport.http import Web
from tests.support.site import Site, js


@pytest.mark.parametrize("of", [1, 2, 3, 4, 6, 12])
def test_every_address_gets_its_turn(of: int) -> None:
    """In twelve turns each is asked, and of two or three as often as the others."""
    turns = Counter(turn(number, of) for number in range(12))
    assert set(turns) == set(range(of))
    if of in (1, 2, 4):
        assert len(set(turns.values())) == 1


@pytest.mark.parametrize("period", [2, 3, 4])
def test_turns_are_not_in_step_with_instances_that_take_turns(period: int) -> None:
    """Else every second answer would look like every second address: some address would be asked
    at those turns alone.
    """
    for first in range(period):
        turns = range(first, 12, period)
        others = {turn(number, 2) for number in range(12) if number not in turns}
        assert others == {0, 1}


@pytest.mark.usefixtures("recorder")
async def test_the_name_is_asked_at_the_address(web: Web, site: Site) -> None:
    """The host that the request names is the name's, whatever the address."""
    site.says["GET apex/x"] = js({})
    async with fresh_web(web, "127.0.0.1") as fresh:
        answer = await fresh.ask("GET", site.origin("apex") + "/x")
    assert answer.status == 200
    assert answer.url == site.origin("apex") + "/x"


async def test_a_name_under_localhost_has_the_addresses_that_the_environment_gives(
    target: Target,
) -> None:
    """No DNS knows them."""
    both = ("127.0.0.1", "127.0.0.2")
    named = replace(target, hosts=replace(target.hosts, loopback=both))
    assert await addresses(named, "https://api.localhost:1/x") == both
    assert await addresses(target, "https://api.localhost:1/x") == ("127.0.0.1",)


async def test_a_name_has_its_addresses_of_both_versions(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, IPv4 first."""

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        assert (host, port) == ("example.org", 443)
        found = ("2001:db8::1", "192.0.2.9", "192.0.2.10", "192.0.2.9")
        return [(0, 0, 0, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    named = replace(target, hosts=Hosts("https://example.org", "https://example.org"))
    found = await addresses(named, "https://example.org/x")
    assert found == ("192.0.2.10", "192.0.2.9", "2001:db8::1")
