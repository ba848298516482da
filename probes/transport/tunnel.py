"""The tunnel that [proxy] opens to a host (CONNECT, RFC 9110 9.3.6), for every client that does not
ask for it by itself.

What goes wrong on the way to it, and in it before the host can have answered, is the proxy's.
"""

import asyncio
import os
import socket

import h11

from probes.config.environment import address
from probes.config.proxies import Proxy
from probes.finding import CannotAsk
from probes.transport.connection_errors import local_trouble

_CHUNK_BYTES = 4096
_NO_CREDENTIALS = 407
# What a proxy answers that finds no way to the host (RFC 9110 15.6).
UNREACHED = (502, 503, 504)


class ProxyFailed(CannotAsk):
    """[proxy] did not lead to the host; who waits there is not known."""


class HostUnreached(ProxyFailed):
    """The proxy says that it does not reach the host: the host may be down, or the proxy may have
    no way to any host.
    """

    def __init__(self, message: str, place: tuple[str, int], status: int) -> None:
        super().__init__(message)
        self.place, self.status = place, status


async def open_tunnel(proxy: Proxy, host: str, port: int, timeout_s: float) -> socket.socket:
    """A socket that does not block, connected to `host` through `proxy`. Raises ProxyFailed."""
    connection: socket.socket | None = None
    try:
        async with asyncio.timeout(timeout_s):
            connection = await _connect(*proxy.place)
            await _ask_for_tunnel(proxy, host, port, connection)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, OSError):  # of which TimeoutError is one
            raise explain(proxy, host, port, error, timeout_s) from error
        raise
    return connection


def open_blocking_tunnel(proxy: Proxy, host: str, port: int, timeout_s: float) -> socket.socket:
    """For who runs on no loop. Raises ProxyFailed."""
    connection = asyncio.run(open_tunnel(proxy, host, port, timeout_s))
    connection.settimeout(timeout_s)
    return connection


async def _connect(host: str, port: int) -> socket.socket:
    """At the first of its addresses that takes the connection. Raises OSError."""
    loop = asyncio.get_running_loop()
    rows = await loop.getaddrinfo(address(host), port, type=socket.SOCK_STREAM)
    refused: OSError | None = None
    for family, kind, protocol, _, place in rows:
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, place)
        except OSError as error:
            sock.close()
            refused = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise refused or OSError(f"{host} has no address")


async def _ask_for_tunnel(proxy: Proxy, host: str, port: int, connection: socket.socket) -> None:
    """Over a connection to the proxy, which then leads to `host`. Raises ProxyFailed, OSError."""
    client = h11.Connection(h11.CLIENT)
    to = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = {"Host": to, **proxy.authorization(os.environ)}
    request = h11.Request(method="CONNECT", target=to, headers=list(headers.items()))
    sent = (client.send(request) or b"") + (client.send(h11.EndOfMessage()) or b"")
    await asyncio.get_running_loop().sock_sendall(connection, sent)
    try:
        response = await _response(client, connection)
    except h11.RemoteProtocolError as error:
        raise ProxyFailed(f"{proxy} opens no tunnel to {to}: it does not speak HTTP") from error
    if response is None:
        raise ProxyFailed(f"{proxy} opens no tunnel to {to}: it closes the connection")
    if response.status_code == _NO_CREDENTIALS:
        variable = proxy.credentials or "credentials in [proxy]"
        raise ProxyFailed(f"{proxy} wants a user and a password (407); look at {variable}")
    if response.status_code // 100 != 2:
        answer = f"{response.status_code} {response.reason.decode('latin-1')}".strip()
        advice = "look at the proxy, and at the host as seen from there"
        message = f"{proxy} opens no tunnel to {to}: it answers {answer}; {advice}"
        if response.status_code in UNREACHED:
            raise HostUnreached(message, (host, port), response.status_code)
        raise ProxyFailed(message)


async def _response(client: h11.Connection, connection: socket.socket) -> h11.Response | None:
    """None where the proxy closes the connection in place of one."""
    while True:
        event = client.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            data = await asyncio.get_running_loop().sock_recv(connection, _CHUNK_BYTES)
            if not data:
                return None
            client.receive_data(data)


def explain(proxy: Proxy, host: str, port: int, error: OSError, timeout_s: float) -> ProxyFailed:
    """Name why there is no tunnel, where the proxy has not said it; pure."""
    if reason := local_trouble(error):
        return ProxyFailed(f"{proxy} could not be asked: {reason}")
    if isinstance(error, TimeoutError):
        return ProxyFailed(f"{proxy} opens no tunnel to {host}:{port} within {timeout_s:g} s")
    words = error.strerror or str(error) or type(error).__name__
    return ProxyFailed(f"{proxy} takes no connection: {words}; correct url, or look at the proxy")
