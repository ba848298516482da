"""The CronJob and the hook do what weAlist's cluster needs: when they run, how long, and what is
kept of them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise, product

import pytest

from probes.config import environment_file as target
from probes.runner.scheduler import CLOSING_TIMEOUT_S
from probes.runner.session import CLEANUP_TIMEOUT_S, EXPORT_TIMEOUT_S, GRACE_S
from tests.support.manifests import ENVIRONMENTS, hook, one, pods

MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001 - Seoul's wall clock, which knows no summer time
# Nodes are at zero from hour to hour, Seoul time (terraform/prod/compute/scheduled-scaling.tf;
# contract 9.4).
WEEKDAYS, WEEKEND = (1, 8), (3, 9)
WARM_UP = timedelta(minutes=10)
SETTLE = 90  # seconds
STARTING = 60  # seconds: a node takes the pod, pulls the image and the doctor looks


def deadline(environment: str) -> float:
    """Seconds after which a run ends itself, whatever happens."""
    path = target.ENVIRONMENTS / f"{environment}.toml"
    return target.build(target.parse(path), str(path)).timeouts.run_s + GRACE_S


def hours(said: str, most: int) -> list[int]:
    """The numbers of one field of a schedule: lists, ranges and a star."""
    ends = [
        (config.split("-") * 2)[:2] if config != "*" else ["0", str(most - 1)]
        for config in said.split(",")
    ]
    return [number for first, last in ends for number in range(int(first), int(last) + 1)]


def starts(schedule: str) -> Iterator[datetime]:
    """Every start in a week, which must be the same each day."""
    minute, hour, *days = schedule.split()
    assert days == ["*", "*", "*"]
    for day, h, m in product(range(7), hours(hour, 24), hours(minute, 60)):
        yield MONDAY + timedelta(days=day, hours=h, minutes=m)


def zeros() -> Iterator[tuple[datetime, datetime]]:
    """When there is no node, in that week and the night after it."""
    for day in range(8):
        first, last = WEEKEND if day % 7 > 4 else WEEKDAYS
        yield MONDAY + timedelta(days=day, hours=first), MONDAY + timedelta(days=day, hours=last)


def meeting_a_zero(schedule: str, longest: float) -> list[datetime]:
    """Starts before the nodes are warm, and those that may be under way when the nodes go;
    `longest` in seconds.
    """
    return [
        start
        for start, (gone, back) in product(starts(schedule), zeros())
        if start < back + WARM_UP and start + timedelta(seconds=longest) > gone
    ]


def test_no_run_meets_the_nightly_zero() -> None:
    """In production none starts before the nodes are warm, and none that starts late is under way
    when they go.
    """
    spec = one("prod", "CronJob")["spec"]
    assert spec["timeZone"] == "Asia/Seoul"
    longest = spec["startingDeadlineSeconds"] + spec["jobTemplate"]["spec"]["activeDeadlineSeconds"]
    assert meeting_a_zero(spec["schedule"], longest) == []


@pytest.mark.parametrize("schedule", ["55 0 * * *", "30 8 * * *", "5 9 * * *", "* * * * *"])
def test_a_run_that_meets_the_zero_is_seen(schedule: str) -> None:
    """One that the nodes leave in the middle, one at the weekend's ninth hour, one before the nodes
    are warm.
    """
    assert meeting_a_zero(schedule, 600)


def test_a_run_ends_before_the_next_begins() -> None:
    """Forbid skips none in a row: each is over, by force if need be, when the next is due."""
    for environment in ENVIRONMENTS:
        spec = one(environment, "CronJob")["spec"]
        due = sorted(starts(spec["schedule"]))
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(due)]
        assert (
            min(gaps)
            > spec["startingDeadlineSeconds"] + spec["jobTemplate"]["spec"]["activeDeadlineSeconds"]
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_clock_starts_one_run_and_keeps_some(environment: str) -> None:
    """No two at once, no run hours late, three of each kind kept to be read."""
    cronjob = one(environment, "CronJob")
    spec = cronjob["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert (
        10 <= spec["startingDeadlineSeconds"] <= 300
    )  # below 10 s the controller may never look in time
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 3)
    assert cronjob["metadata"]["annotations"] == {"argocd.argoproj.io/ignore-healthcheck": "true"}
    assert len(cronjob["metadata"]["name"]) <= 52  # the controller puts 11 characters behind it


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_hook_gates_a_sync_and_leaves_a_failure_to_be_read(environment: str) -> None:
    """PostSync; gone when it succeeded, kept for a day when it failed, and never deleted before
    Argo CD has read it.
    """
    gate = hook(environment)
    assert gate["metadata"]["annotations"] == {
        "argocd.argoproj.io/hook": "PostSync",
        "argocd.argoproj.io/hook-delete-policy": "HookSucceeded",
    }
    assert "name" not in gate["metadata"]
    assert len(next(reversed(list(pods(environment)))).name) <= 63
    assert gate["spec"]["ttlSecondsAfterFinished"] >= 600


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_job_fails_once_and_in_time(environment: str) -> None:
    """No second try, except for a pod whose node was taken away; force comes only after the run's
    own deadline.
    """
    for job, waiting in (
        (one(environment, "CronJob")["spec"]["jobTemplate"], 0),
        (hook(environment), SETTLE),
    ):
        spec = job["spec"]
        assert spec["backoffLimit"] == 0
        assert spec["template"]["spec"]["restartPolicy"] == "Never"
        (rule,) = spec["podFailurePolicy"]["rules"]
        assert rule == {
            "action": "Ignore",
            "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
        }
        assert spec["activeDeadlineSeconds"] >= deadline(environment) + STARTING + waiting
        closing = CLOSING_TIMEOUT_S + CLEANUP_TIMEOUT_S + EXPORT_TIMEOUT_S
        assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= 2 * closing


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_trace_says_where_the_run_was(environment: str) -> None:
    """Pod, node, namespace, Job are in every span's resource by the Downward API, the CronJob where
    there is one.
    """
    clock, gate = pods(environment)
    for pod, above in (clock, ",k8s.cronjob.name=wealist-probes"), (gate, ""):
        values = {
            entry["name"]: entry.get("value", "") for entry in pod.spec["containers"][0]["env"]
        }
        assert values["OTEL_RESOURCE_ATTRIBUTES"] == f"$(POD_ATTRIBUTES){above}"
        attributes = dict(config.split("=") for config in values["POD_ATTRIBUTES"].split(","))
        paths = {
            f"$({entry['name']})": entry["valueFrom"]["fieldRef"]["fieldPath"]
            for entry in pod.spec["containers"][0]["env"]
            if "valueFrom" in entry
        }
        assert {name: paths.get(value, value) for name, value in attributes.items()} == {
            "k8s.namespace.name": "metadata.namespace",
            "k8s.pod.name": "metadata.name",
            "k8s.pod.uid": "metadata.uid",
            "k8s.node.name": "spec.nodeName",
            "k8s.job.name": "metadata.labels['batch.kubernetes.io/job-name']",
            "k8s.container.name": pod.spec["containers"][0]["name"],
        }
