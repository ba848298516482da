"""The services' apps, each on a socket of its own, all on one event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Generator, Mapping

import uvicorn
import websockets.http11
from starlette.types import ASGIApp

PING_SECONDS = 30  # contract §5.2
LINE_BYTES = (
    1 << 20
)  # Go's limit; a token may stand in the line, and 16 KB of it are refused, not cut off


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the replica: it ends all of its parts together."""
        yield


@contextlib.asynccontextmanager
async def serve_apps(
    apps: Mapping[socket.socket, ASGIApp], scale: float = 1, *, dated: bool = True
) -> AsyncIterator[None]:
    """Serve each app on its listening socket, for as long as the block lasts; `dated`: with this
    machine's time.
    """
    logging.getLogger("uvicorn.error").addFilter(_worth_saying)
    websockets.http11.MAX_LINE_LENGTH = LINE_BYTES
    servers = [_server(app, PING_SECONDS * scale, dated=dated) for app in apps.values()]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, apps, strict=True)
    ]
    try:
        yield
    finally:
        logging.getLogger("uvicorn.error").setLevel(
            logging.CRITICAL
        )  # requests cut off by the end are no errors
        for server in servers:
            server.should_exit = server.force_exit = (
                True  # nobody waits for a service that hangs on purpose
            )
        await asyncio.gather(*tasks)


def _worth_saying(record: logging.LogRecord) -> bool:
    """Uvicorn takes every refusal before the upgrade for an app that forgot to answer."""
    return "without completing handshake" not in record.getMessage()


def _server(app: ASGIApp, ping: float, *, dated: bool) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=dated,
        proxy_headers=True,
        forwarded_allow_ips="*",  # only the gateway can reach it
        # longer than Caddy keeps one: a write on a connection just closed here would get 503
        timeout_keep_alive=600,
        h11_max_incomplete_event_size=LINE_BYTES,
        ws="websockets-sansio",
        ws_max_size=512 * 1024,  # of chat; the board's is smaller, and its own
        ws_ping_interval=ping,
        # unscaled: nobody waits for it, and a busy machine must not end sockets
        ws_ping_timeout=60,
        ws_per_message_deflate=False,  # gorilla's default
    )
    return _Server(config)
