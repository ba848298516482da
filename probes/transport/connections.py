"""How httpx reaches a host: names under .localhost at loopback, others by DNS, or all of them
through [proxy].
"""

import os
import ssl
from collections.abc import Iterable

import httpcore
import httpx
from anyio.abc import SocketStream
from httpcore._backends.anyio import AnyIOStream

from probes.config.environment import address
from probes.config.proxies import Proxy
from probes.transport.idle_connections import PolledStream, PollingBackend
from probes.transport.tunnel import UNREACHED, HostUnreached, ProxyFailed, open_tunnel

MOST_IDLE = 24  # connections
TUNNEL_TIMEOUT_S = 10.0  # for who has set no timeout of their own
_NO_CREDENTIALS = 407


class LoopbackNames(httpx.AsyncHTTPTransport):
    """Connect names under .localhost to loopback (RFC 6761), which a container's resolver may not
    know; and hosts to which `proxy` leads through it. Raises ProxyFailed.
    """

    def __init__(
        self, verify: ssl.SSLContext, proxy: Proxy | None = None, most_idle: int = MOST_IDLE
    ) -> None:
        limits = httpx.Limits(max_keepalive_connections=most_idle)
        super().__init__(verify=verify, limits=limits)
        # httpx hands none on; where httpcore has another name for it, it keeps its own.
        self._pool._network_backend = PollingBackend()  # noqa: SLF001
        self._behind = _BehindProxy(verify, proxy, limits) if proxy and proxy.url else None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if self._behind and self._behind.proxy.leads_to(host):
            return await self._behind.handle_async_request(request)
        if address(host) != host:
            # Another request, since cookies are kept by the host of the one that was sent.
            request = httpx.Request(
                request.method,
                request.url.copy_with(host=address(host)),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
        return await super().handle_async_request(request)

    async def aclose(self) -> None:
        if self._behind:
            await self._behind.aclose()
        await super().aclose()


class _BehindProxy(httpx.AsyncHTTPTransport):
    """Asks everything through `proxy`, in a tunnel where TLS is spoken. Raises ProxyFailed."""

    def __init__(self, verify: ssl.SSLContext, proxy: Proxy, limits: httpx.Limits) -> None:
        super().__init__(verify=verify, limits=limits)
        self.proxy = proxy
        self._pool._network_backend = _TunnelBackend(proxy)  # noqa: SLF001 - as above
        self._forwarding: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "http":
            return await self._forward(request)
        return await super().handle_async_request(request)

    async def _forward(self, request: httpx.Request) -> httpx.Response:
        """Without TLS a proxy is asked for the URL itself (RFC 9112 3.2.2): many open a tunnel to
        port 443 only.
        """
        if self._forwarding is None:
            way = httpx.Proxy(self.proxy.url, auth=self.proxy.userinfo(os.environ))
            self._forwarding = httpx.AsyncHTTPTransport(proxy=way, trust_env=False)
        place = f"{self.proxy} was asked for {request.url.scheme}://{request.url.host}"
        try:
            response = await self._forwarding.handle_async_request(request)
        except httpx.TransportError as error:
            words = str(error) or type(error).__name__
            raise ProxyFailed(f"{place}, and no answer came: {words}") from error
        status = response.status_code
        if status != _NO_CREDENTIALS and status not in UNREACHED:
            return response
        await response.aclose()
        message = (
            f"{place}, and answered {status}, which may be its own word; look at the proxy, and at "
            "the host as seen from there"
        )
        if status == _NO_CREDENTIALS:
            raise ProxyFailed(message)
        raise HostUnreached(message, (request.url.host, request.url.port or 80), status)

    async def aclose(self) -> None:
        if self._forwarding is not None:
            await self._forwarding.aclose()
        await super().aclose()


class _TunnelBackend(PollingBackend):
    """Connects through the tunnel of `proxy`."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._proxy = proxy

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.AsyncNetworkStream:
        tunnel = await open_tunnel(self._proxy, host, port, timeout or TUNNEL_TIMEOUT_S)
        return PolledStream(AnyIOStream(await SocketStream.from_socket(tunnel)))
