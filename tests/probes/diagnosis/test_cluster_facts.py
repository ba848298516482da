"""A fact of the cluster proves a cause where it is about the service that broke, and only there."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from probes.cluster import sign_in_log
from probes.cluster.facts import (
    ConfigMap,
    Container,
    Destination,
    Endpoints,
    Event,
    Facts,
    Match,
    Pod,
    Rewrite,
    Route,
    Rule,
    Service,
    Source,
    Workload,
)
from probes.cluster.reader import Cluster
from probes.config.cluster import ClusterConfig
from probes.config.environment import Hosts, Target, Workspace
from probes.diagnosis.cluster_facts import RULES, Proof, Question, about
from probes.diagnosis.witness import diagnose_with_witness, with_proof
from probes.finding import Certainty, Code, Finding, Verdict
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.probes.cluster.conftest import kubeconfig, pod_object
from tests.support.site import Said, Site, js

TARGET = Target(
    "t",
    Hosts("https://a.b", "https://api.a.b"),
    Workspace("w"),
    {},
    cluster=ClusterConfig("weal", validates_tokens=("ops-service",)),
)
STARTED = datetime(2026, 1, 2, tzinfo=UTC)


def deployed(name: str, data: dict[str, str], **more: object) -> Facts:
    container = Container(name, sources=(Source("ConfigMap", f"{name}-config"),))
    pod_labels = {"app": name}
    found = Facts(
        config_maps=(ConfigMap(f"{name}-config", data),),
        deployments=(Workload(name, 1, pod_labels, (container,)),),
    )
    return replace(found, **more)  # type: ignore[arg-type]


def stripping(rewrite: Rewrite) -> tuple[Route, ...]:
    to = (Destination("storage-service", "", 100),)
    rule = Rule((Match("prefix", "/api/svc/storage"),), rewrite, to)
    return (Route("VirtualService", "r", ("a.b", "api.a.b"), (), (rule,)),)


STRIP = stripping(Rewrite("regex", "^/api/svc/storage(.*)$", r"\1"))
DOUBLED = stripping(Rewrite("prefix", "", "/"))


def facts_of(code: Code, service: str, facts: Facts, cause: str = "") -> list[str]:
    """All that the rules for this code find."""
    question = Question(Finding(code, "", cause), service, TARGET)
    rules = [rule for rule in RULES if code in rule.codes]
    found = [proof for rule in rules for proof in rule.prove(question, facts)]
    return [proof.fact for proof in found if proof.is_proof]


EMPTY = {"SERVER_BASE_PATH": ""}
S3 = dict.fromkeys(("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"), "")


@pytest.mark.parametrize(
    ("code", "service", "facts", "fact"),
    [
        (
            Code.EDGE_HTML_FALLBACK,
            "storage-service",
            deployed("storage-service", {}, virtual_services=STRIP),
            "ConfigMap storage-service-config has no SERVER_BASE_PATH",
        ),
        (
            Code.ROUTE_BROKEN,
            "storage-service",
            deployed("storage-service", EMPTY, virtual_services=DOUBLED),
            (
                "storage-service serves /storage/folders, "
                "and its route's rewrite sends //storage/folders"
            ),
        ),
        (
            Code.PRESIGN_DEV_CREDENTIALS,
            "storage-service",
            deployed("storage-service", S3 | {"S3_ENDPOINT": "http://localhost:9000"}),
            "S3_ENDPOINT of storage-service is 'http://localhost:9000', promised is empty",
        ),
        (
            Code.TOKEN_FORGERY_ACCEPTED,
            "chat-service",
            deployed("chat-service", {"ISTIO_JWT_MODE": "true"}),
            "ISTIO_JWT_MODE of chat-service is true, and no RequestAuthentication selects it",
        ),
        (
            Code.SERVICE_UNAVAILABLE,
            "chat-service",
            deployed("chat-service", {}, services=(Service("chat-service", {"app": "x"}),)),
            "no pod takes requests for Service chat-service",
        ),
        (
            Code.OAUTH_SESSION_LOST,
            "auth-service",
            deployed("auth-service", {"OAUTH2_CLIENT_REDIRECT_URI": "https://a.b/x"}),
            "OAUTH2_CLIENT_REDIRECT_URI of auth-service is 'https://a.b/x'",
        ),
    ],
)
def test_a_fact_about_the_service_proves_the_cause(
    code: Code, service: str, facts: Facts, fact: str
) -> None:
    """The incidents of V6 §1, §2, §3, §7 and a4263252, each by the object that shows it."""
    assert facts_of(code, service, facts)[0] == fact


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        (Code.EDGE_HTML_FALLBACK, deployed("storage-service", EMPTY, virtual_services=STRIP)),
        (Code.PRESIGN_DEV_CREDENTIALS, deployed("storage-service", S3)),
        (Code.TOKEN_FORGERY_ACCEPTED, deployed("storage-service", {"ISTIO_JWT_MODE": "false"})),
        (Code.TOKEN_FORGERY_ACCEPTED, deployed("chat-service", {"ISTIO_JWT_MODE": "true"})),
        (
            Code.SERVICE_UNAVAILABLE,
            deployed("chat-service", {}, services=(Service("chat-service", {"app": "x"}),)),
        ),
        (Code.UPLOAD_LOST, deployed("storage-service", {})),
    ],
)
def test_a_cluster_that_is_well_or_another_service_proves_nothing(code: Code, facts: Facts) -> None:
    """The finding is about storage-service: whoever else is in trouble is not to blame for it."""
    assert facts_of(code, "storage-service", facts) == []


def test_a_pod_that_crashes_is_the_fact_before_its_missing_endpoint() -> None:
    """It says more, and its log is named."""
    crashing = Pod(
        "chat-service-1",
        {"app": "chat-service"},
        "Running",
        ready=False,
        started_at=STARTED,
        waiting="CrashLoopBackOff",
        restarts=9,
    )
    facts = deployed(
        "chat-service",
        {},
        pods=(crashing,),
        services=(Service("chat-service", {"app": "chat-service"}),),
        endpoints=(Endpoints("chat-service", 0),),
    )
    found = facts_of(Code.SERVICE_UNAVAILABLE, "chat-service", facts)
    assert found == [
        "pod chat-service-1 waits: CrashLoopBackOff, after 9 restarts",
        "no pod takes requests for Service chat-service",
    ]


def test_an_event_of_the_services_pod_is_quoted() -> None:
    """Kubelet's own word, before the missing endpoint that follows from it."""
    now = datetime.now(UTC)
    quiet = Pod(
        "chat-service-1", {"app": "chat-service"}, "Running", ready=True, started_at=STARTED
    )
    other = replace(quiet, name="noti-service-1", labels={"app": "noti-service"})
    warned = [
        Event(name, "Unhealthy", f"probe of {name} failed", 2, now) for name in (quiet.name, "noti")
    ]
    facts = deployed("chat-service", {}, pods=(quiet, other), events=tuple(warned))
    found = facts_of(Code.SERVICE_STALLED, "chat-service", facts)
    assert found == ["pod chat-service-1: Unhealthy: probe of chat-service-1 failed (2 times)"]
    assert facts_of(Code.SERVICE_STALLED, "noti-service", facts) == []


@pytest.mark.parametrize(
    ("cause", "observed", "service"),
    [
        ("storage base path: the service serves /a", "", "storage-service"),
        ("the gateway", "board-service at x broke off", "board-service"),
        ("the gateway", "nothing was said", ""),
    ],
)
def test_a_finding_says_which_service_it_is_about(cause: str, observed: str, service: str) -> None:
    assert about(Finding(Code.ROUTE_BROKEN, observed, cause), None, TARGET).service == service


def test_a_proof_changes_the_cause_and_never_the_verdict() -> None:
    """What was likely stays readable, and the shell line that shows the fact is a rung."""
    before = Finding(Code.ROUTE_BROKEN, "404", "the gateway's rewrite")
    after = with_proof(
        before, Proof("ConfigMap a-config has no A", "kubectl get configmap a-config")
    )
    assert after.cause == "the gateway's rewrite; proven: ConfigMap a-config has no A"
    assert (after.certainty, after.verdict) == (Certainty.PROVEN, Verdict.BROKEN)
    assert after.rungs[-1].detail.endswith("(kubectl get configmap a-config)")


async def test_a_cluster_that_cannot_be_asked_leaves_the_finding_as_it_is(
    web: Web, site: Site, recorder: Recorder
) -> None:
    """Forbidden is no fact: neither the cause nor the verdict changes, and a note says why."""
    folder = recorder.evidence.folder
    path = kubeconfig(folder, f"http://127.0.0.1:{site.port}")
    cluster = Cluster(ClusterConfig("weal", str(path), ask_timeout_s=20))
    finding = Finding(Code.PRESIGN_DEV_CREDENTIALS, "minioadmin signs", "storage-service")
    assert await diagnose_with_witness(web, cluster, finding, recorder) == finding
    await cluster.close()
    recorder.evidence.journal.close()
    assert "the cluster proves nothing" in (folder / "run.jsonl").read_text()


async def test_without_a_cluster_the_ladder_is_all(web: Web, recorder: Recorder) -> None:
    finding = Finding(Code.PRESIGN_DEV_CREDENTIALS, "minioadmin signs", "storage-service")
    assert await diagnose_with_witness(web, Cluster(None), finding, recorder) == finding


async def test_a_services_own_log_proves_why_it_failed(
    web: Web, site: Site, recorder: Recorder
) -> None:
    """A 500 with the id that the log has: its error is quoted, with the line that shows it."""
    pods = "/api/v1/namespaces/weal/pods"
    site.says[f"GET 127{pods}"] = js({"items": [pod_object("board-service")]})
    rows = ({"request_id": "id-7", "span_id": "a"}, {"span_id": "a", "error": "too many clients"})
    log = "\n".join(map(json.dumps, rows)).encode()
    site.says[f"GET 127{pods}/board-service-1/log"] = Said(200, log)
    path = kubeconfig(recorder.evidence.folder, f"http://127.0.0.1:{site.port}")
    cluster = Cluster(ClusterConfig("weal", str(path), ask_timeout_s=20))
    with recorder.exchange("http", "GET", site.origin("api") + "/api/svc/board/api/x") as failed:
        failed.set_response(500, {"X-Request-ID": "id-7"})
    finding = Finding(Code.UNEXPLAINED, "500", "board-service")
    found = await diagnose_with_witness(web, cluster, finding, recorder)
    await cluster.close()
    assert found.certainty is Certainty.PROVEN
    assert "board-service logged of this request: error: too many clients" in found.cause
    assert "logs deploy/board-service | grep id-7" in found.rungs[-1].detail


@pytest.mark.parametrize(
    ("log", "certainty"),
    [
        ("x INFO Started", Certainty.PROVEN),
        ("x INFO Stored client redirect_uri in session: y", Certainty.LIKELY),
        ("WARN x", Certainty.LIKELY),
    ],
)
async def test_a_filter_that_logged_no_start_is_proven_to_run_late(
    web: Web, site: Site, recorder: Recorder, log: str, certainty: Certainty
) -> None:
    """A line about anybody's start leaves open what became of this one."""
    pods = "/api/v1/namespaces/weal/pods"
    site.says[f"GET 127{pods}"] = js({"items": [pod_object("auth-service")]})
    site.says[f"GET 127{pods}/auth-service-1/log"] = Said(200, log.encode())
    path = kubeconfig(recorder.evidence.folder, f"http://127.0.0.1:{site.port}")
    cluster = Cluster(ClusterConfig("weal", str(path), ask_timeout_s=20))
    finding = Finding(Code.OAUTH_LANDING_HIJACKED, "sent to x", sign_in_log.FILTER_ORDER)
    found = await diagnose_with_witness(web, cluster, finding, recorder)
    await cluster.close()
    assert found.certainty is certainty
