"""A service on loopback that takes sockets, for what a site that only answers cannot show."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from websockets.asyncio.server import ServerConnection, serve

from probes.config.environment import Hosts, Target
from probes.transport.http import Web

PATH = "/api/svc/chat/api/chats/ws/presence"
Talk = Callable[[ServerConnection], Awaitable[None]]


async def echo(connection: ServerConnection) -> None:
    """Say everything again."""
    async for line in connection:
        await connection.send(line)


@asynccontextmanager
async def talking(target: Target, talk: Talk) -> AsyncIterator[Web]:
    """A service that takes every socket and talks so."""
    async with serve(talk, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        web = Web(
            replace(
                target, hosts=Hosts(f"http://apex.localhost:{port}", f"http://api.localhost:{port}")
            )
        )
        try:
            yield web
        finally:
            await web.close()
