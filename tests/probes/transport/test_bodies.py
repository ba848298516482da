"""An answer is read as far as a promise needs: none takes this process's memory or time."""

import asyncio
import contextlib
import gzip
import itertools
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from probes.config.timeouts import Timeouts
from probes.finding import Broken, Code
from probes.recording.recorder import KEPT_BYTES, Recorder
from probes.transport.bodies import EVIDENCE_BYTES
from probes.transport.http import Web

PIECE = b"a weAlist that answers without an end " * 1024
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@asynccontextmanager
async def answering(
    headers: bytes, pieces: Iterable[bytes], *, is_held: bool = False
) -> AsyncIterator[str]:
    """The URL of a service that sends `pieces` for as long as somebody reads them, and then ends,
    or `is_held`.
    """
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + headers + b"\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if is_held:
                await over.wait()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://api.localhost:{server.sockets[0].getsockname()[1]}/api/svc/chat/x"
        over.set()


def bomb() -> bytes:
    """100 kB that unpack to a hundred MiB."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(b"\0" * 2**20) for _ in range(100))
    return packed + packer.flush()


def sized(body: bytes, encoding: bytes) -> bytes:
    return b"content-encoding: %s\r\ncontent-length: %d\r\n" % (encoding, len(body))


@pytest.mark.parametrize("packed", [False, True], ids=["endless", "bomb"])
async def test_a_body_without_an_end_is_the_finding(
    packed: bool, web: Web, recorder: Recorder
) -> None:
    """It is read up to a limit, and the finding says so; the same for one that unpacks to no
    end.
    """
    packet = bomb()
    headers = sized(packet, b"gzip") if packed else b""
    pieces = [packet] if packed else itertools.repeat(PIECE)
    async with answering(headers, pieces) as url:
        with pytest.raises(Broken) as failure:
            await web.ask("GET", url)
    finding = failure.value.finding
    assert finding.code is Code.CONTRACT_BROKEN
    assert "answered 200 application/json with more than 8 MiB" in finding.observed
    assert finding.cause.startswith("chat-service")
    assert recorder.last
    assert recorder.last.status == 200
    assert len(recorder.last.response_body) == EVIDENCE_BYTES


@pytest.mark.usefixtures("recorder")
async def test_a_body_that_stalls_is_told_from_a_service_that_does_not_answer(web: Web) -> None:
    """Status and headers have come: who looks for the cause need not look at the connection."""
    impatient = Web(replace(web.target, timeouts=Timeouts(answer_s=0.3)))
    async with answering(b"content-length: 9\r\n", [b"half"], is_held=True) as url:
        with pytest.raises(Broken) as failure:
            await impatient.ask("GET", url)
        await impatient.close()
    finding = failure.value.finding
    assert finding.code is Code.SERVICE_STALLED
    assert finding.observed == (
        "chat-service at api.localhost sent headers, and its body did not end within 0.3 s"
    )


@pytest.mark.usefixtures("recorder")
async def test_a_refusal_of_a_stream_has_the_same_limit(web: Web) -> None:
    """What came in place of a stream is read to its end, if it has one."""
    async with answering(b"", itertools.repeat(PIECE)) as url:
        with pytest.raises(Broken, match="more than 8 MiB"):
            async with web.stream(url) as (response, exchange):
                await web.read_refusal(response, exchange)


async def test_a_stream_is_read_up_to_a_limit(web: Web, recorder: Recorder) -> None:
    """One line that never ends would be kept as long as it comes."""
    async with answering(b"", itertools.repeat(PIECE)) as url, web.stream(url) as (response, _):
        with pytest.raises(httpx.ReadError, match="more than 8 MiB came"):
            async for _line in response.aiter_lines():
                pass


@pytest.mark.parametrize("event", [PIECE, PIECE * 200], ids=["many", "one that is too long"])
async def test_of_what_a_socket_brings_a_part_is_kept(event: bytes, recorder: Recorder) -> None:
    """A flood of events is evidence up to its limit, and so is one event."""
    with recorder.exchange("socket", "GET", "http://apex.localhost/ws") as exchange:
        for _ in range(100):
            exchange.add_response(event)
    assert len(exchange.response_body) == KEPT_BYTES


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        (b"gzip", gzip.compress),
        (b"deflate", zlib.compress),
        (b"deflate", lambda body: zlib.compress(body, wbits=-15)),
        (b"identity", bytes),
    ],
    ids=["gzip", "zlib", "raw", "plain"],
)
@pytest.mark.usefixtures("recorder")
async def test_what_was_packed_is_unpacked(encoding: bytes, pack: object, web: Web) -> None:
    """In whatever pieces it comes (RFC 9110 8.4.1)."""
    assert callable(pack)
    packed = pack(b'{"a": 1}')
    pieces = [packed[at : at + 3] for at in range(0, len(packed), 3)]
    async with answering(sized(packed, encoding), pieces) as url:
        assert (await web.ask("GET", url)).json == {"a": 1}
