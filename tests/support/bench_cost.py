"""What a command cost, with all that it started: seconds of wall clock and CPU, memory at the
peak.
"""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

SAMPLE_EVERY = 0.05  # seconds
MIB = 1024 * 1024
TIMEOUT_S = 180.0  # of one command


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and MiB of proportional set size."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, where, and with which environment; None is ours. `accepted`: exit codes with
    which it has done its work.
    """

    words: Sequence[str]
    folder: Path
    environ: Mapping[str, str] | None = None
    accepted: Sequence[int] = (0,)


def cost(command: Command) -> Cost:
    """Run it to its end. Raises CalledProcessError."""
    began = time.monotonic()
    before = os.times()
    process = subprocess.Popen(
        command.words,
        cwd=command.folder,
        env=command.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak: dict[str, float] = {"memory": 0.0}
    seen: dict[int, float] = {}
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, seen, over))
    watcher.start()
    try:
        output, _ = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as late:
        process.kill()
        output = f"not done within {late.timeout:g} s"
        process.communicate()
    wall = time.monotonic() - began
    over.set()
    watcher.join()
    if process.returncode not in command.accepted:
        raise subprocess.CalledProcessError(process.returncode, command.words, output)
    after = os.times()
    reaped = after.children_user + after.children_system
    reaped -= before.children_user + before.children_system
    # Of a browser's children some are lost to wait(2), and what is over soon is lost to samples.
    return Cost(wall, max(reaped, sum(seen.values())), peak["memory"] / MIB)


def _watch(pid: int, peak: dict[str, float], seen: dict[int, float], over: threading.Event) -> None:
    while not over.wait(SAMPLE_EVERY):
        memory = 0.0
        for process in _tree(pid):
            try:
                memory += process.memory_full_info().pss
                times = process.cpu_times()
            except psutil.Error:
                continue
            seen[process.pid] = times.user + times.system
        peak["memory"] = max(peak["memory"], memory)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def middle(costs: Sequence[Cost], name: str) -> float:
    values: list[float] = [getattr(each, name) for each in costs]
    return median(values)


def spread(costs: Sequence[Cost], name: str, form: str = ".2f") -> str:
    """The median, and from where to where it went."""
    values = [getattr(each, name) for each in costs]
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"
