"""Which way leads to the cluster's API: that of every other client."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from probes.cluster.connection import connect
from probes.config import proxies
from probes.config.cluster import ClusterConfig
from probes.config.proxies import Proxy
from probes.finding import CannotAsk
from probes.state.store import open_state
from tests.support.cluster import Cluster
from tests.support.http_proxy import http_proxy

Ask = Callable[[Path], Awaitable[object]]


async def read_state(kubeconfig: Path) -> object:
    os.environ["KUBECONFIG"] = str(kubeconfig)
    state = open_state("secret:probes/tokens", 20)
    assert state
    return await state.read("alice")


async def read_cluster(kubeconfig: Path) -> object:
    async with connect(ClusterConfig("probes", str(kubeconfig), ask_timeout_s=20)) as http:
        return (await http.get("/api/v1/namespaces/probes/secrets/tokens")).raise_for_status()


CLIENTS: dict[str, Ask] = {"state": read_state, "[cluster]": read_cluster}
# A network is listed, which the HTTP library by itself does not know.
DIRECT = {
    "a network": Proxy(direct=("10.0.0.0/8", "127.0.0.0/8"), loopback=True),
    "this machine": Proxy(),
}


@pytest.mark.parametrize("client", CLIENTS)
async def test_the_api_server_is_asked_through_the_proxy(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both clients of Kubernetes obey [proxy], and no variable of the machine."""
    assert await _seen_by_proxy(client, Proxy(loopback=True), tmp_path, monkeypatch)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("why", DIRECT)
async def test_an_api_server_that_is_direct_is_asked_directly(
    client: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a network in `direct`, and because it is on this machine."""
    assert not await _seen_by_proxy(client, DIRECT[why], tmp_path, monkeypatch)


@pytest.mark.parametrize("client", CLIENTS)
async def test_without_a_table_the_api_server_is_asked_directly(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where this machine's own variables name a proxy."""
    monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:1")
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:1")
    assert not await _seen_by_proxy(client, Proxy(), tmp_path, monkeypatch, is_named=False)


async def _seen_by_proxy(
    client: str,
    settings: Proxy,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_named: bool = True,
) -> list[tuple[str, str, str]]:
    """What the proxy was asked for, while `client` asked an API server on this machine."""
    environ = dict(os.environ)
    monkeypatch.setattr(os, "environ", environ)
    cluster = Cluster()
    try:
        with http_proxy() as proxy:
            url = proxy.url if is_named else ""
            table = Proxy(url, direct=settings.direct, loopback=settings.loopback)
            if is_named:
                proxies.replace(environ, table)
            await CLIENTS[client](cluster.kubeconfig(folder))
    finally:
        cluster.close()
    return proxy.seen


NO_FILE = """
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1", certificate-authority: /nowhere}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: planted-token}}]
current-context: c
"""


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "text", ["", "[]", "clusters: 3", "users: [token: planted-token", NO_FILE], ids=repr
)
async def test_a_kubeconfig_that_is_none_is_told_and_not_shown(
    client: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its YAML is: the errors of its readers quote it, and tokens stand in it."""
    monkeypatch.setenv("KUBECONFIG", "")
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(CannotAsk, match=r"kubeconfig|leads to no API server") as told:
        await CLIENTS[client](file)
    assert "planted" not in str(told.value)
