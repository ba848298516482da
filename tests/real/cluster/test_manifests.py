"""What deploy/ renders to is taken by a real API server, and the state's Secret settles a race."""

import asyncio
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lightkube.config.kubeconfig import KubeConfig

from probes.finding import CannotAsk
from probes.state.kubernetes_secret import SecretState
from tests.real.cluster.objects import definitions
from tests.support.manifests import hook, pods, rendered
from tests.support.real_apiserver import ApiServer, binary, running_apiserver

pytestmark = pytest.mark.skipif(
    not binary().exists(), reason="no real API server in the cache; make test-real builds it"
)

WEALIST, ACCOUNT, STATE = "wealist-prod", "wealist-probes", "wealist-probes-state"
PATHS = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "ExternalSecret": "/apis/external-secrets.io/v1/namespaces/{}/externalsecrets",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
}
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
Object = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with running_apiserver(tmp_path_factory.mktemp("real")) as server:
        about = {"name": WEALIST, "labels": RESTRICTED}
        server.create("/api/v1/namespaces", {"metadata": about})
        (external,) = [d for d in definitions() if d["spec"]["names"]["kind"] == "ExternalSecret"]
        server.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", external)
        _wait_for(server, PATHS["ExternalSecret"].format(WEALIST))
        for manifest in rendered("prod", "cronjob"):
            server.create(PATHS[manifest["kind"]].format(WEALIST), manifest)
        yield server


def _wait_for(server: ApiServer, path: str) -> None:
    for _ in range(600):
        if server.admin.get(path).is_success:
            return
    pytest.fail(f"{path} is not served")


def test_the_gate_is_taken_with_a_name_of_its_own(server: ApiServer) -> None:
    """As Argo CD makes it for each sync."""
    path = PATHS["Job"].format(WEALIST)
    names = {server.create(path, hook("prod"))["metadata"]["name"] for _ in range(2)}
    assert len(names) == 2


def test_restricted_admits_every_pod(server: ApiServer) -> None:
    """Under the pod security standard, enforced by the server itself."""
    for pod in pods("prod"):
        about = {**pod.template["metadata"], "name": pod.name}
        body = {"metadata": about, "spec": pod.spec}
        assert server.create(f"/api/v1/namespaces/{WEALIST}/pods", body)["status"]["phase"]


def test_restricted_refuses_what_it_must(server: ApiServer) -> None:
    """The standard is in force: the same pod as root is refused."""
    (pod, *_) = pods("prod")
    spec = copy.deepcopy(pod.spec)
    spec["securityContext"]["runAsNonRoot"] = False
    body = {"metadata": {"name": "root"}, "spec": spec}
    answer = server.admin.post(f"/api/v1/namespaces/{WEALIST}/pods", json=body)
    assert answer.status_code == 403
    assert "runAsNonRoot" in answer.text


def _state(server: ApiServer, folder: Path, account: str, name: str = STATE) -> SecretState:
    path = server.kubeconfig(folder, server.token(WEALIST, account))
    return SecretState(WEALIST, name, 30, KubeConfig.from_file(path))


async def test_of_two_runs_that_change_the_state_one_wins(
    server: ApiServer, tmp_path: Path
) -> None:
    """By resourceVersion: the loser is told, and nothing is lost."""
    one, other = (_state(server, tmp_path, ACCOUNT) for _ in range(2))
    won = await asyncio.gather(
        one.swap("alice", {}, {"token": "one"}), other.swap("alice", {}, {"token": "other"})
    )
    assert sorted(won) == [False, True]
    assert await one.read("alice") == {"token": "one" if won[0] else "other"}


async def test_another_account_may_not_read_the_state(server: ApiServer, tmp_path: Path) -> None:
    """The Role gives the Secret to the pod's account and to nobody else."""
    about = {"metadata": {"name": "stranger", "namespace": WEALIST}}
    server.create(PATHS["ServiceAccount"].format(WEALIST), about)
    with pytest.raises(CannotAsk, match="403"):
        await _state(server, tmp_path, "stranger").read("alice")
