"""Whether a connection that is kept alive has been closed by the other side, asked cheaply.

httpcore asks it of every idle connection of its pool at every request, through anyio's typed
attributes: a twentieth of a run's CPU. This asks the kernel, and nobody else.
"""

import select
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore


class PollingBackend(httpcore.AnyIOBackend):
    """Connects as httpcore does; what it gives tells at once whether it is readable."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return PolledStream(
            await super().connect_tcp(host, port, timeout, local_address, socket_options)
        )


class PolledStream(httpcore.AsyncNetworkStream):
    """`stream`, whose socket is polled for its end."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket = stream.get_extra_info("socket")
        self._poll = select.poll()
        if self._socket.fileno() >= 0:
            self._poll.register(self._socket.fileno(), select.POLLIN)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        return PolledStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return self._stream.get_extra_info(info)
        # Once it is closed, its number may be another's.
        return self._socket.fileno() < 0 or bool(self._poll.poll(0))
