"""`make bench`: what a healthy run costs beside the baseline and beside what people would use
instead, side by side; the tables go into docs/performance.md.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from probes.config import environment_file
from probes.finding import EXIT_UNKNOWN, Verdict
from probes.runner.target_process import Started
from reports.model.run import Run, load
from tests.support import bench_install, bench_peers, bench_table, bench_work
from tests.support.bench_cost import Command, Cost, cost
from tests.support.bench_peers import Peer

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
ROUNDS = int(os.environ.get("ROUNDS", "5"))
QUESTIONS = ("scenarios/test_edge.py", "-k", "a_route_answers_json")


@dataclass(slots=True)
class Group:
    """What is compared: the suite's own command first, then its peers."""

    title: str
    peers: list[Peer]
    costs: dict[str, list[Cost]] = field(default_factory=dict)

    def measure(self) -> None:
        """One round; who fails is not measured any more, and why is said."""
        for at, peer in enumerate(self.peers):
            if not peer.command:
                continue
            try:
                self.costs.setdefault(peer.name, []).append(cost(peer.command))
            except subprocess.CalledProcessError as error:
                last_line = (str(error.output).strip().splitlines() or ["it said nothing"])[-1]
                self.peers[at] = Peer(peer.name, None, f"it failed: {last_line[:120]}")
                self.costs.pop(peer.name, None)


def groups(environment: Path, runs: Path, scratch: Path, wrong: Mapping[str, str]) -> list[Group]:
    """The suite runs each of its parts once, whose caches the others find warm; what it asked is
    what the peers ask.
    """
    alone = scratch / "without-cluster.toml"
    alone.write_text(without_cluster(environment.read_text("utf-8")), "utf-8")
    whole, questions, journeys = (
        _suite(bench_table.SUITE, environment, runs, asked)
        for asked in (("scenarios",), QUESTIONS, bench_work.JOURNEYS)
    )
    quick = _suite(bench_table.QUICK, environment, runs, ("scenarios", "--tier", "quick"))
    unwitnessed = _suite(bench_table.WITHOUT_CLUSTER, alone, runs, ("scenarios",))
    ran = []
    for each in (whole, questions):
        assert each.command
        cost(each.command)
        ran.append(max(runs.iterdir()))
    target = environment_file.build(environment_file.parse(environment), str(environment))
    work = bench_work.write(target, ran[1], scratch / "work.json")
    baseline = [sys.executable, "-m", "tests.support.baseline", str(environment), str(ran[0])]
    return [
        Group(
            "whole suite",
            [whole, Peer(bench_table.BASELINE, Command(baseline, ROOT)), unwitnessed, quick],
        ),
        Group(
            f"{len(work['questions'])} questions",
            [questions, *bench_peers.for_questions(work, scratch, wrong)],
        ),
        Group(
            f"{len(bench_work.JOURNEYS)} journeys",
            [journeys, *bench_peers.for_journeys(work, scratch, wrong)],
        ),
    ]


def _suite(name: str, environment: Path, runs: Path, asked: Sequence[str]) -> Peer:
    """A run that was starved has cost as much; the report says how many were."""
    words = [sys.executable, "-m", "pytest", "--env", str(environment), "--runs", str(runs)]
    return Peer(name, Command([*words, *asked], ROOT, accepted=(0, EXIT_UNKNOWN)))


def without_cluster(environment: str) -> str:
    """The text of an environment file without [cluster] and the tables below it; pure."""
    head, *tables = re.split(r"^(?=\[)", environment, flags=re.MULTILINE)
    kept = [table for table in tables if not re.match(r"\[cluster[\].]", table)]
    return head + "".join(kept)


def measure(compared: Sequence[Group], rounds: int) -> None:
    """All in turn, so that a machine that slows down slows them all."""
    for _ in range(rounds):
        for group in compared:
            group.measure()


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Machine: {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}."
    )


def report(compared: Sequence[Group], runs: Path, rounds: int) -> str:
    lines: list[str] = []
    for group in compared:
        lines += [*bench_table.table(group.title, group.peers, group.costs), ""]
    lines += [
        *bench_table.targets(
            {group.title.split()[-1]: group.costs for group in compared}, _last(runs)
        ),
        "",
    ]
    lines += [f"Medians of {rounds} rounds (lowest to highest), all in turn.", machine()]
    lines += [_starved(runs)]
    lines += [f"Versions: {', '.join(bench_install.versions())}."]
    return "\n".join(lines)


def _has_unknown(run: Run) -> bool:
    return any(scenario.outcome.verdict is Verdict.UNKNOWN for scenario in run.scenarios)


def _starved(runs: Path) -> str:
    ended = list(map(load, runs.iterdir()))
    unknown = sum(map(_has_unknown, ended))
    return f"Of {len(ended)} runs of the suite {unknown} could not ask everything."


def _last(runs: Path) -> Run:
    """The last run of all scenarios."""
    return max(map(load, runs.iterdir()), key=lambda run: (len(run.scenarios), run.folder))


def put_into(page: str, measured: str) -> str:
    """`page` with what stands between the marks replaced."""
    head, tail = page.partition(BEGIN)[0], page.partition(END)[2]
    return f"{head}{BEGIN}\n{measured}\n{END}{tail}"


def main(write: Callable[[str], object] = print) -> int:
    wrong = bench_install.install()
    started = Started(["python", "-m", "replica"], [])
    try:
        with tempfile.TemporaryDirectory() as scratch:
            runs = Path(scratch) / "runs"
            runs.mkdir()
            compared = groups(started.wait(), runs, Path(scratch), wrong)
            measure(compared, ROUNDS)
            measured = report(compared, runs, ROUNDS)
    finally:
        started.stop()
    write(measured)
    PAGE.write_text(put_into(PAGE.read_text("utf-8"), measured), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
