"""`make soak-runs COUNT=n`: healthy runs of the whole suite, every second one on a busy machine, or
with AT_ONCE=m so many side by side; what became of them is added up in docs/reliability.md, so that
the next call continues.
"""

import argparse
import contextlib
import fcntl
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import httpx

from probes.finding import Code, Verdict
from probes.runner.target_process import Started
from reports.model.run import Run, load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- soak -->", "<!-- /soak -->"
QUIET, BUSY, AT_ONCE = "quiet", "busy", "side by side"
KINDS = (QUIET, BUSY, AT_ONCE)
BUSY_LOOPS = 8
# Images: no service has a way to delete them, or what they are attached to (contract 4.5).
IMAGES_STAY = ("objects", "attachments")
CLEAN = {Verdict.HELD, Verdict.SKIPPED}
RUN_ENDS_WITHIN_S = 300
FOREVER = "while True: pass"
HEAD = """| machine | runs | held | BROKEN | intermittent | unanswered | leftovers | longest run |
|---|---|---|---|---|---|---|---|
"""
ROW = re.compile(rf"^\| ({'|'.join(KINDS)}) \| (.*?) s \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sum:
    """What became of the runs on one kind of machine; `leftovers` is the most that lay there after
    a run, `longest_s` how long the longest took.
    """

    runs: int = 0
    held: int = 0
    broken: int = 0
    intermittent: int = 0
    unanswered: int = 0
    leftovers: int = 0
    longest_s: int = 0

    def plus(self, run: Run, leftovers: int, duration_s: float) -> "Sum":
        verdicts = [scenario.verdict for scenario in run.scenarios]
        codes = [scenario.finding.code for scenario in run.scenarios if scenario.finding]
        return replace(
            self,
            runs=self.runs + 1,
            held=self.held + verdicts.count(Verdict.HELD),
            broken=self.broken + verdicts.count(Verdict.BROKEN),
            intermittent=self.intermittent + codes.count(Code.INTERMITTENT),
            unanswered=self.unanswered
            + verdicts.count(Verdict.UNKNOWN)
            + verdicts.count(Verdict.NOT_RUN),
            leftovers=max(self.leftovers, leftovers),
            longest_s=max(self.longest_s, round(duration_s)),
        )


def read_sums(page: str) -> dict[str, Sum]:
    """What the table of `page` says; nothing has been run where it has no row."""
    sums = {kind: Sum() for kind in KINDS}
    for machine, cells in ROW.findall(page):
        sums[machine] = Sum(*(int(cell) for cell in cells.split(" | ")))
    return sums


def with_sums(page: str, sums: dict[str, Sum]) -> str:
    """`page` with its table written anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [f"| {machine} | {_cells(total)} s |\n" for machine, total in sums.items()]
    return f"{before}{BEGIN}\n\n{HEAD}{''.join(rows)}\n{END}{after}"


def _cells(total: Sum) -> str:
    return " | ".join(str(getattr(total, field.name)) for field in fields(total))


@contextmanager
def busy_machine() -> Iterator[None]:
    """Eight loops beside the run: stress-ng where it is installed, else Python's."""
    command = [sys.executable, "-c", FOREVER]
    loops = BUSY_LOOPS
    if found := shutil.which("stress-ng"):
        command, loops = [found, "--quiet", "--cpu", str(BUSY_LOOPS)], 1
    processes = [subprocess.Popen(command) for _ in range(loops)]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def soak(count: int, kind: str | None) -> None:
    """So many runs of `kind`, against one replica; None: quiet and busy by turns."""
    started = Started(["python", "-m", "replica"], [])
    try:
        environment = started.wait()
        for _ in range(count):
            next_kind = kind or _rarer(read_sums(PAGE.read_text("utf-8")))
            _add(next_kind, *_one_more(next_kind, environment))
    finally:
        started.stop()


def _rarer(sums: dict[str, Sum]) -> str:
    return QUIET if sums[QUIET].runs <= sums[BUSY].runs + sums[AT_ONCE].runs else BUSY


def soak_at_once(count: int, at_once: int) -> int:
    """So many runs, `at_once` of them side by side, each beside a replica of its own."""
    shares = [len(range(first, count, at_once)) for first in range(at_once)]
    command = [sys.executable, "-m", "tests.support.soak_runs", "--kind", AT_ONCE]
    processes = [subprocess.Popen([*command, str(share)], cwd=ROOT) for share in shares if share]
    return max(process.wait() for process in processes)


def _one_more(kind: str, environment: Path) -> tuple[Run, int, float]:
    """The run, what it left on the replica, and how many seconds it took."""
    control = tomllib.loads(environment.read_text("utf-8"))["control"]["url"]
    load_of = busy_machine if kind == BUSY else contextlib.nullcontext
    runs = Path(tempfile.mkdtemp(prefix="soak-"))
    began = time.monotonic()
    with load_of():
        run = _run(environment, runs)
    duration_s = time.monotonic() - began
    if all(scenario.verdict in CLEAN for scenario in run.scenarios):
        shutil.rmtree(runs)
    else:
        print(f"not all held: {run.folder}")
    left: dict[str, int] = httpx.get(f"{control}/state", timeout=30).json()["counts"]
    deletable = sum(count for kind, count in left.items() if kind not in IMAGES_STAY)
    return run, deletable, duration_s


def _add(kind: str, run: Run, leftovers: int, duration_s: float) -> None:
    """Add a run to the page, which others who soak may write at the same time."""
    with PAGE.open("r+", encoding="utf-8") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        text = page.read()
        sums = read_sums(text)
        sums[kind] = sums[kind].plus(run, leftovers, duration_s)
        page.seek(0)
        page.write(with_sums(text, sums))
        page.truncate()
    print(f"{kind}: {sums[kind]}", flush=True)


def _run(environment: Path, runs: Path) -> Run:
    command = [sys.executable, "-m", "pytest", "scenarios", "-q", "--env", str(environment)]
    subprocess.run(
        [*command, "--runs", str(runs)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        timeout=RUN_ENDS_WITHIN_S,
        check=False,
    )
    (folder,) = (path.parent for path in runs.glob("*/run.jsonl"))
    return load(folder)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make soak-runs", description=__doc__)
    parser.add_argument("count", type=int, help="how many more runs")
    parser.add_argument("--at-once", type=int, default=1, help="how many side by side")
    parser.add_argument("--kind", choices=KINDS, help="the row of the table; by turns")
    asked = parser.parse_args(arguments)
    if asked.at_once > 1:
        return soak_at_once(asked.count, asked.at_once)
    soak(asked.count, asked.kind)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
