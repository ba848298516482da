"""A way for the SDK to hosts under .localhost, which RFC 6761 makes loopback and many a resolver
does not know.

The SDK resolves names by itself and knows no other address for a host, but it does go through an
HTTP proxy (RFC 9110 section 9.3.6), and keeps TLS and the host's name to itself there.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from probes.config.environment import LOOPBACK, address

_CHUNK_BYTES = 65_536


def is_needed(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return address(host) != host and host != "localhost"


@asynccontextmanager
async def open_proxy(url: str) -> AsyncIterator[str]:
    """The proxy's own URL, for as long as the block lasts; empty where the host of `url` needs
    none.
    """
    if not is_needed(url):
        yield ""
        return
    server = await asyncio.start_server(_serve, LOOPBACK, 0)
    try:
        yield f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(
        OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
    ):
        request = await reader.readuntil(b"\r\n\r\n")
        host, _, port = request.split(b" ", 2)[1].decode("ascii").rpartition(":")
        try:
            onward = await asyncio.open_connection(address(host), int(port))
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(_pass_on(reader, onward[1]), _pass_on(onward[0], writer))
    writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
