"""The way to hosts under .localhost for who resolves names by itself."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from probes.config.environment import LOOPBACK
from probes.livekit.sdk import connect_proxy

URL = "wss://livekit.wealist.localhost:8443"


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of a server that says everything again."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(100):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def asked(proxy: str, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(LOOPBACK, urlsplit(proxy).port)
    writer.write(request)
    return reader, writer


async def test_a_name_under_localhost_is_reached(echo: int) -> None:
    """A name that no resolver knows leads to loopback, and bytes go both ways until the caller
    ends.
    """
    async with connect_proxy.open_proxy(URL) as proxy:
        reader, writer = await asked(
            proxy, b"CONNECT livekit.wealist.localhost:%d HTTP/1.1\r\n\r\n" % echo
        )
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 OK\r\n\r\n"
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()
        assert await reader.read() == b""


async def test_a_closed_port_is_said_to_be_closed() -> None:
    """Who cannot be connected is told so, and not left waiting."""
    async with connect_proxy.open_proxy(URL) as proxy:
        reader, writer = await asked(proxy, b"CONNECT x.localhost:1 HTTP/1.1\r\n\r\n")
        assert b"502" in await reader.read()
        writer.close()


async def test_nonsense_is_hung_up_on() -> None:
    """What is no request is answered by an end."""
    async with connect_proxy.open_proxy(URL) as proxy:
        reader, writer = await asked(proxy, b"nonsense\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    ("url", "needed"),
    [
        (URL, True),
        ("wss://livekit.wealist.co.kr", False),
        ("ws://127.0.0.1:7880", False),
        ("ws://localhost:7880", False),
    ],
)
async def test_only_names_that_resolvers_may_not_know_need_it(url: str, needed: bool) -> None:
    """Nobody's real host goes through it."""
    async with connect_proxy.open_proxy(url) as proxy:
        assert bool(proxy) is needed
