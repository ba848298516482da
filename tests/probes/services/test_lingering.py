"""A socket that is lived in: it stays open, answers, and what it does not do has its name."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection

from probes.config.environment import Target
from probes.config.timeouts import Realtime
from probes.finding import Broken
from probes.recording.recorder import Recorder
from probes.services import lingering, presence
from probes.transport.websocket import open_socket
from tests.support.chat_socket import talking

LINGERING = Realtime(linger_seconds=0.2)


async def answering(connection: ServerConnection) -> None:
    async for line in connection:
        assert json.loads(line) == lingering.HEARTBEAT
        await connection.send('{"type": "pong"}')


async def silent(connection: ServerConnection) -> None:
    async for _ in connection:
        pass


async def closing(connection: ServerConnection) -> None:
    await connection.recv()
    await connection.close(1001, "idle")


@pytest.mark.parametrize(
    ("service", "complaint"),
    [
        (answering, ""),
        (silent, r"socket-half-open: no answer to heartbeat within 0\.3 s"),
        (closing, r"socket-dropped: .* after 0\.\d s: received 1001 .* idle"),
    ],
)
async def test_who_stays_is_answered(
    target: Target,
    recorder: Recorder,
    service: Callable[[ServerConnection], Awaitable[None]],
    complaint: str,
) -> None:
    """Or the finding says what was not, with the close code and the time."""
    target = replace(target, realtime=LINGERING, timeouts=replace(target.timeouts, answer_s=0.3))
    async with talking(target, service) as web:

        async def stay() -> None:
            async with open_socket(web, presence.SOCKET, "") as socket:
                await lingering.stay(web, socket, lingering.HEARTBEAT)

        if not complaint:
            web.target = replace(web.target, timeouts=replace(target.timeouts, answer_s=20))
            await stay()
            return
        with pytest.raises(Broken, match=complaint):
            await stay()
