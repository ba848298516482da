"""A host that answers whatever it is asked, and never ends: bodies, streams and frames of a socket,
packed bodies included.
"""

import asyncio
import base64
import hashlib
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

CHUNK = b'{"data": ["' + b"a" * 2**20
MEGABYTE = b"a" * 1_000_000  # a kilobyte on the wire
CONNECTED = b"event: connected\ndata: {}\n\n"
NOTICE = b'event: notification\ndata: {"id": "n-1", "resourceId": "b-1"}\n\n'
# What a stream repeats after its first event; of the last two no event ever ends.
STREAMS = {
    "events": NOTICE * 1000,
    "one-event": b"data: " + b"a" * 2**16 + b"\n",
    "one-line": b"a" * 2**20,
}
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3


@dataclass(slots=True)
class EndlessHost:
    """`stream`: what each stream of events repeats. `requests`: how many it has begun to answer.
    `stream_bytes`: how much it has begun to send over streams.
    """

    stream: bytes
    origin: str = ""
    requests: int = 0
    stream_bytes: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whatever is asked, until who asked has heard enough."""
        self.requests += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"/stream" in head.partition(b"\r\n")[0]:
                await self._stream(writer)
            else:
                await _answer(head, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        _begin(writer, b"content-type: text/event-stream\r\n")
        writer.write(_frame(CONNECTED))
        while True:
            writer.write(_frame(self.stream))
            self.stream_bytes += len(self.stream)
            await writer.drain()


@contextmanager
def endless_host(stream: str = "events") -> Iterator[EndlessHost]:
    """It answers for as long as the block lasts; `stream`: a key of STREAMS."""
    host = EndlessHost(STREAMS[stream])
    started: Future[tuple[str, Callable[[], object]]] = Future()

    async def serve() -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        server = await asyncio.start_server(host.answer, "127.0.0.1", 0)
        origin = f"http://localhost:{server.sockets[0].getsockname()[1]}"
        started.set_result((origin, partial(loop.call_soon_threadsafe, over.set)))
        await over.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    host.origin, end = started.result(timeout=30)
    try:
        yield host
    finally:
        end()
        thread.join()


async def _answer(head: bytes, writer: asyncio.StreamWriter) -> None:
    if b"upgrade: websocket" in head.lower():
        await _speak(head, writer)
    elif b"gzip" in head.lower() and len(head) % 2:
        await _pack(writer)
    else:
        await _repeat(writer, b"content-type: application/json\r\n", CHUNK)


async def _pack(writer: asyncio.StreamWriter) -> None:
    """One member of gzip that has no end: whoever unpacks stops after the first of many."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    first, other = (packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    headers = b"content-type: application/json\r\ncontent-encoding: gzip\r\n"
    await _repeat(writer, headers, other, first)


async def _repeat(
    writer: asyncio.StreamWriter, headers: bytes, chunk: bytes, first: bytes = b""
) -> None:
    """`first`, where there is one, and `chunk` for ever."""
    _begin(writer, headers)
    if first:
        writer.write(_frame(first))
    while True:
        writer.write(_frame(chunk))
        await writer.drain()


def _begin(writer: asyncio.StreamWriter, headers: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n" + headers + b"\r\n")


def _frame(chunk: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(chunk), chunk)


async def _speak(head: bytes, writer: asyncio.StreamWriter) -> None:
    lines = [line.partition(b":") for line in head.split(b"\r\n")]
    key = next(value for name, _, value in lines if name.lower() == b"sec-websocket-key").strip()
    accepted = base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324 - RFC 6455 asks for it
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-accept: " + accepted + b"\r\n\r\n"
    )
    frame = b"\x81\x7e\xff\xff" + b"a" * 0xFFFF
    while True:
        writer.write(frame)
        await writer.drain()
