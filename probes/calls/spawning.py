"""Have a worker make a call, and see to it that nothing of the worker outlives the call.

The SDK gets a process of its own: it sends SIGTERM to the one it runs in when it panics, blocks where a server says
nothing, and may abort at its end (python-sdks#784, #449).
"""

import asyncio
import contextlib
import os
import signal
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from probes.calls.facts import Call, Fact, Wish, is_last, read

COMMAND = (sys.executable, "-m", "probes.calls.worker")
ROOT = Path(__file__).parent.parent.parent
WHOLE = 20.0  # seconds; then the worker is ended, whatever it does
_SAID = 4000  # characters of its last words
# What a worker needs of our environment, in which secrets are named.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "LIVEKIT_LIB_PATH")
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")


async def made(wish: Wish, ca: str = "", command: Sequence[str] = COMMAND, seconds: float = WHOLE) -> Call:
    """All that the worker told of the call, for at most `seconds`. It is gone when this returns or is cancelled.

    `ca` is a PEM file to trust beside the system's authorities.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=environment(os.environ, ca),
        start_new_session=True,
    )
    words = asyncio.ensure_future(_last_words(process))
    facts: list[Fact] = []
    why = ""
    try:
        async with asyncio.timeout(seconds):
            await _ask(process, wish)
            await _listen(process, facts)
    except TimeoutError:
        why = f"it was not done within {seconds:g} s"
    finally:
        await asyncio.shield(_end(process))
        said = await words
    if facts and is_last(facts[-1]):
        return Call(tuple(facts))
    return Call(tuple(facts), "; ".join(filter(None, (why or _how(process), said))))


async def _ask(process: asyncio.subprocess.Process, wish: Wish) -> None:
    """Its standard input stays open: that it closes tells the worker that we are gone."""
    assert process.stdin
    with contextlib.suppress(ConnectionError):  # it has ended already, and says why elsewhere
        process.stdin.write(wish.line())
        await process.stdin.drain()


async def _listen(process: asyncio.subprocess.Process, facts: list[Fact]) -> None:
    """Up to its last fact, or its end."""
    assert process.stdout
    with contextlib.suppress(ValueError):  # a line without an end is none of ours
        while line := await process.stdout.readline():
            if fact := read(line):
                facts.append(fact)
                if is_last(fact):
                    return
        await process.wait()


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr
    said = b""
    with contextlib.suppress(asyncio.CancelledError):
        while chunk := await process.stderr.read(_SAID):
            said = (said + chunk)[-_SAID:]
    return "".join(said.decode("utf-8", "replace").strip().splitlines()[-1:])


async def _end(process: asyncio.subprocess.Process) -> None:
    """The whole group, whatever it is doing."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _how(process: asyncio.subprocess.Process) -> str:
    code = process.returncode or 0
    return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with {code} and without a result"


def environment(ours: Mapping[str, str], ca: str) -> dict[str, str]:
    """What the worker gets to know of our environment; pure but for where this machine keeps its authorities."""
    passed = {name: ours[name] for name in (*_PASSED_ON, *_PROXIES, "SSL_CERT_FILE", "SSL_CERT_DIR") if name in ours}
    if ca:  # rustls-native-certs reads both, and nothing else once one of them is set
        places = ssl.get_default_verify_paths()
        passed |= {"SSL_CERT_FILE": ca, "SSL_CERT_DIR": ours.get("SSL_CERT_DIR", places.capath or "")}
    return {**passed, "PYTHONUNBUFFERED": "1"}
