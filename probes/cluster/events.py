"""What the cluster's events say of a pod that does not serve: the one that tells most.

Source: Kubernetes 1.34, core/v1 Event; kubelet's and the scheduler's reasons. An event is kept for
an hour, so an old one is no news: it counts while its pod is not ready, or where it came after
the pod had started.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from probes.cluster.facts import Event, Pod

# By how much they tell: a back-off only follows from what stands before it.
TELLING = (
    "FailedScheduling",
    "FailedMount",
    "FailedAttachVolume",
    "FailedCreatePodSandBox",
    "Failed",
    "Evicted",
    "Unhealthy",
    "BackOff",
)
LATELY = timedelta(minutes=15)
# A readiness probe fails while a service starts: kubelet says so, and nothing is wrong.
START = timedelta(minutes=2)
QUOTED_CHARS = 200  # characters of a message


def telling_event(events: Iterable[Event], pod: Pod, now: datetime) -> Event | None:
    """The event that says most of why this pod does not serve; pure."""
    found = [event for event in events if event.pod == pod.name and _is_news(event, pod, now)]
    if not found:
        return None
    latest = sorted(found, key=lambda event: event.last_at or pod.started_at, reverse=True)
    return min(latest, key=lambda event: TELLING.index(event.reason))


def _is_news(event: Event, pod: Pod, now: datetime) -> bool:
    if event.reason not in TELLING or event.last_at is None or now - event.last_at > LATELY:
        return False
    return not pod.ready or event.last_at > pod.started_at + START


def quote(event: Event) -> str:
    """The event in one line, as a finding quotes it; pure."""
    message = " ".join(event.message.split())[:QUOTED_CHARS]
    times = f" ({event.count} times)" if event.count > 1 else ""
    return f"{event.reason}: {message}{times}"
