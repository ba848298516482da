"""A pod is blamed where it is of the service that broke, and where no other serves in its place."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from probes.cluster.facts import Endpoints, Event, Facts, Pod, Service
from probes.diagnosis.cluster_facts import RULES, Proof, Question
from probes.diagnosis.witness import with_proof
from probes.finding import Certainty, Code, Finding
from tests.probes.diagnosis.test_cluster_facts import STARTED, TARGET, facts_of

CRASHING = Pod(
    "x",
    {},
    "Running",
    ready=False,
    started_at=STARTED,
    waiting="CrashLoopBackOff",
    restarts=9,
    end_reason="OOMKilled",
)
READY = replace(CRASHING, ready=True, waiting="", restarts=0, end_reason="")
SELECTED = Service("noti-service", {"tier": "noti"})


@pytest.mark.parametrize(
    ("pod", "is_its_own"),
    [
        (replace(CRASHING, labels={"tier": "noti"}), True),
        (replace(CRASHING, labels={"app": "noti-service", "tier": "other"}), True),
        (replace(CRASHING, owner="noti-service"), True),
        (replace(CRASHING, name="noti-service-next-1", owner="noti-service-next"), False),
        (replace(CRASHING, name="noti-service-1", labels={"app": "noti-service-worker"}), False),
    ],
)
def test_only_a_services_own_pod_is_blamed(pod: Pod, *, is_its_own: bool) -> None:
    """Its Service selects it, its workload owns it, or its label says so; a name that begins like
    the service's says nothing.
    """
    found = facts_of(Code.SERVICE_UNAVAILABLE, "noti-service", Facts(pods=(pod,)))
    found += facts_of(
        Code.SERVICE_UNAVAILABLE, "noti-service", Facts(pods=(pod,), services=(SELECTED,))
    )
    assert any(f"pod {pod.name} waits" in fact for fact in found) is is_its_own


def test_a_second_release_of_one_chart_is_not_livekit() -> None:
    """Both bear the chart's name; the Service tells them apart."""
    chart = {"app.kubernetes.io/name": "livekit-server"}
    first = {**chart, "app.kubernetes.io/instance": "livekit"}
    pods = (
        replace(READY, name="livekit-1", labels=first),
        replace(CRASHING, name="livekit-next-1", labels=chart),
    )
    services = (
        Service("livekit-livekit-server", first),
        Service("livekit-next-livekit-server", {"app": "none"}),
    )
    facts = Facts(pods=pods, services=services, endpoints=(Endpoints(services[0].name, 1),))
    assert facts_of(Code.LIVEKIT_NOT_READY, "", facts) == []


def first_note(question: Question, facts: Facts) -> Proof:
    rules = [rule for rule in RULES if question.finding.code in rule.codes]
    found = [proof for rule in rules for proof in rule.prove(question, facts)]
    return next(proof for proof in found if not proof.is_proof)


@pytest.mark.parametrize("code", [Code.SERVICE_STALLED, Code.SERVICE_UNAVAILABLE])
def test_a_pod_that_crashes_beside_a_ready_one_is_a_note(code: Code) -> None:
    """It is told, and is not why the service does not answer."""
    now = datetime.now(UTC)
    labels = {"app": "user-service"}
    crashing = replace(CRASHING, name="user-service-1", labels=labels)
    warned = Event(crashing.name, "BackOff", "back-off", 3, now)
    ready = replace(READY, name="user-service-2", labels=labels)
    question = Question(Finding(code, "o", "user-service"), "user-service", TARGET)
    facts = Facts(pods=(crashing, ready), events=(warned,))
    assert facts_of(code, "user-service", facts) == []
    notes = [proof for rule in RULES if code in rule.codes for proof in rule.prove(question, facts)]
    found = with_proof(question.finding, notes[0])
    assert found.cause == "user-service"
    assert found.certainty is Certainty.LIKELY
    assert found.rungs[-1].held
    assert "while another pod of it is ready" in found.rungs[-1].detail
    alone = facts_of(code, "user-service", replace(facts, pods=(crashing,)))
    assert len(alone) == 2


def test_a_socket_may_have_been_open_to_the_pod_that_was_restarted() -> None:
    """Another pod that is ready did not keep it open; one that has never run had none."""
    labels = {"app": "chat-service"}
    ended = replace(
        READY, name="a", labels=labels, restarted_at=datetime.now(UTC), end_reason="Error"
    )
    other = replace(READY, name="b", labels=labels)
    crashing = replace(CRASHING, name="c", labels=labels)
    facts = Facts(pods=(ended, other, crashing))
    found = facts_of(Code.SOCKET_DROPPED, "chat-service", facts)
    assert len(found) == 1
    assert found[0].startswith("pod a was restarted")
