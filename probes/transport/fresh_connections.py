"""Ask on a connection that nobody has used before, at one chosen address of a name: a bad one
among several hides behind connections that are kept, and behind addresses that are tried in turn.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx

from probes.config.environment import Target, address
from probes.transport.connections import LoopbackNames
from probes.transport.http import Web


class OneAddress(httpx.AsyncHTTPTransport):
    """Connects every name to one address, and asks for the name's certificate there."""

    def __init__(self, verify: ssl.SSLContext, address: str) -> None:
        super().__init__(verify=verify, limits=httpx.Limits(max_keepalive_connections=0))
        self._address = address

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request = httpx.Request(
            request.method,
            request.url.copy_with(host=self._address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return await super().handle_async_request(request)


@asynccontextmanager
async def fresh_web(web: Web, address: str) -> AsyncIterator[Web]:
    """A Web whose every request goes to `address` on a connection of its own; or to a name to which
    [proxy] leads, on a tunnel of its own.
    """
    trust, proxy = web.target.trust, web.target.proxy
    if proxy.leads_to(address):
        fresh = Web(web.target, LoopbackNames(trust, proxy, most_idle=0))
    else:
        fresh = Web(web.target, OneAddress(trust, address))
    try:
        yield fresh
    finally:
        await fresh.close()


async def addresses(target: Target, url: str) -> tuple[str, ...]:
    """Every address of the name in `url`, IPv4 before IPv6; of a name under .localhost those that
    the environment gives it. Where [proxy] leads to the name, the name itself: only the proxy knows
    its addresses. Raises OSError where the name does not resolve.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if target.proxy.leads_to(host):
        return (host,)
    if address(host) != host or host == "localhost":
        return target.hosts.loopback
    loop = asyncio.get_running_loop()
    rows = await loop.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    found = {str(row[4][0]) for row in rows}
    return tuple(sorted(found, key=_by_version))


def _by_version(text: str) -> tuple[int, str]:
    return ipaddress.ip_address(text.partition("%")[0]).version, text


def turn(number: int, of: int) -> int:
    """Which of so many addresses is asked at a turn; pure. Each is asked as often as the others,
    and never in step with instances behind them that take turns (Thue and Morse's sequence).
    """
    digits = 0
    while number and of > 1:
        number, digit = divmod(number, of)
        digits += digit
    return digits % of
