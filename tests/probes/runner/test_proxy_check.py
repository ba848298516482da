"""A promise that seems broken behind a proxy that fails is UNKNOWN; behind one that works it is
broken.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from probes.config.environment import Hosts, Tls
from probes.config.proxies import Proxy
from probes.config.timeouts import Timeouts
from probes.finding import CannotAsk
from probes.runner.proxy_check import ProxyCheck, find_problems
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
        assert await check.problem_of(None)


@pytest.mark.usefixtures("recorder")
async def test_a_proxy_that_works_takes_no_blame(site: Site, tmp_path: Path) -> None:
    """Until it stops working in the middle of a run."""
    ca = tmp_path / "ca.pem"
    async with secured("apex.localhost", ca) as port:
        with http_proxy.http_proxy() as proxy:
            check = check_at(proxy, f"https://apex.localhost:{port}", site, str(ca))
            await check.expect_usable(1)
            assert not await check.problem_of(None)
            proxy.trouble = "503"
            assert "it answers 503 No" in await check.problem_of(None)


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


async def test_nothing_is_asked_without_a_proxy(site: Site) -> None:
    """Nor where every host is direct."""
    check = ProxyCheck(target_at(site))
    await check.expect_usable(1)
    assert not await check.problem_of(None)
    assert site.asked == []
