"""A worker tells, and is gone: whatever it does, whatever becomes of us."""

import asyncio
import contextlib
import os
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from probes.config.environment import LOOPBACK
from probes.finding import CannotAsk
from probes.livekit.sdk import worker_process
from probes.livekit.sdk.messages import Call, CallEnded, CallRequest, ParticipantJoined, StageFailed

WISH = CallRequest("wss://livekit.invalid", "eyJspeaker.token", "eyJlistener.token")
STARTS = (
    "import json, os, signal, subprocess, sys\ndef send(**message): print(json.dumps(message), "
    "flush=True)\n"
)
LONG = 60.0


def worker(text: str) -> list[str]:
    return [sys.executable, "-c", STARTS + text]


async def call(text: str, seconds: float = LONG) -> Call:
    return await worker_process.run_call(WISH, command=worker(text), timeout_s=seconds)


class Caller:
    """Where a worker calls when it is under way; its lines end when the worker does."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.port = 0
        self.lines: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    @property
    def calling(self) -> str:
        return f"import socket\nline = socket.create_connection(('{LOOPBACK}', {self.port}))\n"

    def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append((reader, writer))
        self.called.set()

    async def gone(self) -> None:
        """Wait until whoever called has ended."""
        for reader, _ in self.lines:
            with contextlib.suppress(ConnectionError):
                await reader.read()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    caller = Caller()
    server = await asyncio.start_server(caller.answer, LOOPBACK, 0)
    caller.port = server.sockets[0].getsockname()[1]
    yield caller
    server.close()
    for _, writer in caller.lines:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_what_a_worker_tells_is_heard() -> None:
    """Facts come in their order, what else is printed is passed over, and an end is no crash."""
    told = await call(
        "print('noise'); send(type='ParticipantJoined', who='speaker', after_s=0.5); print('{', "
        "flush=True); send(type='CallEnded')"
    )
    assert told == Call((ParticipantJoined("speaker", 0.5), CallEnded()))


async def test_a_worker_that_has_told_all_is_not_waited_for(caller: Caller) -> None:
    """After its last fact nothing it does is waited for, and its exit code says nothing."""
    told = await call(f"{caller.calling}send(type='CallEnded'); signal.pause()")
    assert told == Call((CallEnded(),))
    await caller.gone()


async def test_the_wish_comes_by_standard_input_alone() -> None:
    """Neither arguments nor environment hold a token: both can be read by others on the machine."""
    told = await call(
        "request = json.loads(sys.stdin.readline())\n"
        "seen = open('/proc/self/cmdline').read() + open('/proc/self/environ').read()\n"
        "seen = str(request['speaker'] in seen)\n"
        "send(type='StageFailed', stage='data', message=seen); send(type='CallEnded')"
    )
    assert told.messages[0] == StageFailed("data", "False")


@pytest.mark.parametrize(
    ("does", "how"),
    [
        ("sys.exit(3)", "ended with 3"),
        ("sys.exit(0)", "ended with 0, undone"),
        ("os.kill(os.getpid(), signal.SIGTERM); signal.pause()", "SIGTERM"),
        ("os.abort()", "SIGABRT"),
        ("raise RuntimeError('FFI Panic')", "RuntimeError: FFI Panic"),
        ("print('x' * 200_000); signal.pause()", "SIGKILL"),
    ],
)
async def test_a_crash_is_told_with_what_came_before(does: str, how: str) -> None:
    """However a worker ends, what it told stands, and how it ended is said."""
    told = await call(f"send(type='ParticipantJoined', who='speaker', after_s=1)\n{does}")
    assert told.messages == (ParticipantJoined("speaker", 1),)
    assert how in told.crash


async def test_what_this_machine_does_not_give_is_nobody_s_fault() -> None:
    """The SDK words its system errors as Rust does."""
    with pytest.raises(CannotAsk, match=r"could not be made here: .*os error 24"):
        await call(
            "send(type='StageFailed', stage='join', message='engine: IO error: Too many open "
            "files (os error 24)')"
        )


async def test_a_worker_that_hangs_is_ended() -> None:
    """Deaf to SIGTERM and silent: it is ended all the same."""
    told = await call("signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()", seconds=0.1)
    assert told.messages == ()
    assert "not done within 0.1 s" in told.crash


async def test_what_a_worker_starts_goes_with_it(caller: Caller) -> None:
    """Its whole group ends, also what has outlived it."""
    child = f"{STARTS}{caller.calling}send(type='CallEnded'); signal.pause()"
    told = await call(f"subprocess.Popen([sys.executable, '-c', {child!r}])")
    assert told == Call((CallEnded(),))
    await caller.gone()


async def test_a_cancelled_call_leaves_no_worker(caller: Caller) -> None:
    """Who gives up in the middle leaves nobody behind."""
    under_way = asyncio.ensure_future(call(f"{caller.calling}signal.pause()"))
    await caller.called.wait()
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    await caller.gone()


async def test_a_killed_run_leaves_no_worker(caller: Caller) -> None:
    """The real worker, in the middle of a join, ends when we are killed outright."""
    request = f"CallRequest('ws://{LOOPBACK}:{caller.port}', 'a', 'b')"
    parent = (
        "import asyncio\nfrom probes.livekit.sdk.worker_process import CallRequest, run_call\n"
        f"asyncio.run(run_call({request}))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent, cwd=worker_process.ROOT
    )
    await caller.called.wait()
    process.kill()
    await process.wait()
    await caller.gone()


async def test_who_plays_is_let_go_in_order(caller: Caller) -> None:
    """A player that plays is there for the whole block, and is told when it is over."""
    text = (
        f"{caller.calling}send(type='ParticipantJoined', who='speaker', after_s=1)\n"
        "send(type='TonePlaying')\n"
    )
    async with worker_process.play_tone(
        WISH, command=worker(f"{text}sys.stdin.read(); line.sendall(b'over')")
    ):
        assert caller.called.is_set()
    assert await caller.lines[0][0].read() == b"over"


async def test_who_plays_on_is_ended(caller: Caller) -> None:
    """A player that hears nothing is ended with its block."""
    async with worker_process.play_tone(
        WISH, command=worker(f"{caller.calling}send(type='TonePlaying'); signal.pause()")
    ):
        pass
    await caller.gone()


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("send(type='StageFailed', stage='join', message='refused')", "refused"),
        ("raise RuntimeError('no SDK')", "no SDK"),
    ],
)
async def test_who_cannot_play_is_nobody_s_fault(does: str, why: str) -> None:
    """Without a speaker nothing can be asked, and it is said why there is none."""
    with pytest.raises(CannotAsk, match=why):
        async with worker_process.play_tone(WISH, command=worker(does)):
            pytest.fail("nobody plays")


async def test_a_worker_that_cannot_be_started_is_told() -> None:
    """A worker whose module is missing says so in its last words."""
    told = await worker_process.run_call(
        WISH, command=[sys.executable, "-m", "probes.livekit.sdk.nobody"]
    )
    assert "nobody" in told.crash


def test_a_worker_gets_none_of_our_secrets(tmp_path: Path) -> None:
    """Of our environment a worker gets what it needs by name."""
    ours = {
        "PATH": os.defpath,
        "PROBES_LIVEKIT_API_SECRET": "s3cret",
        "HTTPS_PROXY": "http://proxy.invalid",
    }
    told = worker_process.environment(ours, "", tmp_path)
    assert "s3cret" not in told.values()
    assert "HTTPS_PROXY" not in told


def test_a_worker_trusts_the_environment_file_and_the_variable(tmp_path: Path) -> None:
    """SSL_CERT_FILE names one file: no authority displaces another in it."""
    ours, theirs = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(tmp_path / "ca.pem")
    theirs.cert_pem.write_to_path(tmp_path / "corporate.pem")
    environ = {"SSL_CERT_FILE": str(tmp_path / "corporate.pem")}
    told = worker_process.environment(environ, str(tmp_path / "ca.pem"), tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(told["SSL_CERT_FILE"])
    shown = context.get_ca_certs(binary_form=True)
    private = {ssl.PEM_cert_to_DER_cert(each.cert_pem.bytes().decode()) for each in (ours, theirs)}
    assert private < set(shown)
