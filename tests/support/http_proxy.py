"""A forward proxy on loopback: opens tunnels, passes plain requests on, and fails as it is told."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from probes.config.environment import address

HANGS = "hangs"
CLOSES = "closes"
NONSENSE = "nonsense"


@dataclass(slots=True)
class HttpProxy:
    """`trouble`: a status to refuse everything with, HANGS, CLOSES or NONSENSE. `authorization`:
    the header that it wants. `unreached`: hosts that it finds no way to. `seen`: (method, host and
    port, user agent) of all that was asked.
    """

    url: str = ""
    trouble: str = ""
    authorization: str = ""
    unreached: set[str] = field(default_factory=set)
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def hosts(self) -> set[str]:
        return {place.rpartition(":")[0] for _, place, _ in self.seen}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever asked is gone, or the proxy is
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, to, _ = head.decode("latin-1").split(" ", 2)
        headers = dict(_headers(head))
        place = to if method == "CONNECT" else _place(to)
        self.seen.append((method, place, headers.get("user-agent", "")))
        if self.trouble == CLOSES:
            return
        if self.trouble == HANGS:
            await reader.read()
        host, _, port = place.rpartition(":")
        if refusal := self._refusal(headers, host):
            writer.write(refusal)
            await writer.drain()
            return
        onward = await asyncio.open_connection(address(host.strip("[]")), int(port))
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n")
                await writer.drain()  # its end comes later, as it may
                writer.write(b"x-proxy: here\r\n\r\n")
            else:
                path = urlsplit(to).path or "/"
                onward[1].write(head.replace(to.encode(), path.encode(), 1))
            await asyncio.gather(_pass_on(reader, onward[1]), _pass_on(onward[0], writer))
        finally:
            onward[1].close()

    def _refusal(self, headers: dict[str, str], host: str) -> bytes:
        if host in self.unreached:
            return b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
        if self.authorization and headers.get("proxy-authorization") != self.authorization:
            challenge = b"Proxy-Authenticate: Basic realm=x\r\n"
            return b"HTTP/1.1 407 Who are you\r\n" + challenge + b"Content-Length: 0\r\n\r\n"
        if self.trouble in ("", HANGS, CLOSES):
            return b""
        if self.trouble == NONSENSE:
            return b"\x05\x00 this is no HTTP\r\n\r\n"
        return f"HTTP/1.1 {self.trouble} No\r\nContent-Length: 0\r\n\r\n".encode()


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.lower(), value.strip()


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 80}"


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@contextmanager
def http_proxy(trouble: str = "", authorization: str = "") -> Iterator[HttpProxy]:
    """It runs for as long as the block lasts."""
    proxy = HttpProxy(trouble=trouble, authorization=authorization)
    started: Future[tuple[int, Callable[[], object]]] = Future()

    async def serve() -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        started.set_result((port, partial(loop.call_soon_threadsafe, over.set)))
        await over.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    port, end = started.result(timeout=30)
    proxy.url = f"http://127.0.0.1:{port}"
    try:
        yield proxy
    finally:
        end()
        thread.join()
