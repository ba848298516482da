"""A run asks the cluster's API forty times at most, and what a promise asks first comes first."""

import contextlib
import json

import pytest

from probes.cluster.budget import REQUESTS_AT_MOST, Budget, BudgetSpentError
from probes.cluster.reader import FIRST_LOGS, KINDS, Cluster
from probes.diagnosis.witness import diagnose_with_witness
from probes.finding import CannotAsk, Code, Finding
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.probes.cluster.conftest import Api, pod_object
from tests.support.site import Said, Site, target_at

SPENT = "not asked: the run's 40 requests to the cluster are spent"
FIRST = len(KINDS) + 1 + FIRST_LOGS


def path_of(kind: str) -> str:
    place = "" if KINDS[kind].where == "cluster" else "/namespaces/weal"
    if KINDS[kind].where == "argocd":
        place = "/namespaces/argocd"
    return f"{KINDS[kind].base}{place}/{KINDS[kind].plural}"


@pytest.fixture
def whole(api: Api) -> Api:
    """An API that has something of every kind."""
    for kind in KINDS:
        api.has(path_of(kind), {**pod_object("auth-service"), "spec": {}})
    api.answers(f"{path_of('pods')}/auth-service-1/log", Said(200, b"nothing\n"))
    api.answers("/api/v1/namespaces/weal/secrets/keys", Said(200, b"{}"))
    return api


async def test_reruns_end_where_the_budget_does(
    cluster: Cluster, whole: Api, recorder: Recorder
) -> None:
    """Every list is read again by reruns, until nothing is left to ask with."""
    for recorder.attempt in (2, 3, 4):
        for kind in KINDS:
            with contextlib.suppress(BudgetSpentError):
                await cluster.facts(kind)
    assert len(whole.site.asked) == REQUESTS_AT_MOST - FIRST
    with pytest.raises(BudgetSpentError, match=SPENT):
        await cluster.facts("nodes")


@pytest.mark.slow
async def test_what_promises_ask_first_is_kept_for_them(
    cluster: Cluster, whole: Api, recorder: Recorder
) -> None:
    """Reruns that came first have left room for every list, the key file and a log."""
    recorder.attempt = 2
    with pytest.raises(BudgetSpentError):
        await cluster.facts(*KINDS)
    recorder.attempt = 1
    facts = await cluster.facts(*KINDS)
    assert await cluster.secret("keys", "keys.yaml") is None
    assert await cluster.log_of_start(facts, "marker") == ["nothing"]
    assert len(whole.site.asked) <= REQUESTS_AT_MOST


async def test_a_run_that_waits_for_a_roll_out_asks_on(whole: Api, recorder: Recorder) -> None:
    """A gate that stopped asking would call a cluster that got well unknown."""
    budget = Budget(reserve=1, at_most=2, is_open=True)
    for _ in range(9):
        budget.take(is_first=False)
    assert budget.request_count == 9


async def test_a_refusal_is_told_to_all_who_need_the_list(cluster: Cluster, api: Api) -> None:
    """An account that may not read is one answer in an attempt, not one for each promise."""
    api.answers(path_of("pods"), Said(403, b"{}"))
    for _ in range(9):
        with pytest.raises(CannotAsk, match="answers 403 for pods"):
            await cluster.facts("pods")
    assert len(api.site.asked) == 1


async def test_a_ladder_says_what_it_may_not_ask(
    cluster: Cluster, whole: Api, site: Site, recorder: Recorder
) -> None:
    """The cause stays a likely one, and the last rung says why."""
    recorder.attempt = 2
    with pytest.raises(BudgetSpentError):
        await cluster.facts(*KINDS)
    row = {"timestamp": "t", "request_id": "id-7", "error": "too many clients"}
    whole.answers(f"{path_of('pods')}/auth-service-1/log", Said(200, json.dumps(row).encode()))
    web = Web(target_at(site))
    with recorder.exchange("http", "GET", site.origin("api") + "/api/svc/auth/x") as failed:
        failed.set_response(500, {"X-Request-ID": "id-7"})
    finding = Finding(Code.UNEXPLAINED, "500", "auth-service")
    found = await diagnose_with_witness(web, cluster, finding, recorder)
    await web.close()
    assert found.cause == finding.cause
    assert found.rungs[-1].detail == SPENT
