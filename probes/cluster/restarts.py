"""Whose container has ended since the last run, by the state store; the first run looks back."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from probes.cluster import kubectl, offenders
from probes.cluster.facts import Facts
from probes.cluster.pods import CRASHING
from probes.finding import Code, Finding
from probes.recording.recorder import current
from probes.state import last_run

# Runs follow each other in production within this time (deploy/overlays/cronjob).
BETWEEN_RUNS = timedelta(minutes=15)
# A run looks at the pods some time before it ends: what ended meanwhile is told by the next one.
BEFORE_THE_END = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Restarts after `since` count; `words` say what that moment is."""

    since: datetime
    words: str


async def window(state: str, now: datetime) -> Window:
    """The time since the last run that `state` of [identity] knows of; a note says if none."""
    found = choose_window(await last_run.last_end_at(state), now)
    current().note(f"restarts are looked for {found.words}")
    return found


def choose_window(last_end_at: float, now: datetime) -> Window:
    """`last_end_at` in Unix time, 0 where no run is known; pure."""
    ended = datetime.fromtimestamp(last_end_at, UTC)
    if not last_end_at or ended > now:
        minutes = BETWEEN_RUNS.total_seconds() / 60
        words = f"in the last {minutes:.0f} minutes, as no earlier run is known"
        return Window(now - BETWEEN_RUNS, words)
    return Window(ended - BEFORE_THE_END, f"since the last run, which ended at {ended:%H:%M:%S}")


def find_restarts(facts: Facts, looked: Window, where: str) -> Finding | None:
    """Whose container has ended in this window and was started again; pure."""
    found = [
        f"a container of {pod.name} ended at {pod.restarted_at:%H:%M:%S} "
        f"({pod.end_reason or 'unknown'})"
        for pod in facts.pods
        if pod.restarted_at and pod.restarted_at > looked.since and pod.waiting != CRASHING
    ]
    finding = offenders.finding(
        Code.POD_RESTARTED,
        found,
        "the pod's previous log says why it ended; OOMKilled means its memory limit",
        kubectl.get(where, "pods"),
    )
    observed = f"{looked.words}: {finding.observed}" if finding else ""
    return replace(finding, observed=observed) if finding else None
