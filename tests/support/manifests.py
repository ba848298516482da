"""What deploy/ renders to. `python -m tests.support.manifests` writes deploy/hooks, which Kustomize
cannot make.
"""

import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
OVERLAYS, HOOKS = ROOT / "deploy" / "overlays", ROOT / "deploy" / "hooks"
ENVIRONMENTS = ("dev", "prod")
KUBECTL = Path(sys.executable).with_name("kubectl")  # the lock's, whatever the machine has
PLEASE = "# Written by `make hooks` from deploy/overlays/{}/argocd-hook: change it there.\n"

Manifest = dict[str, Any]


@functools.cache
def rendered(environment: str, home: str) -> tuple[Manifest, ...]:
    """All that `kubectl kustomize` makes of one home in one environment. Raises
    CalledProcessError.
    """
    command = [str(KUBECTL), "kustomize", str(OVERLAYS / environment / home)]
    return tuple(
        yaml.safe_load_all(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    )


def with_component(environment: str, component: str, folder: Path) -> dict[str, Manifest]:
    """The CronJobs, by name, of an environment in an overlay of one's own, made in `folder`, that
    names a component of ours. Raises CalledProcessError.
    """
    up = os.path.relpath(OVERLAYS, folder)
    overlay = {"resources": [f"{up}/{environment}/cronjob"], "components": [f"{up}/{component}"]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    command = [str(KUBECTL), "kustomize", str(folder)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    found = [each for each in yaml.safe_load_all(output) if each["kind"] == "CronJob"]
    return {each["metadata"]["name"]: each for each in found}


def of_kind(environment: str, kind: str) -> list[Manifest]:
    """Those manifests of an environment that are of one kind, the hook among them."""
    return [
        each
        for each in (*rendered(environment, "cronjob"), hook(environment))
        if each["kind"] == kind
    ]


def one(environment: str, kind: str) -> Manifest:
    (only,) = of_kind(environment, kind)
    return only


def hook(environment: str) -> Manifest:
    """The gate's Job with a name that each sync makes anew; Kustomize refuses such
    (kubernetes-sigs/kustomize#641).
    """
    (job,) = rendered(environment, "argocd-hook")
    metadata = job["metadata"] | {"generateName": f"{job['metadata']['name']}-"}
    return job | {"metadata": {key: value for key, value in metadata.items() if key != "name"}}


@dataclass(frozen=True, slots=True)
class Pod:
    """The pod of one home, and what its name will look like in the cluster."""

    name: str
    template: Manifest

    @property
    def spec(self) -> Manifest:
        spec: Manifest = self.template["spec"]
        return spec

    @property
    def containers(self) -> list[Manifest]:
        return [*self.spec["initContainers"], *self.spec["containers"]]


def pods(environment: str) -> Iterator[Pod]:
    """The CronJob's pod, and the hook's as Argo CD names it: commit, phase and time come
    between.
    """
    cronjob = one(environment, "CronJob")
    yield Pod(
        f"{cronjob['metadata']['name']}-29800000-abcde",
        cronjob["spec"]["jobTemplate"]["spec"]["template"],
    )
    gate = hook(environment)
    yield Pod(
        f"{gate['metadata']['generateName']}6ccfe74-postsync-1767225600-abcde",
        gate["spec"]["template"],
    )


def hook_file(environment: str) -> Path:
    return HOOKS / environment / "job.yaml"


def hook_text(environment: str) -> str:
    """What stands in `hook_file`."""
    return PLEASE.format(environment) + yaml.safe_dump(
        hook(environment), sort_keys=False, width=1000
    )


def main() -> int:
    for environment in ENVIRONMENTS:
        hook_file(environment).parent.mkdir(parents=True, exist_ok=True)
        hook_file(environment).write_text(hook_text(environment), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
