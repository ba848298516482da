"""What the browser says of this machine is not said of the target."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from probes import clock
from probes.browser import browser as browsers
from probes.browser import net_errors
from probes.browser.browser import Browser
from probes.config.environment import Hosts, Target
from probes.config.proxies import Proxy
from probes.finding import Broken, CannotAsk
from probes.recording.recorder import Recorder
from probes.transport.tunnel import HostUnreached
from tests.support import http_proxy


@pytest.fixture(autouse=True)
def _right_clock() -> Iterator[None]:
    yield
    clock.correct_by(0.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("net::ERR_NETWORK_CHANGED", "the network of this machine changed"),
        ("net::ERR_PROXY_CONNECTION_FAILED", "[proxy] takes no connection"),
        ("net::ERR_PROXY_CERTIFICATE_INVALID", "[proxy]"),
        ("net::ERR_TUNNEL_CONNECTION_FAILED", "[proxy] opens no tunnel"),
        ("net::ERR_INSUFFICIENT_RESOURCES", "no more memory, file descriptors or processes"),
        ("Page.goto: net::ERR_INTERNET_DISCONNECTED at https://h/", "this machine has no network"),
        ("net::ERR_CONNECTION_REFUSED", ""),
        ("net::ERR_CERT_DATE_INVALID", ""),
        ("net::ERR_ABORTED", ""),
        ("", ""),
    ],
)
def test_this_machine_s_trouble_is_known_by_its_error(text: str, reason: str) -> None:
    """And what a target can cause is no trouble of ours."""
    found = net_errors.local_trouble(text)
    assert reason in found
    assert bool(found) is bool(reason)


def test_what_a_probe_or_the_app_did_is_no_trouble_of_the_machine() -> None:
    """A network that a probe took away, and an app that asks without an end."""
    assert net_errors.local_trouble("net::ERR_INTERNET_DISCONNECTED", offline=True) == ""
    assert net_errors.local_trouble("net::ERR_INSUFFICIENT_RESOURCES", requests=9000) == ""


def test_a_date_is_wrong_by_the_clock_here() -> None:
    """Where the target's Date says that the clock is off, no certificate is to blame."""
    clock.correct_by(90_000)
    assert "90000 s off" in net_errors.local_trouble("net::ERR_CERT_DATE_INVALID")


def test_an_authority_is_unknown_where_a_variable_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one that signed may be where nothing was mounted."""
    text = "Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://h/"
    assert net_errors.local_trouble(text) == ""
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")
    assert net_errors.local_trouble(text).startswith("SSL_CERT_DIR of this machine")


@pytest.mark.parametrize(
    ("number", "reason"),
    [(socket.EAI_AGAIN, "the resolver of this machine"), (socket.EAI_NONAME, "")],
)
async def test_a_dead_resolver_is_told_from_a_name_that_is_not_there(
    number: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser has one word for both; the system's resolver has two."""

    async def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(number, "planted")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    text = "Page.goto: net::ERR_NAME_NOT_RESOLVED at https://h/"
    found = await net_errors.navigation_trouble(text, "https://h/", Proxy())
    assert found.startswith(reason)
    assert bool(found) is bool(reason)


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([errno.ENETUNREACH, errno.ENETUNREACH], "this machine has no route"),
        ([errno.EAFNOSUPPORT], "this machine knows no addresses of that kind"),
        ([errno.ENETUNREACH, errno.ECONNREFUSED], ""),
        ([errno.EHOSTUNREACH], ""),
    ],
)
async def test_a_page_whose_host_is_out_of_reach_from_here_blames_nobody(
    numbers: list[int], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that has IPv6 addresses only does not exist for a browser without IPv6."""

    async def find(*_: Any, **__: Any) -> list[Any]:
        return []

    async def fail(*_: Any, **__: Any) -> None:
        words = [f"[Errno {number}] planted" for number in numbers]
        one = OSError(numbers[0], "planted")
        raise one if len(words) == 1 else OSError(f"Multiple exceptions: {', '.join(words)}")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", find)
    monkeypatch.setattr(asyncio, "open_connection", fail)
    for name in ("ERR_NAME_NOT_RESOLVED", "ERR_ADDRESS_UNREACHABLE"):
        text = f"net::{name} at https://h/"
        found = await net_errors.navigation_trouble(text, "https://h/", Proxy())
        assert (found[: len(reason)], bool(found)) == (reason, bool(reason))


@pytest.mark.parametrize("is_local", [True, False])
async def test_a_page_that_this_machine_kept_away_is_unknown(
    is_local: bool, target: Target, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for it: the scenario is not asked, and the target not blamed. What refuses the
    browser itself is the target's, as before.
    """
    closed = ["--proxy-server=127.0.0.1:1", "--proxy-bypass-list=<-loopback>"]
    monkeypatch.setattr(browsers, "device_arguments", lambda _: closed if is_local else [])
    origin = "http://apex.localhost:4999"
    expected = CannotAsk if is_local else Broken
    with pytest.raises(expected) as failure:
        await visit(replace(target, hosts=Hosts(origin, origin)))
    assert ("[proxy]" in str(failure.value)) is is_local


async def visit(target: Target) -> None:
    browser = Browser(target)
    try:
        async with browser.visit("/"):
            pass
    finally:
        await browser.close()


@pytest.mark.parametrize("port", [":8443", ""])
async def test_a_page_of_a_host_that_the_proxy_does_not_reach_says_which(
    port: str, target: Target, recorder: Recorder
) -> None:
    """The browser has one word for that and for a proxy that fails; who judges compares hosts."""
    origin = f"https://apex.localhost{port}"
    with http_proxy.http_proxy() as proxy:
        proxy.unreached.add("apex.localhost")
        behind = Proxy(proxy.url, loopback=True)
        with pytest.raises(HostUnreached) as failure:
            await visit(replace(target, hosts=Hosts(origin, origin), proxy=behind))
    assert failure.value.place == ("apex.localhost", int(port[1:] or 443))


async def test_a_tunnel_that_opens_after_all_leaves_what_the_browser_said() -> None:
    """A proxy that failed once: nobody else is blamed."""
    text = "Page.goto: net::ERR_TUNNEL_CONNECTION_FAILED at https://127.0.0.1/"
    async with await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with http_proxy.http_proxy() as proxy:
            said = await net_errors.navigation_trouble(text, url, Proxy(proxy.url, loopback=True))
    assert said == "[proxy] opens no tunnel"
