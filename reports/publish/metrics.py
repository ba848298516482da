"""The metrics of a run, as values: what Prometheus and OTLP are sent, and docs/metrics.md explains;
pure.

All are gauges that say how the last run ended: a run is a process of its own, and what it counts
begins at nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from probes.finding import EXIT_HELD, Code, Verdict
from reports.model.run import Result, Run

PREFIX = "wealist_probes_"
_SCENARIO = ("scenario",)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `name` is Prometheus's own, with its unit at the end; `unit` is UCUM, as OTLP has
    it.
    """

    name: str
    says: str
    labels: tuple[str, ...] = ()
    unit: str = "1"

    @property
    def otlp_name(self) -> str:
        """Its name by OpenTelemetry's conventions, which keep the unit apart."""
        name = self.name.removeprefix(PREFIX).removesuffix("_seconds")
        return (
            f"wealist.probes.{name.replace('scenario_', 'scenario.', 1).replace('run_', 'run.', 1)}"
        )


def _metric(name: str, says: str, labels: tuple[str, ...] = (), unit: str = "1") -> Metric:
    return Metric(PREFIX + name, says, labels, unit)


VERDICT = _metric(
    "scenario_verdict",
    "1 for the verdict that the promise has; code is the finding's, empty where there is none",
    ("scenario", "area", "owner", "verdict", "code"),
)
DURATION = _metric(
    "scenario_duration_seconds", "how long it took to ask, all attempts", _SCENARIO, "s"
)
LAST_RUN = _metric(
    "scenario_last_run_timestamp_seconds", "when the promise was last asked", _SCENARIO, "s"
)
LAST_SUCCESS = _metric(
    "scenario_last_success_timestamp_seconds", "when the promise last held", _SCENARIO, "s"
)
FAILING_RUNS = _metric("scenario_failing_runs", "how many runs in a row it has not held", _SCENARIO)
ACCEPTED = _metric(
    "scenario_accepted", "1 where its finding is accepted in the environment file", _SCENARIO
)
RUN_SCENARIOS = _metric(
    "run_scenarios", "how many promises the run has with each verdict", ("verdict",)
)
RUN_DURATION = _metric("run_duration_seconds", "how long the run took", (), "s")
RUN_LAST = _metric("run_last_timestamp_seconds", "when the run began", (), "s")
RUN_SUCCESS = _metric(
    "run_success", "1 where nothing is broken and all that was expected was asked"
)
LOOP_DELAY = _metric(
    "loop_delay_seconds", "the longest that the suite's own event loop was late", (), "s"
)
WAITED = _metric("cpu_wait_ratio", "share of the run in which the suite waited for a processor")
THROTTLED = _metric("cpu_throttled_ratio", "share of the run in which its cgroup was throttled")
MEMORY = _metric("memory_ratio", "share of its memory limit that the suite used at the end")
DESCRIPTORS = _metric(
    "descriptors_ratio", "share of the file descriptors it may open that the suite had at the end"
)
# What the journal's event `self-health` calls each.
SELF_HEALTH = {
    "loop_delay_s": LOOP_DELAY,
    "waited_share": WAITED,
    "throttled_share": THROTTLED,
    "memory_share": MEMORY,
    "descriptors_share": DESCRIPTORS,
}
METRICS = (
    VERDICT,
    DURATION,
    LAST_RUN,
    LAST_SUCCESS,
    FAILING_RUNS,
    ACCEPTED,
    RUN_SCENARIOS,
    RUN_DURATION,
    RUN_LAST,
    RUN_SUCCESS,
    *SELF_HEALTH.values(),
)
_UNASKED = (Verdict.SKIPPED, Verdict.NOT_RUN)
_KEPT = (Verdict.HELD, Verdict.DEGRADED)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of `metric`; `labels` in the order in which the metric names them."""

    metric: Metric
    labels: tuple[str, ...]
    value: float

    @property
    def label_values(self) -> dict[str, str]:
        return dict(zip(self.metric.labels, self.labels, strict=True))


def samples(run: Run) -> Iterator[Sample]:
    """All that the run says, the same in number for runs of the same scenarios; nothing of what a
    target wrote.
    """
    for scenario in run.scenarios:
        yield from _of_scenario(run, scenario)
    for verdict in Verdict:
        yield Sample(RUN_SCENARIOS, (verdict,), sum(s.verdict is verdict for s in run.scenarios))
    yield Sample(RUN_DURATION, (), run.duration_s)
    yield Sample(RUN_LAST, (), run.began_at)
    yield Sample(RUN_SUCCESS, (), float(run.exit_code() == EXIT_HELD))
    for name, metric in SELF_HEALTH.items():
        yield Sample(metric, (), run.self_health.get(name, 0.0))


def _of_scenario(run: Run, scenario: Result) -> Iterator[Sample]:
    found = scenario.outcome.reported_finding
    code = found.code if found and scenario.verdict is not Verdict.SKIPPED else ""
    yield Sample(VERDICT, (scenario.id, scenario.area, scenario.owner, scenario.verdict, code), 1)
    if scenario.verdict is Verdict.SKIPPED:
        return
    name = (scenario.id,)
    if scenario.verdict not in _UNASKED:
        yield Sample(DURATION, name, scenario.outcome.duration_s)
        yield Sample(LAST_RUN, name, run.began_at)
    if succeeded := _last_success(run, scenario):
        yield Sample(LAST_SUCCESS, name, succeeded)
    yield Sample(FAILING_RUNS, name, _failing_runs(run, scenario))
    yield Sample(ACCEPTED, name, float(scenario.outcome.accepted is not None))


def _last_success(run: Run, scenario: Result) -> float:
    """0 where nobody knows: broken now, and no run before has left a word."""
    if scenario.verdict in _KEPT:
        return run.began_at
    if run.previous is None:
        return 0.0
    failure = run.previous.failures.get(scenario.id)
    return failure.held if failure else run.previous.ran


def _failing_runs(run: Run, scenario: Result) -> int:
    """As probes/state/last_run.py counts for the next run: being asked in vain does not end a
    break, nor begin it.
    """
    if scenario.verdict in _KEPT:
        return 0
    failure = run.previous.failures.get(scenario.id) if run.previous else None
    begins = failure is None or (
        failure.code == Code.UNKNOWN and scenario.verdict is Verdict.BROKEN
    )
    return 1 if begins or failure is None else failure.runs + 1
