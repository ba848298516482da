"""The API is asked once for a list, within its deadline, and what it cannot say blames nobody."""

import asyncio
import base64
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from probes.cluster import reader
from probes.cluster.reader import Cluster
from probes.config.cluster import ClusterConfig
from probes.finding import CannotAsk, NotApplicable
from probes.recording.recorder import Recorder
from tests.probes.cluster.conftest import Api, kubeconfig, pod_object
from tests.support.site import Said, Site

PODS = "/api/v1/namespaces/weal/pods"
MAPS = "/api/v1/namespaces/weal/configmaps"
LOG = f"{PODS}/chat-service-1/log"
A_POD = {"metadata": {"name": "a"}}


async def test_many_who_ask_for_a_list_share_one_request(cluster: Cluster, api: Api) -> None:
    """Scenarios start together; the API is not asked by each of them."""
    api.has(PODS, A_POD)
    api.has(MAPS, {"metadata": {"name": "m"}, "data": {"A": ""}})
    found = await asyncio.gather(*(cluster.facts("pods", "config_maps") for _ in range(9)))
    assert {facts.pods[0].name for facts in found} == {"a"}
    assert found[0].config_maps[0].data == {"A": ""}
    assert sorted(asked.path for asked in api.site.asked) == [MAPS, PODS]


async def test_a_rerun_asks_again(cluster: Cluster, api: Api, recorder: Recorder) -> None:
    """What an attempt saw does not confirm itself."""
    api.has(PODS, A_POD)
    await cluster.facts("pods")
    recorder.attempt = 2
    api.has(PODS, {"metadata": {"name": "b"}})
    assert (await cluster.facts("pods")).pods[0].name == "b"


async def test_without_a_table_nothing_applies() -> None:
    with pytest.raises(NotApplicable, match=r"no table \[cluster\]"):
        await Cluster(None).facts("pods")


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
async def test_a_refused_list_is_no_finding(cluster: Cluster, api: Api, status: int) -> None:
    """Whatever the API refuses, the target has broken nothing by it."""
    api.answers(PODS, Said(status, b"{}"))
    with pytest.raises(CannotAsk, match=f"answers {status} for pods"):
        await cluster.facts("pods")


async def test_an_empty_list_where_something_must_be_is_no_green(
    cluster: Cluster, api: Api
) -> None:
    """A wrong namespace must not look like one in which nothing crashes."""
    api.has(PODS)
    with pytest.raises(CannotAsk, match="there are no pods in weal"):
        await cluster.facts("pods")


async def test_a_kind_that_is_not_installed_has_no_objects(cluster: Cluster) -> None:
    """Production has no HTTPRoutes since it moved to VirtualServices."""
    assert (await cluster.facts("http_routes")).http_routes == ()


async def test_an_api_that_is_down_is_no_finding(
    config: ClusterConfig, tmp_path: Path, recorder: Recorder
) -> None:
    (tmp_path / "elsewhere").mkdir()
    path = kubeconfig(tmp_path / "elsewhere", "http://127.0.0.1:9")
    down = Cluster(replace(config, kubeconfig=str(path)))
    with pytest.raises(CannotAsk, match="cannot be reached"):
        await down.facts("pods")
    await down.close()


async def test_an_api_that_hangs_is_given_up(
    config: ClusterConfig, tmp_path: Path, recorder: Recorder
) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        (tmp_path / "hangs").mkdir()
        port = server.sockets[0].getsockname()[1]
        path = kubeconfig(tmp_path / "hangs", f"http://127.0.0.1:{port}")
        hanging = Cluster(replace(config, kubeconfig=str(path), ask_timeout_s=0.2))
        with pytest.raises(CannotAsk, match=r"did not answer for pods within 0\.2 s"):
            await hanging.facts("pods")
        await hanging.close()


async def test_a_missing_kubeconfig_is_said_in_one_sentence(
    config: ClusterConfig, recorder: Recorder
) -> None:
    nowhere = Cluster(replace(config, kubeconfig="/nowhere/kubeconfig"))
    with pytest.raises(CannotAsk, match="leads to no API server"):
        await nowhere.facts("pods")


async def test_a_secret_leaves_its_shape_and_nothing_else(
    cluster: Cluster, site: Site, api: Api, recorder: Recorder
) -> None:
    """Neither what is returned nor what is recorded holds the secret or the account's token."""
    keys = base64.b64encode(b"APIplantedKey: planted-secret-of-livekit\n").decode()
    body = f'{{"data": {{"keys.yaml": "{keys}"}}}}'.encode()
    api.answers("/api/v1/namespaces/weal/secrets/keys", Said(200, body))
    found = await cluster.secret("keys", "keys.yaml")
    assert found
    assert (found.lines, found.has_pair, found.secret_length) == (1, True, 25)
    assert await cluster.secret("keys", "other") is None
    recorder.evidence.journal.close()
    journal = (recorder.evidence.folder / "run.jsonl").read_text()
    assert "secrets/keys" in journal
    assert site.asked[0].headers["authorization"] == "Bearer planted-account-token"
    for secret in ("planted", keys):
        assert secret not in journal
        assert secret not in repr(found)


async def test_a_log_is_read_by_lines(cluster: Cluster, api: Api) -> None:
    api.answers(f"{PODS}/auth-1/log", Said(200, b"one\ntwo\n"))
    assert await cluster.log("auth-1", "auth-service") == ("one", "two")
    assert "tailLines=1000" in api.site.asked[0].path


async def test_a_log_is_read_until_it_has_the_request(cluster: Cluster, api: Api) -> None:
    """A kubelet hands a line on late; the logs of another workload's pods are not read."""
    api.has(PODS, pod_object("chat-service"), pod_object("chat-service-next"))
    api.site.first[f"GET 127{LOG}"] = [Said(200, b"started\n")]
    api.answers(LOG, Said(200, b"started\nid-7\n"))
    assert await cluster.log_of_request("chat-service", "id-7") == ["started", "id-7"]


async def test_a_run_reads_few_logs(
    cluster: Cluster, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred failed requests may not load the API server a hundred times."""
    monkeypatch.setattr(reader, "LOG_WAITS_S", (0,))
    api.has(PODS, pod_object("chat-service"))
    api.answers(LOG, Said(200, b"id-7\n"))
    for _ in range(2 * reader.LOGS_AT_MOST):
        await cluster.log_of_request("chat-service", "id-7")
    asked = [asked for asked in api.site.asked if "/log" in asked.path]
    assert len(asked) == reader.LOGS_AT_MOST


async def test_a_diagnosis_asks_for_nothing_anew(
    cluster: Cluster, api: Api, recorder: Recorder
) -> None:
    """It confirms nothing, so what the first attempt saw will do."""
    api.has(PODS, A_POD)
    await cluster.facts("pods")
    recorder.attempt = 2
    await cluster.seen_facts("pods")
    assert len(api.site.asked) == 1
