"""A replica starts although another process takes one of its ports meanwhile."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from replica.infra.ports import LOOPBACK, Ports
from replica.infra.processes import ChildError, PortTakenError, child
from replica.infra.seaweed import Seaweed
from replica.lifecycle import run_replica


async def test_it_starts_on_other_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's, which is reserved long before it listens."""
    allocated: list[Seaweed] = []
    allocate: Callable[[Ports], Seaweed] = Seaweed.allocate

    with socket.socket() as other:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            other.setsockopt(socket.SOL_SOCKET, option, 1)

        def allocate_and_take(ports: Ports) -> Seaweed:
            allocated.append(allocate(ports))
            if len(allocated) == 1:
                other.bind((LOOPBACK, allocated[0].s3))
                other.listen()
            return allocated[-1]

        monkeypatch.setattr(Seaweed, "allocate", allocate_and_take)
        async with run_replica([]) as (_, tables):
            assert tables["hosts"]["apex"]
    assert len(allocated) == 2
    assert allocated[0].s3 != allocated[1].s3


@pytest.mark.parametrize(
    ("words", "is_port"),
    [
        ("port 32779 for S3 (by flag s3.port) is not available on 127.0.0.1", True),
        ("listen tcp 127.0.0.1:443: bind: address already in use", True),
        ("the disk is full", False),
    ],
)
async def test_what_a_program_said_tells_a_taken_port(
    words: str, tmp_path: Path, *, is_port: bool
) -> None:
    """Whatever else ends it is not tried again."""
    async with child(["/bin/sh", "-c", f"echo '{words}'"], tmp_path, {}) as program:
        with pytest.raises(ChildError, match="sh ended unexpectedly") as failure:
            await program.wait_for_exit()
    assert isinstance(failure.value, PortTakenError) is is_port
