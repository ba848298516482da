"""A cluster's API on loopback that says what a test tells it to."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from probes.cluster.reader import Cluster
from probes.config.cluster import ClusterConfig
from tests.support.site import Said, Site, js


class Api:
    """Lists by path."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def has(self, path: str, *items: dict[str, Any]) -> None:
        self.site.says[f"GET 127{path}"] = js({"items": list(items)})

    def answers(self, path: str, said: Said) -> None:
        self.site.says[f"GET 127{path}"] = said


def pod_object(service: str) -> dict[str, Any]:
    """A pod of a Deployment that is called as the service is."""
    owner = {"kind": "ReplicaSet", "name": f"{service}-7d9c5b6f48"}
    return {"metadata": {"name": f"{service}-1", "ownerReferences": [owner]}}


def kubeconfig(folder: Path, server: str) -> Path:
    """The file that leads to `server`; JSON is YAML."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": server}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "probes"}}],
        "users": [{"name": "probes", "user": {"token": "planted-account-token"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return path


@pytest.fixture
def config(site: Site, tmp_path: Path) -> ClusterConfig:
    path = kubeconfig(tmp_path, f"http://127.0.0.1:{site.port}")
    return ClusterConfig("weal", str(path), ask_timeout_s=20)


@pytest.fixture
def api(site: Site) -> Api:
    return Api(site)


@pytest.fixture
async def cluster(config: ClusterConfig, recorder: object) -> AsyncIterator[Cluster]:
    cluster = Cluster(config)
    yield cluster
    await cluster.close()
