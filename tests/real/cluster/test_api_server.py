"""The stand-in and the account are held to a real API server, which `make test-real` builds."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from probes.cluster import capacity, endpoints, paths, settings, trust
from probes.cluster.reader import KINDS, Cluster
from probes.config.cluster import ClusterConfig
from probes.finding import CannotAsk, Code
from probes.recording.recorder import Recorder, recording
from replica.cluster import faulty
from replica.cluster.builders import ARGOCD, NAMESPACE
from tests.real.cluster.objects import HOSTS, PLACES, definitions, replica, taken
from tests.support.manifests import rendered
from tests.support.real_apiserver import ApiServer, binary, running_apiserver
from tests.support.site import evidence_in, recorder_of

pytestmark = pytest.mark.skipif(
    not binary().exists(), reason="no real API server in the cache; make test-real builds it"
)

ACCOUNT = "wealist-probes"
Object = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with running_apiserver(tmp_path_factory.mktemp("real")) as server:
        for name in PLACES:
            server.create("/api/v1/namespaces", {"metadata": {"name": name}})
        for definition in definitions():
            server.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        _wait_for_kinds(server)
        _apply_account(server)
        yield server


def _wait_for_kinds(server: ApiServer) -> None:
    """A definition is served a moment after it was taken."""
    for kind in KINDS.values():
        for _ in range(600):
            if server.admin.get(f"{kind.base}/{kind.plural}").is_success:
                break
        else:
            pytest.fail(f"{kind.resource} is not served")


def _apply_account(server: ApiServer) -> None:
    """deploy/overlays/prod/cluster as it is, for the replica's namespace."""
    account = {"metadata": {"name": ACCOUNT, "namespace": NAMESPACE}}
    server.create(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", account)
    for manifest in rendered("prod", "cluster"):
        moved = yaml.safe_load(yaml.safe_dump(manifest).replace("wealist-prod", NAMESPACE))
        place = moved["metadata"].get("namespace")
        root = "/apis/rbac.authorization.k8s.io/v1"
        plural = f"{moved['kind'].lower()}s"
        where = f"/namespaces/{place}" if place else ""
        server.create(f"{root}{where}/{plural}", moved)


@pytest.fixture
def applied(server: ApiServer) -> Iterator[Any]:
    """Have exactly the objects of a replica with these faults."""

    def apply(*faults: str) -> None:
        _clear(server)
        for path, item in taken(replica(*faults)):
            server.create(path, item)

    yield apply
    _clear(server)


def _clear(server: ApiServer) -> None:
    for kind in KINDS.values():
        for place in ("",) if kind.where == "cluster" else PLACES:
            path = f"{kind.base}/namespaces/{place}" if place else kind.base
            now = {"gracePeriodSeconds": "0", "propagationPolicy": "Background"}
            server.admin.delete(f"{path}/{kind.plural}", params=now)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    evidence = evidence_in(tmp_path / "20260102T030405Z-abc123")
    with recording(recorder_of(evidence)) as recorder:
        yield recorder
    evidence.tracing.finish()
    evidence.journal.close()


@pytest.fixture
async def cluster(server: ApiServer, tmp_path: Path, recorder: Recorder) -> AsyncIterator[Cluster]:
    """As the pod's account reads it."""
    path = server.kubeconfig(tmp_path, server.token(NAMESPACE, ACCOUNT))
    cluster = Cluster(
        ClusterConfig(NAMESPACE, str(path), argocd_namespace=ARGOCD, ask_timeout_s=30)
    )
    yield cluster
    await cluster.close()


def comparable(rows: Iterable[Any]) -> list[str]:
    """In one order, and without times: they are ages here, and a server knows when it was written
    to.
    """
    known = [row for row in rows if getattr(row, "name", "") != "kube-root-ca.crt"]
    return sorted(json.dumps(asdict(row), sort_keys=True, default=_timeless) for row in known)


def _timeless(value: object) -> str:
    return type(value).__name__


async def test_the_stand_in_says_what_a_real_server_says(applied: Any, cluster: Cluster) -> None:
    """Fact by fact, of every kind: what the replica makes up, a server takes and gives back."""
    state = replica()
    made = faulty.current(state)
    applied()
    real = await cluster.facts(*KINDS)
    for name, kind in KINDS.items():
        version = f"{kind.group}/{kind.version}" if kind.group else kind.version
        own = map(kind.read, made[f"{version}/{kind.plural}"])
        assert comparable(own) == comparable(getattr(real, name)), name


async def test_on_a_real_server_an_honest_weallist_keeps_its_promises(
    applied: Any, cluster: Cluster
) -> None:
    applied()
    assert await _codes(cluster) == set()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("storage-base-path-mismatch", Code.SETTING_MISSING),
        ("gateway-doubles-slash", Code.ROUTE_PATH_MISMATCH),
        ("service-has-no-endpoints", Code.ENDPOINTS_MISSING),
        ("services-trust-unverified-tokens", Code.TOKEN_GUARD_MISSING),
        ("livekit-config-keeps-placeholder", Code.PLACEHOLDER_LEFT),
        ("cluster-keeps-two-of-each", Code.NODES_OVERPROVISIONED),
    ],
)
async def test_on_a_real_server_a_fault_is_told(
    applied: Any, cluster: Cluster, fault: str, code: Code
) -> None:
    """By the same code as on the stand-in."""
    applied(fault)
    assert code in await _codes(cluster)


async def _codes(cluster: Cluster) -> set[Code]:
    facts = await cluster.facts(*KINDS)
    hosts = {"wealist.localhost", "api.wealist.localhost"}
    assert HOSTS.apex.startswith("https://wealist.localhost")
    promised = {"storage-service": {"SERVER_BASE_PATH": "", "S3_ENDPOINT": ""}}
    findings = (
        settings.missing(facts, promised, NAMESPACE),
        settings.placeholders(facts, NAMESPACE),
        paths.find_path_mismatches(facts, hosts, "/api/svc/storage", NAMESPACE),
        endpoints.missing(facts, NAMESPACE),
        trust.find_unguarded(facts, ["ops-service"], NAMESPACE),
        capacity.nodes(facts, ClusterConfig(NAMESPACE, nodes_at_most=3)),
    )
    return {finding.code for finding in findings if finding}


async def test_the_account_reads_no_other_secret(server: ApiServer, cluster: Cluster) -> None:
    """LiveKit's key file by its name, and nothing else: a real server says so."""
    keys = {"metadata": {"name": "wealist-livekit-keys"}, "stringData": {"keys.yaml": "K: S"}}
    other = {"metadata": {"name": "wealist-shared-secret"}, "stringData": {"k": "v"}}
    for secret in (keys, other):
        server.create(f"/api/v1/namespaces/{NAMESPACE}/secrets", secret)
    found = await cluster.secret("wealist-livekit-keys", "keys.yaml")
    assert found
    assert found.has_pair
    with pytest.raises(CannotAsk, match="answers 403 for Secret wealist-shared-secret"):
        await cluster.secret("wealist-shared-secret", "k")


def test_the_account_may_write_nothing(server: ApiServer) -> None:
    """Whatever it may list, it may neither create, change, delete nor watch."""
    token = server.token(NAMESPACE, ACCOUNT)
    asked = httpx.Client(
        base_url=server.url,
        headers={"authorization": f"Bearer {token}"},
        verify=False,  # noqa: S501 - the server makes its certificate itself
        trust_env=False,
    )
    with asked:
        for verb in ("create", "update", "patch", "delete", "deletecollection", "watch"):
            for kind in KINDS.values():
                assert not _may(asked, verb, kind.group, kind.plural), f"{verb} {kind.resource}"
        assert not _may(asked, "create", "", "pods/exec")
        assert not _may(asked, "list", "", "secrets")


def _may(asked: httpx.Client, verb: str, group: str, plural: str) -> bool:
    """By the server's own word (SelfSubjectAccessReview)."""
    resource, _, sub = plural.partition("/")
    about = {"namespace": NAMESPACE, "verb": verb, "group": group, "resource": resource}
    review = {"spec": {"resourceAttributes": {**about, "subresource": sub}}}
    answer = asked.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", json=review)
    return bool(answer.json()["status"]["allowed"])
