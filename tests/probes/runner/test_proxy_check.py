"""A promise that seems broken behind a proxy that fails is UNKNOWN; behind one that works it is
broken.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from probes.config.environment import Hosts, Tls
from probes.config.proxies import Proxy
from probes.config.timeouts import Timeouts
from probes.finding import CannotAsk, Code
from probes.recording.recorder import Recorder
from probes.runner.proxy_check import NOT_FROM_PROXY, ProxyCheck, find_problems
from probes.transport.tunnel import HostUnreached, ProxyFailed
from tests.support import http_proxy
from tests.support.http_proxy import HttpProxy
from tests.support.site import Site, secured, target_at

SHORT = Timeouts(answer_s=2, retry_delay_s=0)


def check_at(proxy: HttpProxy, origin: str, site: Site, ca: str = "") -> ProxyCheck:
    target = target_at(site, hosts=Hosts(origin, origin), tls=Tls(ca), timeouts=SHORT)
    return ProxyCheck(replace(target, proxy=Proxy(proxy.url, loopback=True)))


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("trouble", ["407", "502", http_proxy.HANGS, http_proxy.CLOSES])
@pytest.mark.slow
async def test_a_proxy_that_leads_nowhere_is_found_before_anything_is_asked(
    trouble: str, site: Site
) -> None:
    """Once for all scenarios that make the same attempt, however long that takes."""
    with http_proxy.http_proxy(trouble) as proxy:
        check = check_at(proxy, "https://wealist.invalid", site)
        for _ in range(3):
            with pytest.raises(CannotAsk, match=r"^\[proxy\] http://"):
                await check.expect_usable(1)
        assert len(proxy.seen) == 2
        assert await check.problem_of(None, 1)


@pytest.mark.usefixtures("recorder")
async def test_a_proxy_that_works_takes_no_blame(site: Site, tmp_path: Path) -> None:
    """Until it stops working in the middle of a run."""
    ca = tmp_path / "ca.pem"
    async with secured("apex.localhost", ca) as port:
        with http_proxy.http_proxy() as proxy:
            check = check_at(proxy, f"https://apex.localhost:{port}", site, str(ca))
            await check.expect_usable(1)
            assert not await check.problem_of(None, 1)
            proxy.trouble = "503"
            assert "it answers 503 No" in await check.problem_of(None, 1)


@pytest.mark.usefixtures("recorder")
async def test_a_proxy_that_opens_tls_is_told_from_a_bad_certificate(
    site: Site, tmp_path: Path
) -> None:
    """Its authority is to be trusted; nobody renews a certificate for it."""
    async with secured("apex.localhost", tmp_path / "ca.pem") as port:
        with http_proxy.http_proxy() as proxy:
            check = check_at(proxy, f"https://apex.localhost:{port}", site)
            with pytest.raises(CannotAsk, match=r"add its authority to ca in \[tls\]"):
                await check.expect_usable(1)


async def test_one_host_that_is_not_reached_stops_no_run(site: Site, tmp_path: Path) -> None:
    """What can be asked of the others is asked."""
    ca = tmp_path / "ca.pem"
    async with secured("apex.localhost", ca) as port:
        with http_proxy.http_proxy() as proxy:
            origins = f"https://apex.localhost:{port}", "https://localhost:1"
            target = target_at(site, hosts=Hosts(*origins), tls=Tls(str(ca)), timeouts=SHORT)
            target = replace(target, proxy=Proxy(proxy.url, loopback=True))
            problems = await find_problems(target, origins)
            await ProxyCheck(target).expect_usable(1)
    assert [bool(problem) for problem in problems] == [False, True]


HERE, DOWN = "apex.localhost", "api.localhost"


@asynccontextmanager
async def one_host_down(site: Site, ca: Path) -> AsyncIterator[tuple[ProxyCheck, HttpProxy, int]]:
    """A check behind a proxy that reaches HERE and not DOWN, and the port of both."""
    async with secured(HERE, ca) as port:
        with http_proxy.http_proxy() as proxy:
            proxy.unreached.add(DOWN)
            hosts = Hosts(f"https://{HERE}:{port}", f"https://{DOWN}:{port}")
            target = target_at(site, hosts=hosts, tls=Tls(str(ca)), timeouts=SHORT)
            yield ProxyCheck(replace(target, proxy=Proxy(proxy.url, loopback=True))), proxy, port


def unreached(port: int) -> HostUnreached:
    return HostUnreached("503", (DOWN, port), 503)


async def test_a_host_that_only_the_proxy_does_not_reach_is_broken(
    site: Site, tmp_path: Path
) -> None:
    """The proxy works, since it reaches another; asked once for all who met the same."""
    async with one_host_down(site, tmp_path / "ca.pem") as (check, proxy, port):
        found = await check.explain_unreached(unreached(port), 1)
        assert await check.explain_unreached(unreached(port), 1) is found
    assert found
    assert found.code is Code.HOST_UNREACHABLE
    assert found.observed == (
        f"{DOWN}:{port} is not reached: [proxy] {proxy.url} answers 503 for it, and opens a tunnel "
        f"to {HERE}"
    )
    assert found.cause == NOT_FROM_PROXY
    assert [place for _, place, _ in proxy.seen] == [f"{HERE}:{port}", f"{DOWN}:{port}"]


async def test_what_was_seen_of_that_host_before_stands(
    site: Site, tmp_path: Path, recorder: Recorder
) -> None:
    """It broke a promise and went away: that is no trouble of the proxy's."""
    async with one_host_down(site, tmp_path / "ca.pem") as (check, _, port):
        with recorder.exchange("http", "GET", f"https://{DOWN}:{port}/x") as exchange:
            pass
        assert not await check.problem_of(exchange, 1)


@pytest.mark.parametrize("doubt", ["no other host is reached", "it is reached now", "403"])
async def test_a_proxy_that_may_fail_itself_blames_no_host(
    doubt: str, site: Site, tmp_path: Path
) -> None:
    """What is not known to be the host's is UNKNOWN."""
    async with one_host_down(site, tmp_path / "ca.pem") as (check, proxy, port):
        failed: CannotAsk = unreached(port)
        if doubt == "no other host is reached":
            proxy.unreached.add(HERE)
        elif doubt == "it is reached now":
            proxy.unreached.clear()
        else:
            failed = ProxyFailed("it answers 403 Forbidden")
        assert await check.explain_unreached(failed, 1) is None


async def test_nothing_is_asked_without_a_proxy(site: Site) -> None:
    """Nor where every host is direct."""
    check = ProxyCheck(target_at(site))
    await check.expect_usable(1)
    assert not await check.problem_of(None, 1)
    assert site.asked == []
