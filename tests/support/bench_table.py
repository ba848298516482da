"""The tables of `make bench`, and how far the suite is from what it is to cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.model.run import Run
from tests.support.bench_cost import Cost, middle, spread
from tests.support.bench_peers import Peer

SUITE, BASELINE, BARE = "suite", "baseline", "bare httpx, 8 at a time"
SYNTHETICS = "Elastic Synthetics"
QUICK, WITHOUT_CLUSTER = "suite, --tier quick", "suite, without [cluster]"
AFTER_SLOWEST_S = 2.0  # what a run may last beyond its slowest promise
MOST_MEMORY_MIB = 640.0
MOST_QUICK_CPU_S, MOST_QUICK_MEMORY_MIB = 3.0, 120.0
MOST_FOR_CLUSTER_S = 1.0

Costs = Mapping[str, Sequence[Cost]]


@dataclass(frozen=True, slots=True)
class Target:
    """`measured` is to be at most `most`, both in `unit`; None where it could not be measured."""

    what: str
    measured: float | None
    most: float
    unit: str

    @property
    def row(self) -> str:
        if self.measured is None:
            return f"| {self.what} | {self.most:g}{self.unit} | not measured | |"
        met = "met" if self.measured <= self.most else "not met"
        return (
            f"| {self.what} | {self.most:g}{self.unit} | {self.measured:.2f}{self.unit} | {met} |"
        )


def table(title: str, peers: Sequence[Peer], costs: Costs) -> list[str]:
    """What each peer cost; one that could not be measured says why."""
    head = [f"| {title} | wall s | CPU s | peak memory MiB |", "|---|---|---|---|"]
    return [*head, *(_row(peer, costs.get(peer.name, ())) for peer in peers)]


def _row(peer: Peer, costs: Sequence[Cost]) -> str:
    if not costs:
        return f"| {peer.name} | not measured: {peer.missing} | | |"
    wall, cpu, memory = spread(costs, "wall"), spread(costs, "cpu"), spread(costs, "memory", ".0f")
    return f"| {peer.name} | {wall} | {cpu} | {memory} |"


def targets(by_group: Mapping[str, Costs], run: Run) -> list[str]:
    """`by_group`: costs of the groups that end in suite, questions and journeys."""
    rows = [target.row for target in _targets(by_group, run)]
    slowest = max(run.scenarios, key=lambda scenario: scenario.outcome.duration_s)
    return [
        "| | at most | measured | |",
        "|---|---|---|---|",
        *rows,
        "",
        f"Slowest promise: `{slowest.id}`, {slowest.outcome.duration_s:.2f} s.",
    ]


def _targets(by_group: Mapping[str, Costs], run: Run) -> Iterator[Target]:
    whole, questions, journeys = (by_group[name] for name in ("suite", "questions", "journeys"))
    slowest_s = max(scenario.outcome.duration_s for scenario in run.scenarios)
    yield Target("questions: CPU by bare httpx", _ratio(questions, BARE, "cpu"), 2.0, " times")
    for name, most in (("wall", 1.0), ("cpu", 1.1)):
        what = f"journeys: {name} by {SYNTHETICS}"
        yield Target(what, _ratio(journeys, SYNTHETICS, name), most, " times")
    yield Target("whole suite: CPU by the baseline", _ratio(whole, BASELINE, "cpu"), 1.35, " times")
    wall, most_s = _of(whole, "wall"), round(slowest_s + AFTER_SLOWEST_S, 2)
    yield Target("whole suite: wall, by the slowest promise and 2 s", wall, most_s, " s")
    yield Target("whole suite: memory", _of(whole, "memory"), MOST_MEMORY_MIB, " MiB")
    alone = _of(whole, "wall", WITHOUT_CLUSTER)
    more_s = None if wall is None or alone is None else wall - alone
    yield Target("[cluster]: wall it adds", more_s, MOST_FOR_CLUSTER_S, " s")
    yield Target("quick tier: CPU", _of(whole, "cpu", QUICK), MOST_QUICK_CPU_S, " s")
    yield Target("quick tier: memory", _of(whole, "memory", QUICK), MOST_QUICK_MEMORY_MIB, " MiB")


def _of(costs: Costs, name: str, peer: str = SUITE) -> float | None:
    measured = costs.get(peer)
    return middle(measured, name) if measured else None


def _ratio(costs: Costs, other: str, name: str) -> float | None:
    if not costs.get(SUITE) or not costs.get(other):
        return None
    return middle(costs[SUITE], name) / middle(costs[other], name)
