"""Pods that do not run as they should, and Jobs of the probes that do not end (V6 §6.2)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from probes.cluster import events, kubectl, offenders
from probes.cluster.facts import CronJob, Facts, Job, Pod
from probes.finding import Code, Finding

CRASHING = "CrashLoopBackOff"
PENDING_TOO_LONG = timedelta(seconds=90)
JOB_SLACK = timedelta(seconds=60)
LONGEST_JOB = timedelta(hours=1)  # where it has no deadline of its own


def crash_looping(facts: Facts, where: str) -> Finding | None:
    """Who crashes again and again, and what they hold meanwhile; pure."""
    crashing = crashing_pods(facts.pods)
    found = [
        f"{pod.name} has crashed {pod.restarts} times ({pod.end_reason or 'no reason is told'})"
        for pod in crashing
    ]
    first_look = ""
    if found:
        first_look = f"kubectl -n {where} logs --previous {crashing[0].name}"
        cpu, memory = sum_requests(crashing)
        found[0] = (
            f"{found[0]}; such pods request {cpu:.0f}m CPU and {memory:.0f} MiB for nothing: "
            f"{len(crashing)}"
        )
    return offenders.finding(
        Code.POD_CRASH_LOOPING,
        found,
        "the pod's own log says why it ends; what it requests keeps nodes from being removed "
        "(V6 §6.2)",
        first_look,
    )


def crashing_pods(pods: Iterable[Pod]) -> list[Pod]:
    return [pod for pod in pods if pod.waiting == CRASHING]


def sum_requests(pods: Iterable[Pod]) -> tuple[float, float]:
    """Millicores and MiB that these pods request together."""
    known = list(pods)
    return sum(pod.cpu_m for pod in known), sum(pod.memory_mib for pod in known)


def pending(facts: Facts, now: datetime, where: str) -> Finding | None:
    """Who waits for a node, an image or its configuration, and what for; pure."""
    found = [
        f"{pod.name} is Pending: {_why_pending(pod, facts, now)}"
        for pod in facts.pods
        if pod.phase == "Pending" and now - pod.started_at > PENDING_TOO_LONG
    ]
    return offenders.finding(
        Code.POD_PENDING,
        found,
        "scheduler, image or configuration: the pod's condition says which",
        kubectl.get(where, "events") + " --field-selector reason=FailedScheduling",
    )


def _why_pending(pod: Pod, facts: Facts, now: datetime) -> str:
    """ContainerCreating says nothing: a volume that cannot be mounted is told by an event."""
    event = events.telling_event(facts.events, pod, now)
    quoted = events.quote(event) if event else ""
    return quoted or pod.waiting or pod.pending or "no reason is told"


def stuck_jobs(facts: Facts, now: datetime, where: str) -> Finding | None:
    """Jobs and CronJobs of the probes that do not end, or begin; pure."""
    found = [
        *(f"Job {job.name} does not end" for job in facts.jobs if _is_stuck(job, now)),
        *(_silent(facts.cron_jobs)),
    ]
    return offenders.finding(
        Code.JOB_STUCK,
        found,
        "Kubernetes: a Job whose pod cannot be started or does not end; its pod says why",
        kubectl.get(where, "cronjobs,jobs,pods") + " -l app.kubernetes.io/name=wealist-probes",
    )


def _is_stuck(job: Job, now: datetime) -> bool:
    limit = timedelta(seconds=job.deadline_s) if job.deadline_s else LONGEST_JOB
    started = job.started_at
    is_late = started is not None and now - started > limit + JOB_SLACK
    return job.ours and not job.is_finished and is_late


def _silent(cron_jobs: Iterable[CronJob]) -> Iterator[str]:
    for each in cron_jobs:
        if each.ours and each.is_suspended:
            yield f"CronJob {each.name} is suspended: nobody probes by the clock"
