"""Metrics of a run: bounded labels, what docs/metrics.md explains, and numbers that agree with the
report.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from probes.finding import Code, Verdict
from reports.model.run import Run
from reports.publish import metrics
from reports.publish.metrics import METRICS, samples
from tests.reports.conftest import BEGAN, Written, green, red
from tests.reports.model.test_previous_run import FAILURE, LOST, compared

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"


def told(run: Run, metric: metrics.Metric) -> dict[tuple[str, ...], float]:
    return {sample.labels: sample.value for sample in samples(run) if sample.metric is metric}


def test_a_broken_promise_has_its_code(written: Written) -> None:
    """One series a promise says its verdict; skipped ones say nothing else."""
    run = red(written).load()
    verdicts = {labels[0]: labels[3:] for labels in told(run, metrics.VERDICT)}
    assert verdicts["storage/a-file-comes-back"] == ("broken", "edge-html-fallback")
    assert verdicts["edge/bob"] == ("unknown", "unknown")
    assert verdicts["edge/health"] == ("held", "")
    assert verdicts["edge/tls"] == ("degraded", "tls-expiring")
    assert verdicts["edge/lost"] == ("not-run", "unknown")
    assert told(run, metrics.ACCEPTED)["presign/board",] == 1
    assert told(run, metrics.RUN_SUCCESS) == {(): 0}
    assert told(run, metrics.RUN_SCENARIOS)["broken",] == 3


def test_a_green_run_has_succeeded_for_every_promise(written: Written) -> None:
    """Last run and last success are when the run began; a skipped promise has neither."""
    run = green(written).load()
    assert told(run, metrics.RUN_SUCCESS) == {(): 1}
    assert (
        set(told(run, metrics.LAST_RUN).values())
        == set(told(run, metrics.LAST_SUCCESS).values())
        == {BEGAN}
    )
    assert len(told(run, metrics.LAST_RUN)) == 3
    assert set(told(run, metrics.FAILING_RUNS).values()) == {0}


def test_a_break_counts_its_runs_and_remembers_when_it_held(written: Written) -> None:
    """From what the runs before have left: one more run than they had, and the time of the last
    success.
    """
    written.started("a/old", "a/new").broken("a/old", LOST).broken("a/new", LOST)
    run = compared(written, gate=False, failures={"a/old": FAILURE}).ended().load()
    assert told(run, metrics.FAILING_RUNS) == {("a/old",): 4, ("a/new",): 1}
    assert told(run, metrics.LAST_SUCCESS) == {
        ("a/old",): FAILURE["held"],
        ("a/new",): 1_789_999_000.0,
    }


def test_who_could_not_be_asked_before_breaks_for_the_first_time(written: Written) -> None:
    """Two runs in vain are no two runs of a break."""
    written.started("a/x").broken("a/x", LOST)
    run = (
        compared(written, gate=False, failures={"a/x": FAILURE | {"code": "unknown"}})
        .ended()
        .load()
    )
    assert told(run, metrics.FAILING_RUNS) == {("a/x",): 1}


def test_no_label_takes_what_a_target_wrote(written: Written) -> None:
    """Labels are names of ours and members of closed sets, so that series cannot grow with what is
    observed.
    """
    for sample in samples(red(written).load()):
        labels = sample.label_values
        assert labels.get("verdict", "held") in set(Verdict)
        assert labels.get("code", "") in {"", *Code}
        assert set(labels) <= {"scenario", "area", "owner", "verdict", "code"}


def test_every_metric_is_explained() -> None:
    """docs/metrics.md has a row for each metric with its labels, and none for what is not sent."""
    rows = re.findall(
        r"^\| `(wealist_probes_\w+)` \| (.*?) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE
    )
    assert rows == [(metric.name, quoted(metric.labels)) for metric in METRICS]


def quoted(labels: Iterable[str]) -> str:
    return ", ".join(f"`{label}`" for label in labels) or "none"


def test_names_follow_the_two_conventions() -> None:
    """Prometheus wants the unit at the end of the name, OpenTelemetry wants it apart."""
    assert metrics.DURATION.otlp_name == "wealist.probes.scenario.duration"
    assert metrics.RUN_LAST.otlp_name == "wealist.probes.run.last_timestamp"
    assert all((metric.unit == "s") == metric.name.endswith("_seconds") for metric in METRICS)
