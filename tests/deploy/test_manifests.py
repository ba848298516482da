"""deploy/ renders to what Kubernetes 1.34 takes, and its parts know each other."""

import re
import tomllib
from copy import deepcopy
from typing import Any

import kubernetes_validate
import pytest

from probes.config import environment_file as target
from tests.support.manifests import (
    ENVIRONMENTS,
    ROOT,
    Manifest,
    Pod,
    hook,
    hook_file,
    hook_text,
    of_kind,
    one,
    pods,
)
from tests.support.manifests import rendered as all_of

CLUSTER = "1.34"
CUSTOM = {"ExternalSecret"}  # kinds that no Kubernetes release brings
VARIABLE = re.compile(r"\$\((\w+)\)")

pytestmark = pytest.mark.parametrize("environment", ENVIRONMENTS)


def everything(environment: str) -> list[Manifest]:
    return [*all_of(environment, "cronjob"), hook(environment)]


def named(environment: str, kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in of_kind(environment, kind)}


def test_kubernetes_takes_all_of_it(environment: str) -> None:
    """Strictly: an unknown or mistyped field is refused, and nothing else is unknown than what we
    say is custom.
    """
    for manifest in everything(environment):
        if manifest["kind"] in CUSTOM:
            continue
        assert kubernetes_validate.validate(manifest, CLUSTER, strict=True) == CLUSTER


@pytest.mark.parametrize(("field", "value"), [("timezone", "Asia/Seoul"), ("schedule", 5)])
def test_what_kubernetes_would_refuse_is_refused(environment: str, field: str, value: Any) -> None:
    """The check above sees a field that does not exist and a value of the wrong type."""
    wrong = deepcopy(one(environment, "CronJob"))
    wrong["spec"][field] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, CLUSTER, strict=True)


def test_a_home_brings_what_it_needs_and_no_more(environment: str) -> None:
    """The hook brings its Job alone: for what else it brought two Applications would fight. Nothing
    is cluster-wide.
    """
    assert sorted(each["kind"] for each in all_of(environment, "cronjob")) == [
        *(
            "ConfigMap",
            "ConfigMap",
            "CronJob",
            "ExternalSecret",
            "Role",
            "RoleBinding",
            "Secret",
            "ServiceAccount",
        ),
    ]
    assert [each["kind"] for each in all_of(environment, "argocd-hook")] == ["Job"]
    assert {each["metadata"]["namespace"] for each in everything(environment)} == {
        f"wealist-{environment}"
    }


def test_the_written_hook_is_the_rendered_one(environment: str) -> None:
    """Argo CD reads the file; `make hooks` has been run since the last change under deploy/."""
    assert hook_file(environment).read_text("utf-8") == hook_text(environment)


def test_what_a_pod_names_is_there(environment: str) -> None:
    """No pod waits for a ConfigMap, an account or a Secret that nobody makes."""
    secrets = {each["spec"]["target"]["name"] for each in of_kind(environment, "ExternalSecret")}
    for pod in pods(environment):
        assert pod.spec["serviceAccountName"] in named(environment, "ServiceAccount")
        volumes = {each["configMap"]["name"] for each in pod.spec["volumes"] if "configMap" in each}
        sources = [source for container in pod.containers for source in container["envFrom"]]
        maps = {source["configMapRef"]["name"] for source in sources if "configMapRef" in source}
        assert volumes | maps == named(environment, "ConfigMap")
        assert {
            source["secretRef"]["name"] for source in sources if "secretRef" in source
        } == secrets
        mounts = {
            mount["name"] for container in pod.containers for mount in container["volumeMounts"]
        }
        assert mounts == {each["name"] for each in pod.spec["volumes"]}


def test_a_variable_is_known_where_it_is_used(environment: str) -> None:
    """$(NAME) is left as it stands unless NAME came before: from the settings, or higher up in the
    list.
    """
    settings = set(settings_of(environment))
    for pod in pods(environment):
        for container in pod.containers:
            known = set(settings)
            for entry in container.get("env", []):
                assert set(VARIABLE.findall(entry.get("value", ""))) <= known, entry
                known.add(entry["name"])
            assert set(VARIABLE.findall(" ".join(container["args"]))) <= known


def settings_of(environment: str) -> dict[str, str]:
    (settings,) = (
        each
        for each in of_kind(environment, "ConfigMap")
        if each["metadata"]["name"] == "wealist-probes"
    )
    data: dict[str, str] = settings["data"]
    return data


def test_both_homes_ask_the_environment_whose_file_they_bring(environment: str) -> None:
    """`--env` names a file that is mounted where the suite looks for names, and it is the one in
    environments/.
    """
    assert settings_of(environment)["PROBES_ENVIRONMENT"] == environment
    (files,) = (each for each in of_kind(environment, "ConfigMap") if "prod.toml" in each["data"])
    assert files["data"][f"{environment}.toml"] == (
        target.ENVIRONMENTS / f"{environment}.toml"
    ).read_text("utf-8")
    place = f"/opt/wealist-probes/{target.ENVIRONMENTS.relative_to(ROOT)}"
    for pod in pods(environment):
        for container in pod.containers:
            assert (
                container["args"][container["args"].index("--env") + 1] == "$(PROBES_ENVIRONMENT)"
            )
            assert {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}[
                place
            ] == "environments"


def test_the_state_is_the_secret_that_the_role_opens(environment: str) -> None:
    """The account may read and update that one Secret and do nothing else, and the suite uses that
    one.
    """
    (secret,) = of_kind(environment, "Secret")
    role, binding, account = (
        one(environment, kind) for kind in ("Role", "RoleBinding", "ServiceAccount")
    )
    state = secret["metadata"]["name"]
    assert role["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": [state],
            "verbs": ["get", "update"],
        }
    ]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert [subject["name"] for subject in binding["subjects"]] == [account["metadata"]["name"]]
    assert settings_of(environment)["PROBES_STATE"] == f"secret:wealist-{environment}/{state}"


def test_nothing_secret_is_in_a_manifest(environment: str) -> None:
    """The one Secret has no content, so that no sync resets it; the settings hold no token of the
    cast.
    """
    (secret,) = of_kind(environment, "Secret")
    assert not {"data", "stringData"} & set(secret)
    assert "Prune=false" in secret["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
    users = tomllib.loads((target.ENVIRONMENTS / f"{environment}.toml").read_text("utf-8"))["users"]
    names = {
        config[key]
        for config in users.values()
        for key in ("token", "refresh_token")
        if key in config
    }
    assert not names & set(settings_of(environment))


def test_secrets_come_from_the_store_of_the_cluster(environment: str) -> None:
    """One entry an environment, whose properties become the pod's variables; not the Secret that
    runs write to.
    """
    external = one(environment, "ExternalSecret")["spec"]
    assert external["secretStoreRef"] == {
        "kind": "ClusterSecretStore",
        "name": "aws-secrets-manager",
    }
    assert external["dataFrom"] == [{"extract": {"key": f"wealist/{environment}/probes"}}]
    assert external["target"]["name"] not in named(environment, "Secret")


def without_the_gate(pod: Pod) -> Manifest:
    """The pod's template less what a home adds: the gate's words, and what is above the Job."""
    template = deepcopy(pod.template)
    (container,) = template["spec"]["containers"]
    container["args"] = [
        word for word in container["args"] if word not in ("--gate", "--settle", "90s")
    ]
    container["env"] = [
        entry for entry in container["env"] if entry["name"] != "OTEL_RESOURCE_ATTRIBUTES"
    ]
    return template


def test_the_gate_runs_what_the_clock_runs(environment: str) -> None:
    """The hook's pod is the CronJob's, and asks to compare and to wait for the roll-out besides."""
    clock, gate = pods(environment)
    assert without_the_gate(clock) == without_the_gate(gate) != gate.template
    assert (
        clock.spec["containers"][0]["args"]
        == without_the_gate(clock)["spec"]["containers"][0]["args"]
    )
    assert gate.spec["containers"][0]["args"][-3:] == ["--gate", "--settle", "90s"]
