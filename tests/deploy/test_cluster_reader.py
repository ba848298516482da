"""The account may read of the cluster's API exactly what the suite asks for, and nothing else."""

from collections import defaultdict

import kubernetes_validate
import pytest

from probes.cluster.reader import KINDS
from probes.config import environment_file
from tests.support.manifests import ENVIRONMENTS, Manifest, one, rendered

CLUSTER = "1.34"
LIVEKIT_KEYS = "wealist-livekit-keys"

pytestmark = pytest.mark.parametrize("environment", ENVIRONMENTS)


def roles(environment: str) -> dict[str, list[Manifest]]:
    """Rules by the place that they hold for: a namespace, or the cluster."""
    found: dict[str, list[Manifest]] = defaultdict(list)
    for each in rendered(environment, "cluster"):
        if each["kind"] in ("Role", "ClusterRole"):
            found[each["metadata"].get("namespace", "cluster")] += each["rules"]
    return found


def listed(rules: list[Manifest]) -> set[tuple[str, str]]:
    return {
        (group, resource)
        for rule in rules
        if rule["verbs"] == ["list"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def namespace(environment: str) -> str:
    found: str = one(environment, "ServiceAccount")["metadata"]["namespace"]
    return found


def test_each_list_that_is_asked_for_is_allowed_and_no_other(environment: str) -> None:
    """A permission too few is UNKNOWN, one too many is given away for nothing."""
    places = {"namespace": namespace(environment), "argocd": "argocd", "cluster": "cluster"}
    for where, place in places.items():
        asked = {(kind.group, kind.plural) for kind in KINDS.values() if kind.where == where}
        assert listed(roles(environment)[place]) == asked


def test_beside_lists_only_logs_and_livekits_keys_are_read(environment: str) -> None:
    """No Secret is read but by its name, and nothing is written."""
    rules = [rule for rules in roles(environment).values() for rule in rules]
    others = [rule for rule in rules if rule["verbs"] != ["list"]]
    core = {"apiGroups": [""], "verbs": ["get"]}
    assert others == [
        core | {"resources": ["pods/log"]},
        core | {"resources": ["secrets"], "resourceNames": [LIVEKIT_KEYS]},
    ]


def test_it_is_bound_to_the_account_of_the_pod(environment: str) -> None:
    """And to nobody else."""
    account = one(environment, "ServiceAccount")["metadata"]
    bindings = [e for e in rendered(environment, "cluster") if e["kind"].endswith("Binding")]
    assert len(bindings) == 3
    subject = {"kind": "ServiceAccount", "name": account["name"]}
    for binding in bindings:
        assert binding["subjects"] == [subject | {"namespace": account["namespace"]}]


def test_kubernetes_takes_it(environment: str) -> None:
    """Strictly, as all of deploy/."""
    for manifest in rendered(environment, "cluster"):
        assert kubernetes_validate.validate(manifest, CLUSTER, strict=True) == CLUSTER


def test_the_key_file_that_the_environment_names_may_be_read(environment: str) -> None:
    """Where an environment promises LiveKit's keys, the Role names the same Secret."""
    path = environment_file.find(environment)
    cluster = environment_file.parse(path).get("cluster", {})
    assert cluster.get("livekit_keys", LIVEKIT_KEYS) == LIVEKIT_KEYS
    assert cluster.get("namespace", namespace(environment)) == namespace(environment)
