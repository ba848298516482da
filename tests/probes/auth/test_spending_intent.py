"""A run that dies around a refresh is recognized by the next, and loses no token that is good."""

import pytest

from probes.auth import refresh as refreshing
from probes.auth.spending_intent import Intent, intent_in, with_intent
from probes.finding import Broken, CannotAsk, Code, broken_promise
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.support.rotating_tokens import ALICE, NEW, OLD, Open, rotating, signed_in
from tests.support.session_tokens import REFRESH, SPENT, gives, pair
from tests.support.site import Site


async def test_the_intent_is_stored_before_a_token_is_spent(
    site: Site, web: Web, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill at the moment of the request leaves the note behind."""
    site.says[REFRESH] = gives(NEW)
    store, ask, seen = Open({"refresh": OLD.refresh}), refreshing.request_pair, list[object]()

    async def look(web: Web, token: str) -> object:
        seen.append(intent_in(store.kept))
        return await ask(web, token)

    monkeypatch.setattr(refreshing, "request_pair", look)
    await signed_in(rotating(web, recorder, store))
    assert [type(each) for each in seen] == [Intent]
    assert intent_in(store.kept) is None


async def test_a_run_that_died_before_it_asked_has_lost_nothing(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """Its token is tried again, and is good."""
    site.says[REFRESH] = gives(NEW)
    store = Open(with_intent({"refresh": OLD.refresh}))
    store.is_exclusive = True
    assert await signed_in(rotating(web, recorder, store)) == NEW


async def test_a_run_that_died_after_it_asked_is_told_as_what_it_was(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """The probes themselves spent it; a second run says so at once, and asks nobody."""
    site.says[REFRESH] = SPENT
    store = Open(with_intent({"refresh": OLD.refresh}))
    store.is_exclusive = True
    for _ in range(2):
        with pytest.raises(CannotAsk, match=r"spent at .* by a run of the probes .*; seed a new"):
            await signed_in(rotating(web, recorder, store))
    assert len(site.asked) == 1


async def test_a_run_that_lives_is_waited_for(site: Site, web: Web, recorder: Recorder) -> None:
    """Its intent is young, and its successor comes: nothing is asked."""
    store = Open(with_intent({"refresh": OLD.refresh}))
    store.wins_at_read = 3
    assert await signed_in(rotating(web, recorder, store)) == NEW
    assert site.asked == []


async def test_a_session_that_may_spend_checks_what_a_dead_run_left(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """The access token would do to read, not to spend the refresh token beside it."""
    site.says[REFRESH] = gives(NEW)
    store = Open(with_intent({"access": OLD.access, "refresh": OLD.refresh}))
    store.is_exclusive = True
    rotation = rotating(web, recorder, store)
    assert (await signed_in(rotation)).access == OLD.access
    async with rotation.session("alice", ALICE, spends=True) as session:
        assert session.tokens == NEW
        assert intent_in(store.kept)
        await session.save(pair(3, age=0))
    assert intent_in(store.kept) is None


async def test_an_answer_that_is_lost_is_asked_for_again(
    site: Site, web: Web, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token may not have been spent yet; where it was, the loss is the target's."""
    lost = broken_promise(
        Code.SERVICE_STALLED, "auth-service did not answer within 5 s", "auth-service"
    )
    ask, losses = refreshing.request_pair, [lost, None, lost, None]

    async def lose(web: Web, token: str) -> object:
        if failure := losses.pop(0):
            raise failure
        return await ask(web, token)

    monkeypatch.setattr(refreshing, "request_pair", lose)
    site.says[REFRESH] = gives(NEW)
    assert await signed_in(rotating(web, recorder, Open({"refresh": OLD.refresh}))) == NEW
    site.says[REFRESH] = SPENT
    with pytest.raises(Broken, match=r"did not answer within 5 s, but it had spent") as failure:
        await signed_in(rotating(web, recorder, Open({"refresh": OLD.refresh})))
    assert failure.value.finding.code is Code.REFRESH_UNAVAILABLE
