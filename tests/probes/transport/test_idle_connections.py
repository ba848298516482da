"""Connections that are kept alive: used again while they live, and not once they have ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from probes.config.environment import Target
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from probes.transport.idle_connections import PollingBackend

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Server:
    """Answers every request, and counts the connections that it was asked on."""

    def __init__(self) -> None:
        self.connections: list[asyncio.StreamWriter] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(ANSWER)

    async def close_idle(self) -> None:
        """End all, as a server does with what has idled; the client has the end when this
        returns.
        """
        for writer in self.connections:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def listening() -> AsyncIterator[Server]:
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listener:
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        yield server
        await server.close_idle()


@pytest.mark.parametrize("ends", [False, True])
async def test_an_idle_connection_is_used_again_unless_it_has_ended(
    target: Target, recorder: Recorder, ends: bool
) -> None:
    """A request on one that the server has closed would be lost, and the server blamed."""
    web = Web(target)
    async with listening() as server:
        for _ in range(3):
            assert (await web.ask("GET", server.url)).status == 200
            if ends:
                await server.close_idle()
        assert len(server.connections) == (3 if ends else 1)
        await web.close()


async def test_an_ended_connection_is_told_from_a_silent_one() -> None:
    """One that the other side has closed can be read, to its end; so can one of our own closing."""
    async with listening() as server:
        stream = await PollingBackend().connect_tcp("127.0.0.1", int(server.url[:-1].split(":")[2]))
        assert not stream.get_extra_info("is_readable")
        await stream.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await stream.read(999) == ANSWER
        assert not stream.get_extra_info("is_readable")
        await server.close_idle()
        assert stream.get_extra_info("is_readable")
        await stream.aclose()
        assert stream.get_extra_info("is_readable")
