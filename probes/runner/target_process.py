"""Start the target that an environment file says can be started (the replica), and stop it after
the run.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from probes.config.environment import Target, address
from probes.config.environment_file import build, find, parse
from probes.finding import BadEnvironment

PR_SET_PDEATHSIG = 1
READY_TIMEOUT_S = 30.0  # seconds; it needs about 2 on an idle machine
ROOT = Path(__file__).parents[2]


class Started:
    """A process that writes an environment file when it is ready, as long as we live."""

    def __init__(self, command: Sequence[str], faults: Sequence[str]) -> None:
        if not _is_command(command):
            raise BadEnvironment(
                f'start must be a list of words, as in ["python", "-m", "replica"], not {command!r}'
            )
        self._folder = tempfile.TemporaryDirectory(prefix="probes-")
        self.environment = Path(self._folder.name) / "environment.toml"
        self._output = Path(self._folder.name) / "output.txt"
        words = [sys.executable if word == "python" else word for word in command]
        words += [word for fault in faults for word in ("--fault", fault)]
        try:
            self._process = self._begin([*words, "--environment", str(self.environment)])
        except OSError as error:
            self._folder.cleanup()
            raise BadEnvironment(
                f"{words[0]} of the start line cannot be started: {error.strerror}"
            ) from error

    def _begin(self, words: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._output.open("wb") as output:
            return subprocess.Popen(
                words,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it makes one system call
                start_new_session=True,  # a Ctrl-C is ours to pass on, after the cleanup
            )

    def wait(self) -> Path:
        """The environment file, once the process has written it. Raises BadEnvironment."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self.environment.exists():
            late = time.monotonic() > deadline
            if late or self._process.poll() is not None:
                raise BadEnvironment(self._last_words(late=late))
            time.sleep(0.02)
        return self.environment

    def _last_words(self, *, late: bool) -> str:
        last_line = self._output.read_text("utf-8", "replace").strip().splitlines()[-1:]
        self.stop()
        if late:
            return (
                f"the target was not ready within {READY_TIMEOUT_S:g} s; its last words: "
                f"{''.join(last_line) or 'none'}"
            )
        return "".join(last_line) or "the target ended before it was ready, and said nothing"

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._folder.cleanup()


def start_target(environment: str, faults: Sequence[str]) -> tuple[Target, Started | None]:
    """The target that `--env` names, and what had to be started to have it. Raises
    BadEnvironment.
    """
    path = find(environment)
    settings = parse(path)
    if "start" not in settings:
        if faults:
            raise BadEnvironment(
                f"--fault is for targets that are started for the run; {path.name} has no "
                "start line"
            )
        return build(settings, str(path)), None
    already = None if faults else running(settings)
    if already:
        return build(parse(already), str(already)), None
    started = Started(settings["start"], faults)
    try:
        file = started.wait()
        return build(parse(file), str(file)), started
    except BaseException:  # a signal, for one
        started.stop()
        raise


def _end_with_parent() -> None:
    """Have the kernel stop the child when we are killed outright and cannot do it ourselves
    (prctl(2)).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _is_command(words: object) -> bool:
    return isinstance(words, list) and bool(words) and all(isinstance(word, str) for word in words)


def running(settings: Mapping[str, Any]) -> Path | None:
    """The environment file of a target that somebody started by hand, if it still answers."""
    if "running" not in settings:
        return None
    path = ROOT / str(settings["running"])
    if not path.is_file():
        return None
    try:
        apex = urlsplit(parse(path)["hosts"]["apex"])
        with socket.create_connection((address(apex.hostname or ""), apex.port or 443), timeout=1):
            return path
    except (
        OSError,
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
    ):  # a file that is none of ours
        return None
