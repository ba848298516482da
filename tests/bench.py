"""`make bench`: what a healthy run costs beside the floor, side by side; the table goes into docs/performance.md."""

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from probes.starting import Started
from reports.run import Run, load

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
ROUNDS = 5
SAMPLE_EVERY = 0.05  # seconds
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and all that it started: seconds of wall clock and CPU, MiB of memory at the peak."""

    wall: float
    cpu: float
    memory: float


def cost(command: Sequence[str]) -> Cost:
    """Run `command` to its end. Raises CalledProcessError."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak: dict[str, float] = {"memory": 0.0}
    seen: dict[int, float] = {}
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, seen, over))
    watcher.start()
    _, said = process.communicate()
    wall = time.monotonic() - began
    over.set()
    watcher.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=said)
    return Cost(wall, sum(seen.values()), peak["memory"] / MIB)


def _watch(pid: int, peak: dict[str, float], seen: dict[int, float], over: threading.Event) -> None:
    """Sample the tree: what a browser's children used is lost to wait(2) when their parent does not reap them."""
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


def measure(environment: Path, runs: Path) -> tuple[list[Cost], list[Cost], Run]:
    """Suite and floor in turn, so that a machine that slows down slows both."""
    suite = [sys.executable, "-m", "pytest", "scenarios", "--env", str(environment), "--runs", str(runs)]
    cost(suite)  # the first run pays for caches that the others find warm
    run = load(max(runs.iterdir()))
    floor = [sys.executable, "-m", "tests.floor", str(environment), str(run.folder)]
    suites, floors = [], []
    for _ in range(ROUNDS):
        suites.append(cost(suite))
        floors.append(cost(floor))
    return suites, floors, load(max(runs.iterdir()))


def table(suites: Sequence[Cost], floors: Sequence[Cost], run: Run) -> str:
    slowest = max(run.scenarios, key=lambda scenario: scenario.duration)
    rows = [("suite", suites), ("floor", floors)]
    allowed = 1.5 * median(c.wall for c in floors) + slowest.duration
    lines = [
        "| | wall s | CPU s | peak memory MiB |",
        "|---|---|---|---|",
        *(f"| {n} | {_of(costs, 'wall')} | {_of(costs, 'cpu')} | {_of(costs, 'memory', '.0f')} |" for n, costs in rows),
        "",
        f"{len(run.scenarios)} scenarios; median of {ROUNDS} rounds (lowest to highest), suite and floor in turn.",
        f"Slowest scenario: `{slowest.id}`, {slowest.duration:.2f} s.",
        f"The suite may take 1.5 times the floor and as long as that scenario: {allowed:.2f} s.",
        "",
        f"Machine: {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}",
        f"{platform.machine()}, Python {platform.python_version()}.",
    ]
    return "\n".join(lines)


def _of(costs: Sequence[Cost], name: str, form: str = ".2f") -> str:
    values = [getattr(each, name) for each in costs]
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def put_into(page: str, measured: str) -> str:
    """`page` with what stands between the marks replaced."""
    head, tail = page.partition(BEGIN)[0], page.partition(END)[2]
    return f"{head}{BEGIN}\n{measured}\n{END}{tail}"


def main(write: Callable[[str], object] = print) -> int:
    started = Started(["python", "-m", "replica"], [])
    try:
        with tempfile.TemporaryDirectory() as runs:
            measured = table(*measure(started.wait(), Path(runs)))
    finally:
        started.stop()
    write(measured)
    PAGE.write_text(put_into(PAGE.read_text("utf-8"), measured), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
