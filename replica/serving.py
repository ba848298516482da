"""The services' apps, each on a socket of its own, all on one event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Generator, Mapping

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the replica: it ends all of its parts together."""
        yield


@contextlib.asynccontextmanager
async def serving(apps: Mapping[socket.socket, ASGIApp]) -> AsyncIterator[None]:
    """Serve each app on its listening socket, for as long as the block lasts."""
    servers = [_server(app) for app in apps.values()]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener])) for server, listener in zip(servers, apps, strict=True)
    ]
    try:
        yield
    finally:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # requests cut off by the end are no errors
        for server in servers:
            server.should_exit = server.force_exit = True  # nobody waits for a service that hangs on purpose
        await asyncio.gather(*tasks)


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips="*",  # only the gateway can reach it
        ws="websockets-sansio",
    )
    return _Server(config)
