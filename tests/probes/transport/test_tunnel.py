"""Every client that asks by itself goes through [proxy], and what fails there is never the
target's.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from probes.config.environment import Hosts, Target, Tls
from probes.config.proxies import Proxy
from probes.config.timeouts import Timeouts
from probes.diagnosis import network_rungs
from probes.finding import CannotAsk
from probes.recording.recorder import Recorder
from probes.runner import preflight
from probes.transport import fresh_connections, tls, websocket
from probes.transport.http import Web
from probes.transport.tunnel import ProxyFailed
from tests.support import http_proxy
from tests.support.chat_socket import PATH, echo, talking
from tests.support.http_proxy import HttpProxy
from tests.support.session_tokens import token
from tests.support.site import Site, js, secured, target_at

Ask = Callable[[Target], Awaitable[object]]
SHORT = Timeouts(answer_s=1.5, retry_delay_s=0)
USER = "Basic " + base64.b64encode(b"probes:a-pass:word").decode()


def through(proxy: HttpProxy, target: Target, credentials: str = "") -> Target:
    return replace(target, proxy=Proxy(proxy.url, credentials, loopback=True))


async def ask_http(target: Target) -> object:
    web = Web(target)
    try:
        return await web.ask("GET", f"{target.hosts.api}/api/svc/user/health/live")
    finally:
        await web.close()


async def open_a_socket(target: Target) -> object:
    web = Web(target)
    try:
        async with websocket.open_socket(web, PATH, token()) as socket:
            return socket
    finally:
        await web.close()


async def ask_for_days(target: Target) -> object:
    return await tls.days_left(target, target.hosts.apex)


@pytest.mark.usefixtures("recorder")
async def test_tls_goes_through_the_tunnel_and_is_still_verified(tmp_path: Path) -> None:
    """The name of the certificate is the host's, and the proxy is asked for the name, not for an
    address.
    """
    ca = tmp_path / "ca.pem"
    async with secured("apex.localhost", ca) as port:
        origin = f"https://apex.localhost:{port}"
        with http_proxy.http_proxy() as proxy:
            target = through(proxy, target_at_origin(origin, ca))
            assert await ask_for_days(target)
            assert await ask_http(target)
            step = await network_rungs.tls(target, "apex.localhost", port)
    assert step.rung.detail == "the certificate holds"
    assert {(method, to) for method, to, _ in proxy.seen} == {("CONNECT", f"apex.localhost:{port}")}
    assert len(proxy.seen) == 3


def target_at_origin(origin: str, ca: Path) -> Target:
    target = Target("test", Hosts(origin, origin), workspace=None, users={})  # type: ignore[arg-type]
    return replace(target, tls=Tls(str(ca)))


@pytest.mark.usefixtures("recorder")
async def test_a_socket_goes_through_the_tunnel(site: Site) -> None:
    """Also where it does not use TLS, as in a browser."""
    with http_proxy.http_proxy() as proxy:
        async with (
            talking(through(proxy, target_at(site)), echo) as web,
            websocket.open_socket(web, PATH, token()),
        ):
            pass
    assert [method for method, _, _ in proxy.seen] == ["CONNECT"]
    assert proxy.hosts == {"apex.localhost"}


@pytest.mark.usefixtures("recorder")
async def test_a_plain_request_is_passed_on(site: Site) -> None:
    """Without TLS the proxy is asked for the URL, and the host answers as ever."""
    site.says["GET api/api/svc/user/health/live"] = js({"status": "alive"})
    with http_proxy.http_proxy() as proxy:
        answer = await ask_http(through(proxy, target_at(site)))
    assert getattr(answer, "json", None) == {"status": "alive"}
    assert [method for method, _, _ in proxy.seen] == ["GET"]


@pytest.mark.usefixtures("recorder")
async def test_who_is_listed_as_direct_is_asked_without_the_proxy(site: Site) -> None:
    """By its name or by a pattern; and loopback in any case, unless the file says otherwise."""
    site.says["GET api/api/svc/user/health/live"] = js({})
    with http_proxy.http_proxy("502") as proxy:
        for settings in (
            Proxy(proxy.url, direct=("api.localhost",), loopback=True),
            Proxy(proxy.url, direct=("*.localhost",), loopback=True),
            Proxy(proxy.url),
        ):
            assert await ask_http(replace(target_at(site), proxy=settings))
    assert proxy.seen == []


@pytest.mark.usefixtures("recorder")
async def test_a_proxy_may_want_a_password(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """It comes from a variable, for tunnels and for plain requests; without it nobody is blamed."""
    site.says["GET api/api/svc/user/health/live"] = js({})
    with http_proxy.http_proxy(authorization=USER) as proxy:
        target = through(proxy, target_at(site), credentials="OUR_PROXY")
        port = site.port
        monkeypatch.setenv("OUR_PROXY", "probes:a-pass:word")
        assert await ask_http(target)
        step = await network_rungs.tcp(target, "api.localhost", port)
        assert step.rung.detail.endswith(f"opens a tunnel to port {port}")
        monkeypatch.setenv("OUR_PROXY", "probes:wrong")
        with pytest.raises(CannotAsk, match=r"\[proxy\] http://127.0.0.1:\d+ .*407"):
            await ask_http(target)
        step = await network_rungs.tcp(target, "api.localhost", port)
        assert step.rung.held
        assert "wants a user and a password (407); look at OUR_PROXY" in step.rung.detail
        monkeypatch.delenv("OUR_PROXY")
        with pytest.raises(CannotAsk, match="names OUR_PROXY, which holds no user:password"):
            await ask_http(target)


CLIENTS: dict[str, Ask] = {
    "http": ask_http,
    "socket": open_a_socket,
    "certificate": ask_for_days,
}


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("407", "wants a user and a password"),
        ("403", "it answers 403 No"),
        ("502", "it answers 502 No"),
        ("503", "it answers 503 No"),
        (http_proxy.HANGS, "within 1.2 s"),
        (http_proxy.CLOSES, "it closes the connection"),
        (http_proxy.NONSENSE, "it does not speak HTTP"),
        ("gone", "takes no connection: "),
    ],
)
async def test_a_proxy_that_fails_is_nobody_elses_fault(
    client: str, trouble: str, words: str
) -> None:
    """Each client says which proxy, and in what way it fails; none calls the target broken."""
    shown = "" if trouble == "gone" else trouble
    with http_proxy.http_proxy(shown) as proxy:
        target = through(proxy, target_at_origin("https://wealist.invalid", Path()))
        target = replace(target, tls=Tls(), timeouts=SHORT)
        if trouble != "gone":
            failure = await failure_of(CLIENTS[client], target)
    if trouble == "gone":
        failure = await failure_of(CLIENTS[client], target)
    assert str(failure).startswith(f"[proxy] {proxy.url} ")
    assert words in str(failure)


async def failure_of(ask: Ask, target: Target) -> ProxyFailed:
    with pytest.raises(ProxyFailed) as failure:
        await ask(target)
    return failure.value


@pytest.mark.parametrize("trouble", ["407", "502", "504"])
async def test_a_plain_request_that_the_proxy_refuses_blames_nobody(
    trouble: str, site: Site, recorder: Recorder
) -> None:
    """What a gateway answers and what a proxy answers look the same."""
    with http_proxy.http_proxy(trouble) as proxy, pytest.raises(ProxyFailed, match="its own word"):
        await ask_http(through(proxy, target_at(site)))
    assert "[proxy]" in str(recorder.exchanges[-1].error)


@pytest.mark.usefixtures("recorder")
async def test_a_fresh_connection_is_a_tunnel_of_its_own(tmp_path: Path) -> None:
    """The proxy alone knows a host's addresses, so the host counts as one."""
    async with secured("apex.localhost", tmp_path / "ca.pem") as port:
        origin = f"https://apex.localhost:{port}"
        with http_proxy.http_proxy() as proxy:
            target = through(proxy, target_at_origin(origin, tmp_path / "ca.pem"))
            web = Web(target)
            found = await fresh_connections.addresses(target, origin)
            for _ in range(2):
                async with fresh_connections.fresh_web(web, found[0]) as fresh:
                    await fresh.ask("GET", f"{origin}/")
            await web.close()
    assert found == ("apex.localhost",)
    assert len(proxy.seen) == 2


async def test_the_rungs_below_a_request_break_at_no_proxy() -> None:
    """DNS is the proxy's to ask, a tunnel that it does not open proves nothing."""
    with http_proxy.http_proxy("503") as proxy:
        target = through(proxy, target_at_origin("https://wealist.invalid", Path()))
        steps = [
            await network_rungs.dns(target, "wealist.invalid", 443),
            await network_rungs.tcp(target, "wealist.invalid", 443),
            await network_rungs.tls(replace(target, tls=Tls()), "wealist.invalid", 443),
        ]
    assert [step.rung.held for step in steps] == [True, True, True]
    assert "resolves wealist.invalid" in steps[0].rung.detail
    assert "could not be asked: [proxy]" in steps[1].rung.detail


def test_the_clock_of_the_target_is_read_through_the_tunnel(site: Site) -> None:
    """A proxy that fails says nothing about clocks."""
    with http_proxy.http_proxy() as proxy:
        target = through(proxy, target_at(site))
        with preflight.connect(target.proxy, "api.localhost", site.port) as connection:
            assert connection.gettimeout() == preflight.TIMEOUT_S
    assert proxy.hosts == {"api.localhost"}
    assert preflight.measure_skew(target) is None  # nobody is there any more
