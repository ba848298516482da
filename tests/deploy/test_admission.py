"""What the cluster refuses at its door: weAlist's Kyverno rules and the `restricted` pod security
standard.

Kyverno's are in Enforce for pods of the namespace (OrangesCloud/wealist-policies, folder prod;
contract 9.3). Its rule 01 looks at `containers` alone; ours looks at the init containers too.
"""

from collections.abc import Callable
from copy import deepcopy
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.support.manifests import ENVIRONMENTS, Manifest, Pod, pods

Rule = Callable[[Pod], bool]


def limits_on_every_container(pod: Pod) -> bool:
    """require-resource-limits."""
    return all(
        {"cpu", "memory"} <= set(c.get("resources", {}).get("limits", {})) for c in pod.containers
    )


def no_latest_tag(pod: Pod) -> bool:
    """disallow-latest-tag; Kyverno lets an image without any tag pass, which is `latest` all the
    same.
    """
    images = [container["image"].rpartition("/")[2] for container in pod.containers]
    return all((":" in image or "@" in image) and not image.endswith(":latest") for image in images)


def stage_label(pod: Pod) -> bool:
    """require-prod-stage-label: it looks at names, so it strikes only when the pod is made."""
    asked = any(fnmatchcase(pod.name, pattern) for pattern in ("*-service-*", "ops-portal-*"))
    return not asked or pod.template["metadata"]["labels"].get("stage") == "prod"


def no_sidecar(pod: Pod) -> bool:
    """Not a refusal: Istio adds a proxy unless label and annotation say no."""
    said = pod.template["metadata"]
    return all(
        said[where].get("sidecar.istio.io/inject") == "false" for where in ("labels", "annotations")
    )


def nobody_privileged(pod: Pod) -> bool:
    """`restricted`: not root, no capability, no way up, the runtime's seccomp profile."""
    whole = pod.spec["securityContext"]
    locked = [container["securityContext"] for container in pod.containers]
    return (
        whole["runAsNonRoot"] is True
        and whole["runAsUser"] > 0
        and whole["seccompProfile"] == {"type": "RuntimeDefault"}
        and all(
            c["allowPrivilegeEscalation"] is False and c["capabilities"] == {"drop": ["ALL"]}
            for c in locked
        )
    )


def nothing_of_the_node(pod: Pod) -> bool:
    """`restricted`: no host namespace, no host path; only ConfigMaps and empty folders are
    mounted.
    """
    kinds = {key for volume in pod.spec["volumes"] for key in volume if key != "name"}
    return not {"hostNetwork", "hostPID", "hostIPC"} & set(pod.spec) and kinds <= {
        "configMap",
        "emptyDir",
    }


def nothing_writable(pod: Pod) -> bool:
    """Ours: the root file system is read-only, and what is written has a size."""
    empty = [volume["emptyDir"] for volume in pod.spec["volumes"] if "emptyDir" in volume]
    return all(
        c["securityContext"]["readOnlyRootFilesystem"] is True for c in pod.containers
    ) and all("sizeLimit" in each for each in empty)


RULES: tuple[Rule, ...] = (
    *(limits_on_every_container, no_latest_tag, stage_label, no_sidecar),
    *(nobody_privileged, nothing_of_the_node, nothing_writable),
)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cluster_lets_our_pods_in(environment: str, rule: Rule) -> None:
    """The CronJob's and the hook's, with all that is in them."""
    assert all(rule(pod) for pod in pods(environment))


def changed(way: tuple[str | int, ...], value: Any) -> Pod:
    """Production's pod with one thing in its template changed; None takes it away."""
    pod = next(pods("prod"))
    template: Manifest = deepcopy(pod.template)
    *path, last = way
    place: Any = template
    for step in path:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return Pod(pod.name, template)


FIRST, DOCTOR = ("spec", "containers", 0), ("spec", "initContainers", 0)


@pytest.mark.parametrize(
    ("rule", "pod"),
    [
        (limits_on_every_container, changed((*FIRST, "resources", "limits", "cpu"), None)),
        (limits_on_every_container, changed((*DOCTOR, "resources"), None)),
        (no_latest_tag, changed((*FIRST, "image"), "registry:5000/prod/wealist-probes:latest")),
        (no_latest_tag, changed((*DOCTOR, "image"), "registry:5000/prod/wealist-probes")),
        (stage_label, Pod("user-service-probe-29800000-abcde", next(pods("prod")).template)),
        (stage_label, Pod("ops-portal-probe-29800000-abcde", next(pods("prod")).template)),
        (no_sidecar, changed(("metadata", "labels", "sidecar.istio.io/inject"), "true")),
        (nobody_privileged, changed(("spec", "securityContext", "runAsUser"), 0)),
        (
            nobody_privileged,
            changed((*FIRST, "securityContext", "capabilities"), {"add": ["SYS_ADMIN"]}),
        ),
        (nothing_of_the_node, changed(("spec", "hostIPC"), True)),
        (
            nothing_of_the_node,
            changed(("spec", "volumes", 0), {"name": "x", "hostPath": {"path": "/"}}),
        ),
        (nothing_writable, changed((*DOCTOR, "securityContext", "readOnlyRootFilesystem"), False)),
        (nothing_writable, changed(("spec", "volumes", 1, "emptyDir"), {})),
    ],
)
def test_each_rule_refuses_what_it_is_for(rule: Rule, pod: Pod) -> None:
    """A rule that lets a pod in which the cluster would refuse holds nothing."""
    assert not rule(pod)
