"""Facts of the cluster that tell rival causes apart: pure, from what its API said to a sentence.

Each rule looks at what one kind of finding may come from. A fact proves a cause only where it is
about the service that the finding is about; a cluster that is as it should be proves nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from probes.cluster import endpoints, events, kubectl, paths, settings, trust
from probes.cluster.environment import config_name, of_workload, quotable_value, workload
from probes.cluster.facts import Facts, Pod
from probes.cluster.pods_behind import pods_behind
from probes.config.environment import Target
from probes.finding import Code, Finding
from probes.recording.recorder import Exchange
from probes.transport.http import service

WORKLOADS = ("config_maps", "deployments", "rollouts")
ROUTES = ("virtual_services", "http_routes")
S3_KEYS = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")
LATELY = timedelta(minutes=15)
_NAMED = re.compile(r"\b(auth|user|board|chat|noti|storage|ops|video)(?:-service| base path)")
# A Service of our own chart, and of the release livekit of LiveKit's chart (contract 7.2, 7.3).
LIVEKIT_NAMES = ("livekit", "livekit-livekit-server")
LIVEKIT_CODES = ("livekit-upstream-absent", "livekit-not-ready", "livekit-unreachable")


@dataclass(frozen=True, slots=True)
class Proof:
    """A fact, and the shell line that shows it. `is_proof`: it tells why the promise broke; else it
    is worth a note.
    """

    fact: str
    command: str
    is_proof: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """What a finding is about: the service behind it, and where it was asked for."""

    finding: Finding
    service: str
    target: Target

    @property
    def namespace(self) -> str:
        return self.target.cluster.namespace if self.target.cluster else ""


Prove = Callable[[Question, Facts], Iterator[Proof]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`codes`: of findings that it may explain. `kinds`: the lists that it reads."""

    codes: frozenset[Code]
    kinds: tuple[str, ...]
    prove: Prove


def about(finding: Finding, exchange: Exchange | None, target: Target) -> Question:
    """Which service the finding names, or the one that its request was for; pure."""
    for text in (finding.cause, finding.observed):
        if named := _NAMED.search(text):
            return Question(finding, f"{named[1]}-service", target)
    asked = service(exchange.url) if exchange else ""
    return Question(finding, asked, target)


def _base_path(question: Question, facts: Facts) -> Iterator[Proof]:
    hosts = {
        urlsplit(o).hostname or "" for o in (question.target.hosts.apex, question.target.hosts.api)
    }
    for served in paths.SERVED:
        if served.service != question.service:
            continue
        for problem in paths.mismatches(facts, served, hosts, question.target.paths.storage):
            yield _setting_or_route(question, facts, served, problem)


def _setting_or_route(
    question: Question, facts: Facts, served: paths.Served, problem: str
) -> Proof:
    deployed = workload(facts, served.service)
    values = of_workload(deployed, facts) if deployed else {}
    if served.key and served.key not in values:
        name = config_name(served.service)
        command = kubectl.config_value(question.namespace, name, served.key)
        return Proof(f"ConfigMap {name} has no {served.key}", command)
    command = kubectl.get(question.namespace, "virtualservices,httproutes", output="yaml")
    return Proof(problem, command)


def _s3(question: Question, facts: Facts) -> Iterator[Proof]:
    name = question.service or "storage-service"
    for problem in settings.missing_keys(facts, name, dict.fromkeys(S3_KEYS, "")):
        config = config_name(name)
        yield Proof(problem, kubectl.config_value(question.namespace, config, "S3_"))


def _find_unguarded(question: Question, facts: Facts) -> Iterator[Proof]:
    validates = question.target.cluster.validates_tokens if question.target.cluster else ()
    for problem in trust.unguarded_services(facts, validates):
        if f" {question.service} " in problem:
            config = config_name(question.service)
            yield Proof(problem, kubectl.config_value(question.namespace, config, trust.MODE))


def _behind(question: Question) -> tuple[str, ...]:
    """The names that what the finding is about may have; none where nobody knows."""
    if question.finding.code in LIVEKIT_CODES:
        return LIVEKIT_NAMES
    return (question.service,) if question.service else ()


def _troubled_pods(question: Question, facts: Facts) -> Iterator[Proof]:
    pods = pods_behind(facts, _behind(question))
    is_served = any(pod.ready and not _trouble(pod) for pod in pods)
    for pod in pods:
        if problem := _trouble(pod):
            command = f"kubectl -n {question.namespace} logs --previous {pod.name}"
            is_proof = not is_served or _may_have_dropped(question, pod)
            yield Proof(_with_others(problem, is_proof=is_proof), command, is_proof)


def _may_have_dropped(question: Question, pod: Pod) -> bool:
    """Whether a socket may have been open to `pod` when it ended, whoever else serves."""
    return question.finding.code is Code.SOCKET_DROPPED and pod.ready


def _events(question: Question, facts: Facts) -> Iterator[Proof]:
    now = datetime.now(UTC)
    pods = pods_behind(facts, _behind(question))
    found = [(pod, events.telling_event(facts.events, pod, now)) for pod in pods]
    is_proof = not any(pod.ready and event is None for pod, event in found)
    for pod, event in found:
        if event:
            command = kubectl.get(question.namespace, "events")
            command += f" --field-selector involvedObject.name={pod.name}"
            problem = f"pod {pod.name}: {events.quote(event)}"
            yield Proof(_with_others(problem, is_proof=is_proof), command, is_proof)


def _with_others(problem: str, *, is_proof: bool) -> str:
    return problem if is_proof else f"{problem}, while another pod of it is ready"


def _no_pods(question: Question, facts: Facts) -> Iterator[Proof]:
    wanted = _behind(question)
    command = kubectl.get(question.namespace, "pods", output="wide") + " --show-labels"
    for name, problem in endpoints.empty(facts):
        if name in wanted:
            yield Proof(problem, command)


def _trouble(pod: Pod) -> str:
    if pod.waiting:
        ended = f", last ended as {pod.end_reason}" if pod.end_reason else ""
        return f"pod {pod.name} waits: {pod.waiting}, after {pod.restarts} restarts{ended}"
    if pod.restarted_at and datetime.now(UTC) - pod.restarted_at < LATELY:
        return f"pod {pod.name} was restarted at {pod.restarted_at:%H:%M:%S} ({pod.end_reason})"
    return ""


def _redirect_uri(question: Question, facts: Facts) -> Iterator[Proof]:
    yield from _value(
        question, facts, "OAUTH2_CLIENT_REDIRECT_URI", question.target.oauth.redirect_uri
    )


def _test_tokens(question: Question, facts: Facts) -> Iterator[Proof]:
    if "test/token" in question.finding.observed or "test-token" in question.finding.observed:
        yield from _value(question, facts, "ENABLE_TEST_AUTH", "false")


def _value(question: Question, facts: Facts, key: str, wanted: str) -> Iterator[Proof]:
    """`key` of auth-service, where it is set to something else than is right."""
    name = "auth-service"
    deployed = workload(facts, name)
    value = of_workload(deployed, facts).get(key) if deployed else None
    if value is not None and value != wanted:
        command = kubectl.config_value(question.namespace, config_name(name), key)
        yield Proof(f"{key} of {name} is {quotable_value(key, value)}", command)


def _placeholders(question: Question, facts: Facts) -> Iterator[Proof]:
    for problem in settings.left_placeholders(facts):
        if "livekit" in problem.lower():
            command = kubectl.get(question.namespace, "configmaps", output="yaml")
            yield Proof(problem, command)


ROUTED = frozenset(
    {
        Code.ACCESS_REFUSED,
        Code.CONTRACT_BROKEN,
        Code.EDGE_HTML_FALLBACK,
        Code.EDGE_MASKS_ERRORS,
        Code.OAUTH_CALLBACK_LOST,
        Code.PAGE_CONSOLE_ERROR,
        Code.PAGE_DRIVE_EMPTY,
        Code.PAGE_RECEIVED_HTML,
        Code.ROUTE_BROKEN,
    }
)
UNSERVED = frozenset(
    {
        Code.LIVEKIT_NOT_READY,
        Code.LIVEKIT_UNREACHABLE,
        Code.LIVEKIT_UPSTREAM_ABSENT,
        Code.SERVICE_STALLED,
        Code.SERVICE_UNAVAILABLE,
        Code.SOCKET_DROPPED,
    }
)
SIGNED = frozenset(
    {Code.PRESIGN_DEV_CREDENTIALS, Code.PRESIGN_STATIC_CREDENTIALS, Code.PRESIGN_WRONG_ENDPOINT}
)
TRUSTED = frozenset(
    {Code.TOKEN_EXPIRY_IGNORED, Code.TOKEN_FORGERY_ACCEPTED, Code.TOKEN_TYPE_IGNORED}
)
BEHIND = ("services", "endpoints", "subsets", "pods", "deployments", "rollouts", *ROUTES)

RULES = (
    Rule(ROUTED, (*ROUTES, *WORKLOADS), _base_path),
    Rule(SIGNED, WORKLOADS, _s3),
    Rule(TRUSTED, (*WORKLOADS, "token_guards"), _find_unguarded),
    Rule(UNSERVED, ("pods", "services"), _troubled_pods),
    Rule(UNSERVED, ("pods", "services", "events"), _events),
    Rule(UNSERVED, BEHIND, _no_pods),
    Rule(frozenset({Code.LIVEKIT_NOT_READY}), WORKLOADS, _placeholders),
    Rule(frozenset({Code.OAUTH_SESSION_LOST}), WORKLOADS, _redirect_uri),
    Rule(frozenset({Code.ENDPOINT_EXPOSED}), WORKLOADS, _test_tokens),
)
