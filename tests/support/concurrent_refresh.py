"""One of two runs at once: signs in as alice with the refresh token of the state, once for each
line that it is told.

`python -m tests.support.concurrent_refresh ENVIRONMENT-FILE` answers each line with the access
token that it got, or with what was wrong. `points` has it name the points of a round first, and
`stop N` has it stand still at the N-th, for somebody to kill it there.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from probes.auth.users import Users
from probes.config import environment_file as targets
from probes.config.environment import Target
from probes.finding import CannotAsk
from probes.recording import spans
from probes.recording.journal import Journal
from probes.recording.recorder import Recorder, RunEvidence, recording
from probes.recording.redactor import Redactor
from probes.state import store
from probes.state.store import Entry, FileState
from probes.transport.http import Web


class Points(logging.Handler):
    """Where a round is: what the HTTP client does by its own log, and what the store does."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.names: list[str] = []
        self._stop_at = 0

    def begin(self, stop_at: int) -> None:
        self.names, self._stop_at = [], stop_at

    def emit(self, record: logging.LogRecord) -> None:
        self.reach(record.getMessage().partition(" ")[0])

    def reach(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._stop_at:
            print(f"at {name}", flush=True)
            sys.stdin.readline()


POINTS = Points()


class WatchedState(FileState):
    """The store in a file, whose steps are points."""

    async def read(self, user: str) -> Entry:
        POINTS.reach("read.started")
        entry = await super().read(user)
        POINTS.reach("read.complete")
        return entry

    async def swap(self, user: str, before: Entry, after: Entry) -> bool:
        POINTS.reach("swap.started")
        swapped = await super().swap(user, before, after)
        POINTS.reach("swap.complete")
        return swapped

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        async with super().turn(user):
            POINTS.reach("turn.started")
            yield
        POINTS.reach("turn.complete")


async def _round(target: Target, evidence: RunEvidence) -> str:
    web = Web(target)
    try:
        with recording(Recorder(evidence, None, 1, evidence.tracing.start("round"))):
            return f"token {await Users(target, web, evidence.redactor).user('alice').token()}"
    except CannotAsk as error:
        return f"error {error}"
    finally:
        await web.close()


def _main(file: Path) -> None:
    target = targets.build(targets.parse(file), str(file))
    folder = file.parent / f"run-{file.stem}"
    evidence = RunEvidence(
        "run", folder, Journal(folder), Redactor(), spans.Tracing(folder, "run", "test", "0", {})
    )
    _watch()
    print("ready", flush=True)
    while order := sys.stdin.readline().split():
        stop_at = int(order[1]) if order[0] == "stop" else 0
        POINTS.begin(stop_at)
        answer = asyncio.run(_round(target, evidence))
        if order[0] == "points":
            print(*POINTS.names, flush=True)
        print(answer, flush=True)
    evidence.journal.close()


def _watch() -> None:
    vars(store)["FileState"] = WatchedState  # the one that open_state makes
    client = logging.getLogger("httpcore")
    client.setLevel(logging.DEBUG)
    client.addHandler(POINTS)
    client.propagate = False


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
