"""docs/deploy.md can be followed: what it names exists, its numbers are the manifests', and its
rehearsal turns red.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.config import environment_file as target
from probes.finding import EXIT_BROKEN, Code
from probes.runner.session import GRACE_S
from tests.conftest import Probe, Replica
from tests.support.manifests import ROOT, Manifest, hook, of_kind, one

PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
SHELL = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
EXAMPLES: list[Manifest] = [
    yaml.safe_load(block)
    for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
]
OURS = "https://github.com/OrangesCloud/wealist-probes.git"


def sources() -> list[dict[str, Any]]:
    """Where the examples' Applications take manifests from."""
    specs = [each["spec"] for each in EXAMPLES if each["kind"] == "Application"]
    return [source for spec in specs for source in spec.get("sources", [spec.get("source")])]


def test_the_project_lets_our_applications_in() -> None:
    """Project, source and destination of every example are in the lines that the page adds to the
    AppProject.
    """
    (project,) = (each for each in EXAMPLES if each["kind"] == "AppProject")
    assert OURS in project["spec"]["sourceRepos"]
    for application in (each for each in EXAMPLES if each["kind"] == "Application"):
        assert application["spec"]["project"] == project["metadata"]["name"]
        assert application["spec"]["destination"] in project["spec"]["destinations"]
    namespaces = {each["namespace"] for each in project["spec"]["destinations"]}
    assert {
        each["metadata"]["namespace"]
        for each in of_kind("prod", "CronJob") + of_kind("prod", "Job")
    } <= namespaces


def test_argo_cd_finds_what_the_examples_point_to() -> None:
    """One source is the CronJob's overlay; the gate's holds a plain manifest, which no
    kustomization would take.
    """
    paths = [ROOT / source["path"] for source in sources() if source["repoURL"] == OURS]
    assert paths == [
        ROOT / "deploy" / "overlays" / "prod" / "cronjob",
        ROOT / "deploy" / "hooks" / "prod",
    ]
    assert [(path / "kustomization.yaml").exists() for path in paths] == [True, False]
    assert [path.name for path in paths[1].iterdir()] == ["job.yaml"]


def test_argo_cd_leaves_what_runs_have_kept() -> None:
    """Self-heal does not put the state back to the empty Secret of the manifest."""
    (secret,) = of_kind("prod", "Secret")
    ignored = [rule for each in EXAMPLES for rule in each["spec"].get("ignoreDifferences", [])]
    assert ignored == [
        {"kind": "Secret", "name": secret["metadata"]["name"], "jsonPointers": ["/data"]}
    ]


def test_every_secret_is_in_the_table() -> None:
    """The properties of the entry are the variables that production's environment names, and where
    notices go.
    """
    table = set(re.findall(r"^\| `(PROBES_\w+)` \|", PAGE, re.MULTILINE)) - {"PROBES_STATE"}
    users = target.parse(target.ENVIRONMENTS / "prod.toml")["users"]
    assert table == {config["refresh_token"] for config in users.values()} | {"PROBES_NOTICE_URLS"}


def test_the_commands_name_what_there_is() -> None:
    """Folders, files and objects of the commands are those of deploy/."""
    for path in re.findall(r"(?:kustomize|-k|-f) (deploy/[\w/.-]+\w)", PAGE):
        assert (ROOT / path).exists(), path
    cronjob = one("prod", "CronJob")["metadata"]["name"]
    assert set(re.findall(r"cronjob[/ ](wealist\S+)", SHELL)) == {cronjob}
    maps = {each["metadata"]["name"] for each in of_kind("prod", "ConfigMap")}
    assert set(re.findall(r"configmap (\S+)", SHELL)) <= maps
    assert set(re.findall(r"--container (\S+)", SHELL)) == {"doctor"}
    (external,) = of_kind("prod", "ExternalSecret")
    key = external["spec"]["dataFrom"][0]["extract"]["key"]
    assert set(re.findall(r"--(?:name|secret-id) (\S+)", SHELL)) == {key}


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_its_seconds_are_those_of_the_manifests(environment: str) -> None:
    """When a run ends itself, and when force does."""
    path = target.ENVIRONMENTS / f"{environment}.toml"
    itself = target.build(target.parse(path), str(path)).timeouts.run_s + GRACE_S
    forced = one(environment, "CronJob")["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"]
    assert f"| {itself:.0f} s after its start" in PAGE
    assert (
        f"| {forced} s after the Job was made, the gate "
        f"{hook(environment)['spec']['activeDeadlineSeconds']} s"
    ) in PAGE


def test_its_rehearsal_turns_a_run_red(replica: Replica, probe: Probe, tmp_path: Path) -> None:
    """The line that the page has changed in production's file breaks one promise under the name
    that the page gives.
    """
    before, after = re.findall(r"s/(region = [^/]+)/(region = [^/]+)/", SHELL)[0]
    assert before in (target.ENVIRONMENTS / "prod.toml").read_text("utf-8")
    text = replica.environment.read_text("utf-8")
    assert before in text
    (tmp_path / "red.toml").write_text(text.replace(before, after), "utf-8")
    run = probe(
        "--env", str(tmp_path / "red.toml"), "-k", "the_url_leads_to_our_bucket", "--no-confirm"
    )
    assert (run.code, set(run.codes.values())) == (
        EXIT_BROKEN,
        {str(Code.PRESIGN_WRONG_ENDPOINT)},
    ), run.output
    assert f"exit code {EXIT_BROKEN} and `{Code.PRESIGN_WRONG_ENDPOINT}`" in PAGE
