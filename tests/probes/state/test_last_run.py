"""What a run leaves of its verdicts for the next, in a file and in a Secret, with others at it
too.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from probes.finding import Code, Finding, Verdict
from probes.results import OngoingFailure, Outcome, PreviousRun
from probes.state import update
from probes.state.last_run import (
    KEY,
    change,
    next_run_finds,
    pack,
    remember_notified,
    swap_last_run,
    unpack,
)
from probes.state.store import open_state
from tests.support.cluster import Cluster

HELD = Outcome(Verdict.HELD)
BROKEN = Outcome(Verdict.BROKEN, Finding(Code.UPLOAD_LOST, "said by a target: s3cret", "storage"))
OTHER = Outcome(Verdict.BROKEN, Finding(Code.CHAT_ALTERED, "x", "chat"))
UNKNOWN = Outcome(Verdict.UNKNOWN, Finding(Code.UNKNOWN, "x", "us"))
DEGRADED = Outcome(Verdict.DEGRADED, Finding(Code.TLS_EXPIRING, "x", "us"))
NOT_RUN, SKIPPED = Outcome(Verdict.NOT_RUN), Outcome(Verdict.SKIPPED)
LOST = OngoingFailure("upload-lost", 100.0, 3, 90.0)
UNASKED = OngoingFailure("unknown", 100.0, 3, 90.0)


def learnt(
    before: OngoingFailure | None, outcome: Outcome, *, gate: bool = False
) -> OngoingFailure | None:
    failures = {"a/x": before} if before else {}
    last = PreviousRun(ran=150.0, failures=failures)
    following = next_run_finds(
        last, {"a/x": outcome}, 200.0, gate=gate, is_gone=lambda _: False, whole=True
    )
    return following.failures.get("a/x")


@pytest.mark.parametrize(
    ("before", "outcome", "then"),
    [
        (None, HELD, None),
        (None, DEGRADED, None),
        (None, BROKEN, OngoingFailure("upload-lost", 200.0, 1, 150.0)),
        (None, UNKNOWN, OngoingFailure("unknown", 200.0, 1, 150.0)),
        (LOST, HELD, None),
        (LOST, SKIPPED, None),
        (LOST, BROKEN, OngoingFailure("upload-lost", 100.0, 4, 90.0)),
        (LOST, OTHER, OngoingFailure("chat-altered", 100.0, 4, 90.0)),
        (LOST, UNKNOWN, OngoingFailure("upload-lost", 100.0, 4, 90.0)),
        (LOST, NOT_RUN, OngoingFailure("upload-lost", 100.0, 4, 90.0)),
        (UNASKED, BROKEN, OngoingFailure("upload-lost", 200.0, 1, 90.0)),
        (UNASKED, UNKNOWN, OngoingFailure("unknown", 100.0, 4, 90.0)),
    ],
)
def test_a_failure_goes_on_until_the_promise_holds(
    before: OngoingFailure | None, outcome: Outcome, then: OngoingFailure | None
) -> None:
    """It knows since when and in how many runs; being asked in vain neither ends a break nor begins
    one.
    """
    assert learnt(before, outcome) == then


def test_a_gate_learns_no_new_break() -> None:
    """Argo CD tries a failed sync again: a second try must not find its own break among those from
    before.
    """
    assert learnt(None, BROKEN, gate=True) is None
    assert learnt(LOST, BROKEN, gate=True) == OngoingFailure("upload-lost", 100.0, 4, 90.0)
    assert learnt(LOST, HELD, gate=True) is None


def test_what_was_not_asked_stays_and_what_is_gone_goes() -> None:
    """A run of some scenarios knows nothing of the others; one of all forgets those that were
    renamed.
    """
    last = PreviousRun(
        150.0, {"a/x": LOST, "a/renamed": LOST}, {"a/x": "upload-lost", "a/renamed": "upload-lost"}
    )
    part = next_run_finds(
        last, {"a/y": HELD}, 200.0, gate=False, is_gone=lambda _: False, whole=False
    )
    assert part == last
    whole = next_run_finds(
        last, {"a/y": HELD}, 200.0, gate=False, is_gone=lambda name: name == "a/renamed", whole=True
    )
    assert whole == PreviousRun(200.0, {"a/x": LOST}, {"a/x": "upload-lost"})


def test_what_is_left_stays_small() -> None:
    """However many promises break, a Secret has room for it: a thousand failures are well below its
    megabyte.
    """
    names = [f"area/a-promise-with-a-rather-long-name[{number}]" for number in range(5000)]
    left = pack(
        next_run_finds(
            PreviousRun(),
            dict.fromkeys(names, BROKEN),
            1.0,
            gate=False,
            is_gone=lambda _: False,
            whole=True,
        )
    )
    assert len(json.dumps(left)) < 300_000


def test_what_a_target_said_is_not_left_behind() -> None:
    """The store holds codes and times: what was observed may quote a target."""
    left = pack(
        next_run_finds(
            PreviousRun(), {"a/x": BROKEN}, 1.0, gate=False, is_gone=lambda _: False, whole=True
        )
    )
    assert "upload-lost" in str(left)
    assert "s3cret" not in str(left)


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"at": "soon"},
        {"failures": "{"},
        {"failures": '{"a": 1}'},
        {"failures": '{"a": {"odd": 1}}'},
        {"notified": "[]"},
    ],
)
def test_what_cannot_be_read_is_as_if_never_left(kept: Mapping[str, str]) -> None:
    """A damaged memory makes every break a new one; it does not stop a run."""
    assert unpack(dict(kept)) == PreviousRun()


def test_what_the_first_release_left_is_still_known() -> None:
    """An upgrade of the suite does not turn an old break into a new one."""
    old = {"at": "150.0", "lapses": '{"a/x": {"code": "upload-lost", "since": 100.0}}'}
    old["told"] = '{"a/x": "upload-lost"}'
    known = PreviousRun(
        150.0, {"a/x": OngoingFailure("upload-lost", 100.0)}, {"a/x": "upload-lost"}
    )
    assert unpack(old) == known
    assert unpack(pack(known)) == known


@pytest.fixture(params=["file", "secret"])
def where(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    if request.param == "file":
        yield f"file:{tmp_path}/state.json"
        return
    cluster = Cluster()
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig(tmp_path)))
    yield "secret:probes/tokens"
    cluster.close()


async def asked(where: str, outcomes: Mapping[str, Outcome], *, gate: bool = False) -> PreviousRun:
    return await swap_last_run(where, outcomes, gate=gate, is_gone=lambda _: False, whole=True)


@pytest.mark.slow
async def test_the_next_run_finds_what_this_one_left(where: str) -> None:
    """Failures, and what was told of them; a member's tokens beside them stay as they are."""
    state = open_state(where, 5)
    assert state
    assert await state.swap("alice", {}, {"refresh": "r1"})
    assert (await asked(where, {"a/x": BROKEN})).failures == {}
    await remember_notified(where, {"a/x": "upload-lost", "a/y": ""})
    found = await asked(where, {"a/x": HELD})
    assert (found.notified, found.problem) == ({"a/x": "upload-lost"}, "")
    assert [*found.failures] == ["a/x"]
    await remember_notified(where, {"a/x": ""})
    left = await change(where, lambda last: last)
    assert (left.failures, left.notified) == ({}, {})
    assert left.ran > 0
    assert await state.read("alice") == {"refresh": "r1"}


@pytest.mark.slow
async def test_shards_that_end_at_once_lose_nothing(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has asked others; all that did not hold is there for the next run."""
    monkeypatch.setattr(update, "TIMEOUT_S", 60)  # a busy machine is no claim of this test
    names = [f"a/{number}" for number in range(4)]
    await asyncio.gather(*(asked(where, {name: BROKEN}) for name in names))
    assert sorted((await change(where, lambda last: last)).failures) == names


async def test_a_store_that_cannot_be_had_is_a_problem_and_no_verdict(tmp_path: Path) -> None:
    """The run goes on as if nothing had been left, and says why."""
    (tmp_path / "state.json").mkdir()
    found = await asked(f"file:{tmp_path}/state.json", {"a/x": BROKEN})
    assert found.failures == {}
    assert "cannot be read" in found.problem
    await remember_notified(f"file:{tmp_path}/state.json", {"a/x": "upload-lost"})


def test_the_cast_cannot_take_its_place() -> None:
    """No role of ours is called like the key; a Secret takes it as a key."""
    assert KEY not in {"alice", "bob", "stranger", "operator"}
    assert KEY.replace("-", "").isalnum()
