"""Reserved ports: ours until we let them go, and usable by a child that we start."""

import socket

import pytest

from replica.infra.ports import LOOPBACK, Ports, listening_socket


def test_a_reserved_port_is_not_handed_out_again() -> None:
    """Many reservations are all different, and a stranger without SO_REUSEPORT cannot take one."""
    with Ports() as ports:
        held = [ports.reserve() for _ in range(200)]
        assert len(set(held)) == 200
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind((LOOPBACK, held[0]))


def test_nobody_answers_at_a_reserved_port() -> None:
    """A connection is refused until a child listens there."""
    with Ports() as ports, pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, ports.reserve()), timeout=5)


def test_a_child_may_listen_at_a_reserved_port() -> None:
    """SO_REUSEADDR is enough, which every Go program sets."""
    with Ports() as ports, socket.socket() as child:
        child.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        child.bind((LOOPBACK, port := ports.reserve()))
        child.listen()
        socket.create_connection((LOOPBACK, port), timeout=5).close()


def test_asyncio_sends_at_once_from_our_listeners() -> None:
    """The listener names its protocol, which asyncio looks at before it switches Nagle's algorithm
    off.
    """
    with listening_socket() as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[0] == LOOPBACK
