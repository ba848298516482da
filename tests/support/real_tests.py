"""Tests against real servers, as `make test-real` runs them. What fails is run once more when all
others have ended, and counts if it fails twice: servers have deadlines of their own, which a busy
machine misses.

Run `python -m tests.support.real_tests [--within-s SECONDS] ARGUMENTS`; the rest of the arguments
is pytest's. With a limit, what had no time is told and not counted.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1] / "real"
NO_LIMIT_S = 24 * 3600
LEAST_S = 5  # pytest has not begun by then
STOP_TIMEOUT_S = 60  # servers and namespaces are cleaned up
# What it takes to run a few of them again.
KEPT_FOR_AGAIN = 0.25
# The project's own, but for the cache of what failed, which is off otherwise.
REMEMBERING = "--import-mode=importlib -p no:anyio"
LAST_FAILED = Path("v/cache/lastfailed")


def run(arguments: Sequence[str], within_s: float, tests: Path = TESTS) -> int:
    """The exit code of pytest, of at most two runs in `within_s` seconds."""
    until = time.monotonic() + within_s
    if within_s < LEAST_S:
        return _without_failure(None)
    with tempfile.TemporaryDirectory(prefix="real-tests-") as folder:
        cache = Path(folder)
        command = [sys.executable, "-m", "pytest", str(tests), "-W", "error", *arguments]
        command += ["-o", f"addopts={REMEMBERING}", "-o", f"cache_dir={cache}"]
        code = _run_once(command, within_s * (1 - KEPT_FOR_AGAIN))
        failed = _failed(cache)
        if not failed:
            return _without_failure(code)
        if code is not None and code != pytest.ExitCode.TESTS_FAILED:
            return code
        print("\nfailed once, and run again: " + ", ".join(failed), flush=True)
        code = _run_once([*command, "--last-failed"], until - time.monotonic())
        return pytest.ExitCode.TESTS_FAILED if code is None else code


def _without_failure(code: int | None) -> int:
    if code is not None:
        return code
    print("\nno time is left: the rest of the tests against real servers was not run")
    return pytest.ExitCode.OK


def _run_once(command: Sequence[str], within_s: float) -> int | None:
    """Its exit code, or None where it had to be stopped."""
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        _stop(process)
        return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does, so that pytest says what it knows; what stays behind is killed."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _failed(cache: Path) -> list[str]:
    path = cache / LAST_FAILED
    return sorted(json.loads(path.read_text("utf-8"))) if path.is_file() else []


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make test-real", description=__doc__)
    parser.add_argument("--within-s", type=float, default=NO_LIMIT_S, help="seconds for all")
    options, rest = parser.parse_known_args(arguments)
    return run(rest, options.within_s)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
