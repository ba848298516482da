"""Many calls in a row, those included that are given up or killed in the middle, leave nothing
behind.

`make soak` has fifty of them.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from probes.config.livekit import LiveKit
from probes.livekit.checks import Calls
from probes.livekit.sdk import worker_process
from probes.livekit.sdk.call import SdkCalls
from probes.livekit.sdk.messages import ParticipantJoined, WorkerMessage
from probes.livekit.sdk.worker_process import Worker
from probes.recording.ledger import Ledger
from probes.recording.recorder import recording
from probes.transport.http import Web
from tests.support.sfu import RunningStandIn, run_stand_in
from tests.support.site import Site, evidence_in, recorder_of, target_at

CALLS = int(os.environ.get("PROBES_SOAK", "3"))
GONE_WITHIN = 30.0  # seconds, on the busiest machine


class Interrupted:
    """Workers whose calls are interrupted once both have joined: not at all, by us, or by a kill,
    in turn.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.joined = asyncio.Event()
        self.kills = False
        real = Worker.next

        async def told(worker: Worker) -> WorkerMessage | None:
            message = await real(worker)
            if isinstance(message, ParticipantJoined):
                if self.kills:
                    worker._process.kill()
                self.joined.set()
            return message

        monkeypatch.setattr(worker_process.Worker, "next", told)

    async def call(self, sdk_calls: SdkCalls, number: int) -> None:
        """One call, which ends in one of three ways."""
        self.joined.clear()
        self.kills = number % 3 == 2
        having = asyncio.ensure_future(sdk_calls._make_call(number))
        if number % 3 == 1:
            await self.joined.wait()
            having.cancel()
        await asyncio.gather(having, return_exceptions=True)
        assert having.cancelled() is (number % 3 == 1)
        assert having.cancelled() or bool(having.result().crash) is self.kills


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    """Of a target whose LiveKit is a stand-in; it has left nothing open either."""
    site = Site()
    with run_stand_in() as sfu:
        (tmp_path / "key").write_text(sfu.livekit.key)
        (tmp_path / "secret").write_text(sfu.livekit.secret)
        promised = LiveKit(
            f"ws://{sfu.livekit.address}",
            str(tmp_path / "key"),
            str(tmp_path / "secret"),
            nodes=("127.0.0.0/8",),
            tcp_port=sfu.livekit.tcp_port,
        )
        web = Web(replace(target_at(site), livekit=promised))
        yield web
        await web.close()
        await empty(sfu)
    site.close()


async def empty(sfu: RunningStandIn) -> None:
    """Nobody, no room and no connection is there any more, once what was cut off has been
    noticed.
    """
    async with asyncio.timeout(GONE_WITHIN):
        while any((await sfu.server.state()).values()):  # noqa: ASYNC110 - the stand-in has no event for it
            await asyncio.sleep(0.1)


async def test_calls_leave_no_process_no_socket_and_no_room(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After every call nothing of it is left on our side, and after all of them nothing at
    LiveKit.
    """
    evidence = evidence_in(tmp_path / "20260102T030405Z-abc123")
    ledger = Ledger(tmp_path / "20260102T030405Z-abc124")
    interrupted, us = Interrupted(monkeypatch), psutil.Process()
    with recording(recorder_of(evidence)):
        calls = Calls(web, ledger)
        sdk_calls = SdkCalls(web, lambda: calls)
        await interrupted.call(sdk_calls, 0)
        before = us.num_fds()
        for number in range(1, CALLS):
            await interrupted.call(sdk_calls, number)
            assert [
                p for p in us.children(recursive=True) if worker_process.COMMAND[-1] in p.cmdline()
            ] == []
            assert ledger.open_entries == []
        assert (
            us.num_fds() <= before + 1
        )  # one connection to LiveKit may be waiting to be used again
    evidence.tracing.finish()
    evidence.journal.close()
    ledger.close()
