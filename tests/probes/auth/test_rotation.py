"""A refresh token that rotates is never lost: not to a failure, not to another run, not to the end
of this one.
"""

import asyncio
from pathlib import Path

import pytest

from probes.auth import refresh as refreshing
from probes.auth.rotation import Rotation, entry_after, expired_token_in
from probes.auth.tokens import Tokens
from probes.config.environment import UserConfig
from probes.finding import Broken, CannotAsk, Code
from probes.recording.recorder import Recorder
from probes.state.store import FileState
from probes.transport.http import Web
from tests.support.rotating_tokens import ALICE, NEW, OLD, Open, rotating, signed_in
from tests.support.session_tokens import REFRESH, SPENT, gives, pair, token
from tests.support.site import NOWHERE, Said, Site, js


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else will keep anything."""
    monkeypatch.setattr("probes.auth.rotation.RACE_TIMEOUT_S", 0.05)


async def test_a_seed_is_spent_once_and_its_successor_kept(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """The next run needs no seed any more, and asks auth-service nothing while its access token
    lasts.
    """
    site.says[REFRESH] = gives(NEW)
    store = Open({})
    assert await signed_in(rotating(web, recorder, store, ALICE_REFRESH=OLD.refresh)) == NEW
    assert (store.kept["access"], store.kept["refresh"]) == (NEW.access, NEW.refresh)
    assert await signed_in(rotating(web, recorder, store)) == NEW
    assert await signed_in(rotating(web, recorder, store, ALICE_REFRESH=OLD.refresh)) == NEW
    assert len(site.asked) == 1


async def test_a_new_seed_replaces_what_is_kept(site: Site, web: Web, recorder: Recorder) -> None:
    """So an operator mends a lost token; the seed itself is not kept, only a mark of it."""
    site.says[REFRESH] = gives(NEW)
    store = Open({"refresh": "lost", "access": pair(9).access, "seed": "other"})
    assert await signed_in(rotating(web, recorder, store, ALICE_REFRESH=OLD.refresh)) == NEW
    assert OLD.refresh not in str(store.kept)


async def test_an_access_token_that_would_not_outlive_the_run_is_refreshed(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """A run of 300 s does not begin with a token of 200 s."""
    site.says[REFRESH] = gives(NEW)
    store = Open({"access": token(seconds=260), "refresh": OLD.refresh})
    assert await signed_in(rotating(web, recorder, store)) == NEW
    assert store.log == ["turn alice", "read alice", "swap alice", "swap alice"]


async def test_who_cannot_save_does_not_spend(
    site: Site, web: Web, recorder: Recorder, tmp_path: Path
) -> None:
    """A store that cannot be written is found out before auth-service is asked."""
    (tmp_path / "file").write_text("")
    state = FileState(tmp_path / "file" / "state.json", 5)
    with pytest.raises(CannotAsk, match=r"cannot be (written|read)"):
        await signed_in(
            Rotation(web, recorder.evidence.redactor, state, {"ALICE_REFRESH": OLD.refresh})
        )
    assert site.asked == []


async def test_who_comes_too_late_takes_what_is_kept(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """Another run saved between our reading and our writing: its pair is ours, and nothing is
    spent.
    """
    store = Open({"refresh": OLD.refresh})
    store.loses = {"refresh": NEW.refresh, "access": NEW.access}
    assert await signed_in(rotating(web, recorder, store)) == NEW
    assert site.asked == []


async def test_the_loser_of_a_race_goes_on_with_what_the_winner_keeps(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """auth-service says that the token is used; a moment later the store has its successor."""
    site.says[REFRESH] = SPENT
    store = Open({"refresh": OLD.refresh})
    store.wins_at_read = 4
    tokens = await signed_in(rotating(web, recorder, store))
    assert tokens == NEW
    assert store.kept == {"refresh": NEW.refresh, "access": NEW.access}


@pytest.mark.usefixtures("hasty")
async def test_a_token_that_somebody_else_used_is_nobodys_fault(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """It is lost: we could not ask, and the sentence says how to seed a new one, into which
    variable.
    """
    site.says[REFRESH] = SPENT
    with pytest.raises(
        CannotAsk,
        match=r"used by somebody else, who left no new one; seed a new one: .*ALICE_REFRESH",
    ):
        await signed_in(rotating(web, recorder, Open({"refresh": OLD.refresh})))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (NOWHERE, Code.REFRESH_UNAVAILABLE),
        (Said(500), Code.REFRESH_UNAVAILABLE),
        (Said(200, b"{}", "application/json"), Code.CONTRACT_BROKEN),
    ],
)
async def test_a_broken_refresh_endpoint_is_broken_and_keeps_the_old_token(
    site: Site, web: Web, recorder: Recorder, said: Said, code: Code
) -> None:
    """Nobody is told to seed a new one: the old may still be good; the next run tries."""
    site.says[REFRESH] = said
    store = Open({"refresh": OLD.refresh})
    with pytest.raises(Broken) as failure:
        await signed_in(rotating(web, recorder, store))
    assert failure.value.finding.code is code
    assert "seed" not in failure.value.finding.observed
    assert store.kept["refresh"] == OLD.refresh


async def test_a_token_that_auth_service_calls_malformed_is_the_seeds_fault(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """The answer's own words are quoted, and the sentence says what to do."""
    site.says[REFRESH] = js({"code": "AUTH004", "message": "malformed"}, 401)
    with pytest.raises(CannotAsk, match=r"AUTH004: malformed; seed a new one"):
        await signed_in(rotating(web, recorder, Open({"refresh": OLD.refresh})))


async def test_without_any_token_there_is_a_sentence(web: Web, recorder: Recorder) -> None:
    """It says what to do for a member whose variable is not even named."""
    with pytest.raises(CannotAsk, match="no refresh token is kept for alice; seed a new one"):
        await signed_in(rotating(web, recorder, Open({})))
    with pytest.raises(CannotAsk, match=r"refresh_token in \[users.bob\] names"):
        async with rotating(web, recorder, Open({})).session("bob", UserConfig("u-2")):
            pass


async def test_the_end_of_a_run_does_not_stop_a_refresh(
    site: Site, web: Web, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is stopped between spending and keeping keeps first."""
    site.says[REFRESH] = gives(NEW)
    store, asked, go_on, ask = (
        Open({"refresh": OLD.refresh}),
        asyncio.Event(),
        asyncio.Event(),
        refreshing.request_pair,
    )

    async def slowly(web: Web, refresh: str) -> object:
        answer = await ask(web, refresh)
        asked.set()
        await go_on.wait()
        return answer

    monkeypatch.setattr(refreshing, "request_pair", slowly)
    task = asyncio.create_task(signed_in(rotating(web, recorder, store)))
    await asked.wait()
    task.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.kept["refresh"] == NEW.refresh


async def test_what_a_scenario_rotates_is_kept(site: Site, web: Web, recorder: Recorder) -> None:
    """And secrets that it brings are known to the redactor."""
    store = Open({"access": OLD.access, "refresh": OLD.refresh})
    async with rotating(web, recorder, store).session("alice", ALICE) as session:
        await session.save(NEW)
    assert store.kept["refresh"] == NEW.refresh
    assert NEW.refresh not in recorder.evidence.redactor.text(f"it is {NEW.refresh}")
    assert site.asked == []


@pytest.mark.usefixtures("hasty")
async def test_a_session_knows_that_it_was_overtaken(web: Web, recorder: Recorder) -> None:
    """By the store: it has a successor, or none comes."""
    store = Open({"access": OLD.access, "refresh": OLD.refresh})
    async with rotating(web, recorder, store).session("alice", ALICE) as session:
        assert not await session.is_overtaken()
        store.kept = {"access": NEW.access, "refresh": NEW.refresh}
        assert await session.is_overtaken()


def test_an_expired_token_is_left_for_later_runs() -> None:
    """The oldest stays until an expired one can take its place; refresh tokens of a way without any
    stay too.
    """
    expired, young, younger = token(seconds=30), token(seconds=900), token(seconds=1800)
    assert expired_token_in({"access": young, "aged": expired}) == expired
    assert expired_token_in({"access": expired}) == expired
    assert expired_token_in({"access": young, "refresh": expired}) == ""
    first = entry_after({}, Tokens(young, "r1", "u"))
    assert first == {"access": young, "refresh": "r1", "aged": ""}
    second = entry_after(first, Tokens(younger, "", "u"))
    assert second == {"access": younger, "refresh": "r1", "aged": young}
    assert entry_after(second, Tokens(OLD.access, "r2", "u"))["aged"] == young
    assert entry_after({"access": expired, "aged": young}, OLD)["aged"] == expired
