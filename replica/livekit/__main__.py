"""The stand-in's process: `python -m replica.livekit`, started by the replica, which tells it all
in one variable.
"""

import asyncio
import contextlib
import json
import os
import socket
from pathlib import Path

from replica.infra.app_servers import serve_apps
from replica.infra.ports import LOOPBACK
from replica.livekit import SETTINGS, answers, control
from replica.livekit.media_sockets import MediaSockets, install
from replica.livekit.node import FAULTS, LiveKitNode


def main() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())


async def _serve() -> None:
    settings = json.loads(os.environ[SETTINGS])
    node = LiveKitNode(
        settings["keys"],
        settings["tcp_port"],
        faults=FAULTS & set(settings["faults"]),
        version=settings["version"],
    )
    media = MediaSockets(node)
    install(media)
    await media.open()
    apps = {
        _private(settings["control"]): control.app(node, media),
        _public(settings["port"]): answers.app(node, media),
    }
    async with serve_apps(apps, dated=False):
        await asyncio.Event().wait()


def _public(port: int) -> socket.socket:
    """A listener on a port that the replica holds for us without listening."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((LOOPBACK, port))
    listener.listen(128)
    return listener


def _private(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(Path(path)))
    listener.listen(128)
    return listener


main()
