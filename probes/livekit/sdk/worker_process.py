"""Have a worker make a call, and see to it that nothing of the worker outlives the call.

The SDK gets a process of its own: it sends SIGTERM to the one it runs in when it panics, blocks
where a server says nothing, and may abort at its end (python-sdks#784, #449).
"""

import asyncio
import contextlib
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from probes.config import authorities
from probes.finding import CannotAsk
from probes.livekit.sdk.messages import (
    LEAVE_TIMEOUT_S,
    Call,
    CallRequest,
    StageFailed,
    TonePlaying,
    WorkerMessage,
    decode,
    is_last,
)

COMMAND = (sys.executable, "-m", "probes.livekit.sdk.worker")
ROOT = Path(__file__).parents[3]
CALL_TIMEOUT_S = 45.0  # seconds; then the worker is ended, whatever it does
_TAIL_CHARS = 4000  # characters of its last words
# What a worker needs of our environment, in which secrets are named.
_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "LIVEKIT_LIB_PATH",
)
# ENOMEM, ENFILE, EMFILE, ENOSPC and ENOBUFS, as Rust words them.
_EXHAUSTED = re.compile(r"\(os error (?:12|23|24|28|105)\)")


class Worker:
    """A worker under way, and what it has told so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.messages: list[WorkerMessage] = []
        self._process = process
        self._stderr_line = asyncio.ensure_future(self._last_line())

    async def ask(self, request: CallRequest) -> None:
        """Its standard input stays open: that it closes tells the worker that we are gone."""
        assert self._process.stdin
        with contextlib.suppress(ConnectionError):  # it has ended already, and says why elsewhere
            self._process.stdin.write(request.line())
            await self._process.stdin.drain()

    async def next(self) -> WorkerMessage | None:
        """What it tells next; None when it has ended, or tells what is none of ours without an
        end.
        """
        assert self._process.stdout
        with contextlib.suppress(ValueError):
            while line := await self._process.stdout.readline():
                if message := decode(line):
                    self.messages.append(message)
                    return message
            await self._process.wait()
        return None

    async def dismiss(self) -> None:
        """Let it leave in order, for as long as that takes anybody who can."""
        assert self._process.stdin
        self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), LEAVE_TIMEOUT_S)

    async def end(self) -> None:
        """The whole group, whatever it is doing."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._stderr_line

    @property
    def exit_summary(self) -> str:
        code = self._process.returncode or 0
        ended = (
            f"it was ended by {signal.Signals(-code).name}"
            if code < 0
            else f"it ended with {code}, undone"
        )
        return "; ".join(filter(None, (ended, self._stderr_line.result())))

    async def _last_line(self) -> str:
        assert self._process.stderr
        tail = b""
        while chunk := await self._process.stderr.read(_TAIL_CHARS):
            tail = (tail + chunk)[-_TAIL_CHARS:]
        return "".join(tail.decode("utf-8", "replace").strip().splitlines()[-1:])


@asynccontextmanager
async def start_worker(
    request: CallRequest, ca: str = "", command: Sequence[str] = COMMAND
) -> AsyncIterator[Worker]:
    """A worker that has its request. When the block ends, in whatever way, it is gone, and all that
    it started.

    `ca` is a PEM file to trust beside all others.
    """
    with tempfile.TemporaryDirectory(prefix="probes-") as folder:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=environment(os.environ, ca, Path(folder)),
            start_new_session=True,
        )
        worker = Worker(process)
        try:
            await worker.ask(request)
            yield worker
        finally:
            await asyncio.shield(worker.end())


async def run_call(
    request: CallRequest,
    ca: str = "",
    command: Sequence[str] = COMMAND,
    timeout_s: float = CALL_TIMEOUT_S,
) -> Call:
    """All that a worker told of the call, for at most `timeout_s`."""
    late = ""
    async with start_worker(request, ca, command) as worker:
        try:
            async with asyncio.timeout(timeout_s):
                message = await worker.next()
                while message and not is_last(message):
                    message = await worker.next()
        except TimeoutError:
            late = f"it was not done within {timeout_s:g} s; "
    messages = tuple(worker.messages)
    _expect_means(messages)
    if messages and is_last(messages[-1]):
        return Call(messages, "")
    return Call(messages, late + worker.exit_summary)


def _expect_means(messages: Sequence[WorkerMessage]) -> None:
    """Raise CannotAsk where the SDK lacked what this machine gives, whatever it did then."""
    for message in messages:
        if isinstance(message, StageFailed) and _EXHAUSTED.search(message.message):
            reason = f"the call could not be made here: {message.message}"
            raise CannotAsk(f"{reason}; this machine gives no more files or memory")


@asynccontextmanager
async def play_tone(
    request: CallRequest, ca: str = "", command: Sequence[str] = COMMAND
) -> AsyncIterator[Worker]:
    """Somebody who plays the tone as long as the block lasts, and then leaves. Raises CannotAsk
    where they cannot.
    """
    async with start_worker(request, ca, command) as worker:
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                while not isinstance(message := await worker.next(), TonePlaying):
                    if message is None or isinstance(message, StageFailed):
                        break
        except TimeoutError:
            message = None
        if isinstance(message, TonePlaying):
            yield worker
            await worker.dismiss()
            return
    raise CannotAsk(
        f"nobody could be made to speak: {getattr(message, 'message', '') or worker.exit_summary}"
    )


def environment(ours: Mapping[str, str], ca: str, folder: Path) -> dict[str, str]:
    """What the worker gets to know of our environment. Whom it trusts is written to `folder`:
    rustls-native-certs reads SSL_CERT_FILE, and nothing else where it is set. Raises OSError.
    """
    bundle = folder / "authorities.pem"
    authorities.write(bundle, ours, ca)
    passed = {name: ours[name] for name in _PASSED_ON if name in ours}
    return {**passed, authorities.FILE: str(bundle), "PYTHONUNBUFFERED": "1"}
