"""The event that tells most of a pod that does not serve is quoted, and no other."""

from datetime import timedelta

import pytest

from probes.cluster import parsing, pods
from probes.cluster.events import quote, telling_event
from probes.cluster.facts import Event, Facts
from tests.support.cluster_objects import AN_HOUR, NOW, pod

LATELY = NOW - timedelta(minutes=1)
MOUNT = Event("a-1", "FailedMount", "secret not found", 1, LATELY)
BACK_OFF = Event("a-1", "BackOff", "Back-off restarting", 9, LATELY)


def test_the_reason_stands_before_what_follows_from_it() -> None:
    """Whichever came last."""
    later = Event("a-1", "BackOff", "x", 9, NOW)
    assert telling_event([BACK_OFF, MOUNT, later], pod(ready=False), NOW) == MOUNT


@pytest.mark.parametrize(
    "event",
    [
        Event("a-2", "FailedMount", "of another pod", 1, LATELY),
        Event("a-1", "Pulled", "says nothing of trouble", 1, LATELY),
        Event("a-1", "Unhealthy", "an hour ago", 1, NOW - AN_HOUR),
        Event("a-1", "Unhealthy", "nobody knows when", 1, None),
    ],
)
def test_what_tells_nothing_of_this_pod_now_is_not_quoted(event: Event) -> None:
    assert telling_event([event], pod(ready=False), NOW) is None


@pytest.mark.parametrize(("after_s", "is_told"), [(30, False), (300, True)])
def test_a_probe_that_failed_while_the_service_started_is_no_news(
    after_s: int, *, is_told: bool
) -> None:
    """Of a pod that is ready now; later it is."""
    started = NOW - timedelta(minutes=10)
    event = Event("a-1", "Unhealthy", "refused", 3, started + timedelta(seconds=after_s))
    assert bool(telling_event([event], pod(started_at=started), NOW)) is is_told


def test_a_pod_that_waits_for_a_volume_is_told_so() -> None:
    """ContainerCreating, which its state says, tells nothing."""
    waiting = pod(phase="Pending", ready=False, waiting="ContainerCreating")
    found = pods.pending(Facts(pods=(waiting,), events=(MOUNT,)), NOW, "weal")
    assert found
    assert found.observed == "a-1 is Pending: FailedMount: secret not found"


def test_a_long_message_is_one_short_line() -> None:
    event = Event("a", "Unhealthy", "x\n  y " + "z" * 900, 3)
    assert quote(event).startswith("Unhealthy: x y zzz")
    assert len(quote(event)) < 230
    assert quote(event).endswith("(3 times)")


def test_an_event_is_read_whoever_wrote_it() -> None:
    """Old writers fill lastTimestamp and count, new ones eventTime and a series."""
    about = {"metadata": {"name": "e"}, "involvedObject": {"name": "a-1"}, "reason": "Unhealthy"}
    at = "2026-01-02T11:00:00Z"
    old = {**about, "message": "m", "count": 4, "lastTimestamp": at, "eventTime": None}
    series = {"count": 4, "lastObservedTime": at}
    new = {**about, "message": "m", "eventTime": "2026-01-02T10:00:00Z", "series": series}
    expected = Event("a-1", "Unhealthy", "m", 4, NOW - AN_HOUR)
    assert [parsing.event(each) for each in (old, new)] == [expected, expected]
