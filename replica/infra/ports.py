"""Ports of 127.0.0.1 that stay ours: each is held by a socket that is bound and never listens.

Picking a free port and closing it again invites another process to take it. A bound socket that
does not listen keeps the kernel from handing the port out, refuses connections, and lets a child
that sets SO_REUSEADDR (every Go program) or SO_REUSEPORT (Caddy) listen on it.
"""

import socket
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
# A public name has several addresses; all of 127.0.0.0/8 is this machine (RFC 1122 3.2.1.3).
SECOND_LOOPBACK = "127.0.0.2"


class Ports:
    """Reserved ports, for as long as the block lasts."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for held in self._held:
            held.close()

    def reserve(self) -> int:
        """A port for a child to listen on."""
        held = socket.socket()
        self._held.append(held)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((LOOPBACK, 0))
        port: int = held.getsockname()[1]
        return port


def listening_socket() -> socket.socket:
    """A socket that this process listens on, at a port that the kernel chose."""
    # asyncio sends small answers at once only where it reads the protocol off the socket; else each
    # waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((LOOPBACK, 0))
    listener.listen(128)
    return listener
