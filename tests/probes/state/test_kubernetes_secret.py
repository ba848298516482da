"""The state in a Secret: nothing of anybody else's is lost, and whatever stands in the way has a
sentence.
"""

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.finding import CannotAsk
from probes.state.store import State, open_state
from tests.support.cluster import Cluster


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    cluster = Cluster()
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig(tmp_path)))
    yield cluster
    cluster.close()


def opened(name: str = "tokens") -> State:
    state = open_state(f"secret:probes/{name}", 20)
    assert state
    return state


async def test_what_is_kept_is_there_for_the_next(cluster: Cluster) -> None:
    """One key for each member; what else is in the Secret stays."""
    cluster.data = {"other": "eA=="}
    assert await opened().read("alice") == {}
    assert await opened().swap("alice", {}, {"refresh": "r1"})
    assert await opened().read("alice") == {"refresh": "r1"}
    assert cluster.data == {
        "other": "eA==",
        "alice": base64.b64encode(b'{"refresh": "r1"}').decode(),
    }


async def test_a_change_by_others_is_met_with_another_try(cluster: Cluster) -> None:
    """The API server refuses what was made to an older version; where our member is unchanged, we
    go on.
    """
    cluster.meddlers = 3
    assert await opened().swap("alice", {}, {"refresh": "r1"})
    assert (cluster.conflicts, await opened().read("alice")) == (3, {"refresh": "r1"})


async def test_who_knows_less_writes_nothing(cluster: Cluster) -> None:
    """Another run has kept something newer for this member; it stands."""
    await opened().swap("alice", {}, {"refresh": "r2"})
    assert not await opened().swap("alice", {"refresh": "r1"}, {"refresh": "r1b"})
    assert await opened().read("alice") == {"refresh": "r2"}


@pytest.mark.slow
async def test_changes_without_end_are_given_up(cluster: Cluster) -> None:
    """Nobody tries for ever."""
    cluster.meddlers = 1000
    with pytest.raises(CannotAsk, match="changed by others 10 times in a row"):
        await opened().swap("alice", {}, {"refresh": "r"})


async def test_everybody_has_a_turn(cluster: Cluster) -> None:
    """A Secret keeps nobody out: races are settled by what is kept."""
    async with opened().turn("alice"), opened().turn("alice"):
        pass


async def test_a_refusal_says_what_is_needed(cluster: Cluster) -> None:
    """Which Secret, what the API server said, and which rights the service account must have."""
    cluster.refuses = 403
    with pytest.raises(
        CannotAsk,
        match=r"the Secret probes/tokens: the API server answers 403 .* get and update it",
    ):
        await opened().read("alice")
    cluster.refuses = 0
    with pytest.raises(CannotAsk, match="the Secret probes/missing: the API server answers 404"):
        await opened("missing").read("alice")


async def test_an_api_server_that_is_not_there_is_named(cluster: Cluster) -> None:
    """A NetworkPolicy may close the way to it."""
    state = opened()
    cluster.close()
    with pytest.raises(CannotAsk, match="no API server answers"):
        await state.read("alice")


@pytest.mark.parametrize("content", ["x", "eA==", "W10="])
async def test_a_spoiled_key_gets_a_sentence(cluster: Cluster, content: str) -> None:
    """It is not taken for an empty one."""
    cluster.data = {"alice": content}
    with pytest.raises(CannotAsk, match="holds no JSON under alice; remove that key"):
        await opened().read("alice")


def test_without_a_cluster_there_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside a pod and without KUBECONFIG nobody can be asked."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(CannotAsk, match="run in a pod, or set KUBECONFIG"):
        opened()


def test_without_its_library_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an optional extra, and the sentence names it."""
    monkeypatch.delitem(sys.modules, "probes.state.kubernetes_secret", raising=False)
    monkeypatch.setitem(sys.modules, "lightkube", None)
    with pytest.raises(CannotAsk, match=r"pip install 'wealist-probes\[kubernetes\]'"):
        opened()
