"""`make bench`: what a healthy run costs beside the baseline, side by side; the table goes into
docs/performance.md.
"""

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from probes.runner.target_process import Started
from reports.model.run import Result, Run, load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
ROUNDS = 5
SAMPLE_EVERY = 0.05  # seconds
MIB = 1024 * 1024
SUITE, BASELINE = "suite", "baseline"
REAL_TIME, FILES = "edge, files and real time", "edge and files"
BEFORE = ("edge", "storage", "presign")
LIVE = ("board", "chat", "notifications", "page_session", "presence", "tokens")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and all that it started: seconds of wall clock and CPU, MiB of memory at the
    peak.
    """

    wall: float
    cpu: float
    memory: float


def cost(command: Sequence[str]) -> Cost:
    """Run `command` to its end. Raises CalledProcessError."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
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
    """Sample the tree: what a browser's children used is lost to wait(2) when their parent does not
    reap them.
    """
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


@dataclass(frozen=True, slots=True)
class Measured:
    """What each command cost in each round, and a run of each that is the suite's."""

    costs: Mapping[str, list[Cost]]
    runs: Mapping[str, Run]

    def wall(self, name: str) -> float:
        return median(cost.wall for cost in self.costs[name])


def measure(environment: Path, runs: Path) -> Measured:
    """All in turn, so that a machine that slows down slows them all."""
    suite = [sys.executable, "-m", "pytest", "--env", str(environment), "--runs", str(runs)]
    commands = {
        SUITE: [*suite, "scenarios"],
        REAL_TIME: [*suite, *_files(BEFORE + LIVE)],
        FILES: [*suite, *_files(BEFORE)],
    }
    ended = {}
    for name, command in commands.items():
        cost(command)  # the first run pays for caches that the others find warm
        ended[name] = load(max(runs.iterdir()))
    commands[BASELINE] = [
        sys.executable,
        "-m",
        "tests.support.baseline",
        str(environment),
        str(ended[SUITE].folder),
    ]
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            costs[name].append(cost(command))
            if name in ended:
                ended[name] = load(max(runs.iterdir()))
    return Measured(costs, ended)


def _files(areas: Sequence[str]) -> list[str]:
    return [f"scenarios/test_{area}.py" for area in areas]


def table(measured: Measured) -> str:
    run = measured.runs[SUITE]
    slowest, live = _slowest(run), _slowest(measured.runs[REAL_TIME], LIVE)
    allowed = 1.5 * measured.wall(BASELINE) + slowest.outcome.duration
    lines = [
        "| | scenarios | wall s | CPU s | peak memory MiB |",
        "|---|---|---|---|---|",
        *(_row(name, costs, measured.runs.get(name)) for name, costs in measured.costs.items()),
        "",
        f"Median of {ROUNDS} rounds (lowest to highest), all in turn.",
        "",
        f"Slowest scenario of the suite: `{slowest.id}`, {slowest.outcome.duration:.2f} s.",
        f"The suite may take 1.5 times the baseline and as long as that: {allowed:.2f} s.",
        "",
        f"Slowest scenario of real time: `{live.id}`, {live.outcome.duration:.2f} s.",
        (
            "Real time may make edge and files that much slower: "
            f"{measured.wall(FILES) + live.outcome.duration:.2f} s."
        ),
        "",
        (
            f"Machine: {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
            f"{platform.system()}"
        ),
        f"{platform.machine()}, Python {platform.python_version()}.",
    ]
    return "\n".join(lines)


def _slowest(run: Run, areas: Sequence[str] = ()) -> Result:
    asked = [scenario for scenario in run.scenarios if not areas or scenario.area in areas]
    return max(asked, key=lambda scenario: scenario.outcome.duration)


def _row(name: str, costs: Sequence[Cost], run: Run | None) -> str:
    counted = len(run.scenarios) if run else ""
    return (
        f"| {name} | {counted} | {_of(costs, 'wall')} | {_of(costs, 'cpu')} | "
        f"{_of(costs, 'memory', '.0f')} |"
    )


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
            measured = table(measure(started.wait(), Path(runs)))
    finally:
        started.stop()
    write(measured)
    PAGE.write_text(put_into(PAGE.read_text("utf-8"), measured), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
