"""What of the browser's network errors is this machine's own trouble.

Source: chromium.googlesource.com/chromium/src, net/base/net_error_list.h.
"""

import asyncio
import re

from probes import clock
from probes.config import urls
from probes.config.environment import address
from probes.config.proxies import Proxy
from probes.transport import connection_errors
from probes.transport.tunnel import open_tunnel

_LOOKUP_TIMEOUT_S, _TUNNEL_TIMEOUT_S = 2.0, 5.0
# An app that asks without an end meets the browser's limit on its own (net/url_request).
_MANY_REQUESTS = 1000
_NAME = re.compile(r"\bERR_[A-Z0-9_]+")
_MACHINE = "this machine"
_NO_TUNNEL = "ERR_TUNNEL_CONNECTION_FAILED"
_LOCAL = {
    "ERR_NETWORK_CHANGED": f"the network of {_MACHINE} changed meanwhile",
    "ERR_NETWORK_IO_SUSPENDED": f"{_MACHINE} was suspended meanwhile",
    "ERR_NETWORK_ACCESS_DENIED": f"{_MACHINE} forbids the connection (a firewall or a sandbox)",
    "ERR_OUT_OF_MEMORY": f"{_MACHINE} has no memory left",
    "ERR_NO_BUFFER_SPACE": f"{_MACHINE} has no socket buffer left",
    "ERR_FILE_NO_SPACE": f"the disk of {_MACHINE} is full",
    "ERR_ADDRESS_IN_USE": f"{_MACHINE} has no local port left",
    "ERR_MANDATORY_PROXY_CONFIGURATION_FAILED": "the browser cannot use [proxy] as it is written",
    "ERR_NO_SUPPORTED_PROXIES": "the browser cannot use [proxy] as it is written",
    _NO_TUNNEL: "[proxy] opens no tunnel",
    "ERR_SOCKS_CONNECTION_FAILED": "[proxy] opens no connection",
    "ERR_SOCKS_CONNECTION_HOST_UNREACHABLE": "[proxy] opens no connection",
}
_EXHAUSTED = "ERR_INSUFFICIENT_RESOURCES"
_DISCONNECTED = "ERR_INTERNET_DISCONNECTED"
_UNREACHED = ("ERR_NAME_NOT_RESOLVED", "ERR_ADDRESS_UNREACHABLE")
_CERTIFICATE_DATE = "ERR_CERT_DATE_INVALID"
_UNTRUSTED = "ERR_CERT_AUTHORITY_INVALID"


def local_trouble(text: str, requests: int = 0, *, offline: bool = False) -> str:
    """What is wrong here, where the browser says so in `text`; "" where it does not. `requests`:
    how many the page has made; `offline`: whether a probe took its network away.
    """
    name = (_NAME.search(text) or [""])[0]
    if name.startswith("ERR_PROXY_"):
        return "[proxy] takes no connection, or wants another user"
    if name == _EXHAUSTED and requests < _MANY_REQUESTS:
        return f"{_MACHINE} gives the browser no more memory, file descriptors or processes"
    if name == _DISCONNECTED and not offline:
        return f"{_MACHINE} has no network"
    if name == _CERTIFICATE_DATE and clock.offset_s():
        return f"the clock of {_MACHINE} is {abs(clock.offset_s()):.0f} s off that of the target"
    if name == _UNTRUSTED:
        return connection_errors.trust_trouble()
    return _LOCAL.get(name, "")


async def navigation_trouble(text: str, url: str, proxy: Proxy) -> str:
    """What is wrong here, where the browser could not open `url`; "" where nothing is, as where the
    resolver answers that there is no such name. Raises ProxyFailed, by which it is known whether
    the proxy fails or only misses this host: the browser does not tell.
    """
    if any(name in text for name in _UNREACHED):
        return await _own_trouble(url)
    if _NO_TUNNEL in text:
        host, port = urls.place(url)
        (await open_tunnel(proxy, host, port, _TUNNEL_TIMEOUT_S)).close()
    return local_trouble(text)


async def _own_trouble(url: str) -> str:
    """What a connection of ours to the same place meets: the browser has one word for a name that
    is not there, a dead resolver, and a name whose addresses this machine has no way to.
    """
    name, port = urls.place(url)
    host = address(name)
    try:
        async with asyncio.timeout(_LOOKUP_TIMEOUT_S):
            await asyncio.get_running_loop().getaddrinfo(host, port)
    except TimeoutError:
        return f"the resolver of {_MACHINE} does not answer"
    except OSError as error:
        return connection_errors.local_trouble(error)
    try:
        async with asyncio.timeout(_LOOKUP_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except OSError as error:  # of which TimeoutError is one, and nobody's here
        return connection_errors.local_trouble(error)
    return ""
