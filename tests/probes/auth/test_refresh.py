"""A refresh: what follows is kept before it is judged, and each way it fails has its name."""

from dataclasses import replace

import pytest

from probes.auth import refresh as refreshing
from probes.auth.tokens import OwnSession, Tokens
from probes.finding import Broken, CannotAsk, Code
from probes.transport.http import Answer, Web
from tests.support.session_tokens import REFRESH, SPENT, gives, pair, token
from tests.support.site import NOWHERE, Said, Site, js, page
from tests.support.sleeping import sleeps

BEFORE, AFTER = pair(1), pair(2, age=0)


def session(kept: list[Tokens] | None = None, *, overtaken: bool = False) -> OwnSession:
    async def keep(tokens: Tokens) -> None:
        if kept is not None:
            kept.append(tokens)

    async def is_overtaken(_: Tokens) -> bool:
        return overtaken

    return OwnSession(BEFORE, keep, is_overtaken)


async def test_a_refresh_gives_the_pair_that_follows(site: Site, web: Web) -> None:
    """Through the apex, as the app asks; the session goes on with it."""
    site.says[REFRESH] = gives(AFTER)
    mine = session()
    assert await refreshing.refresh(web, mine) == AFTER == mine.tokens
    assert site.asked[0].body == b'{"refreshToken":"' + BEFORE.refresh.encode() + b'"}'


async def test_a_bad_pair_is_kept_before_it_is_judged(site: Site, web: Web) -> None:
    """Whatever is wrong with it, the old refresh token is gone."""
    odd = replace(AFTER, access=BEFORE.access)
    site.says[REFRESH] = gives(odd)
    kept: list[Tokens] = []
    with pytest.raises(Broken, match="the access token is the old one"):
        await refreshing.refresh(web, session(kept))
    assert kept == [odd]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (SPENT, Code.REFRESH_REPLAYED),
        (js({"code": "AUTH002", "message": "expired"}, 401), Code.REFRESH_UNAVAILABLE),
        (js({"code": "AUTH999", "message": "m"}, 500), Code.REFRESH_UNAVAILABLE),
        (js({"accessToken": "a"}), Code.CONTRACT_BROKEN),
        (
            js({"code": "AUTH001", "message": "refreshToken is required"}, 400),
            Code.REQUEST_STRIPPED,
        ),
        (NOWHERE, Code.REFRESH_UNAVAILABLE),
        (Said(503, b"no healthy upstream", "text/plain"), Code.REFRESH_UNAVAILABLE),
        (page(), Code.EDGE_HTML_FALLBACK),
    ],
)
async def test_an_unused_token_that_gives_nothing_is_named(
    site: Site, web: Web, said: Said, code: Code
) -> None:
    """Spent by the gateway, not served, or answered by the edge."""
    site.says[REFRESH] = said
    with pytest.raises(Broken) as failure:
        await refreshing.refresh(web, session())
    assert failure.value.finding.code is code


async def test_a_token_that_another_run_used_blames_nobody(site: Site, web: Web) -> None:
    """Where a store cannot keep two runs apart, the loser of the race could not ask."""
    site.says[REFRESH] = SPENT
    with pytest.raises(CannotAsk, match="another run used this refresh token in the same moment"):
        await refreshing.refresh(web, session(overtaken=True))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (gives(AFTER), Code.REFRESH_NOT_ROTATED),
        (js({"code": "AUTH003", "message": "m"}, 401), Code.CONTRACT_BROKEN),
        (js({}, 500), Code.SERVICE_UNAVAILABLE),
    ],
)
async def test_a_used_token_must_be_refused_by_its_own_code(
    site: Site, web: Web, said: Said, code: Code
) -> None:
    """AUTH006, and nothing else, says that it was used."""
    site.says[REFRESH] = said
    with pytest.raises(Broken) as failure:
        await refreshing.expect_refusal(web, BEFORE)
    assert failure.value.finding.code is code


async def test_a_used_token_that_is_refused_is_right(site: Site, web: Web) -> None:
    """The promise is kept."""
    site.says[REFRESH] = SPENT
    await refreshing.expect_refusal(web, BEFORE)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (AFTER, None),
        (replace(AFTER, refresh=BEFORE.refresh), "gave back the refresh token"),
        (replace(AFTER, access=token(age=3600)), "does not live longer"),
        (replace(AFTER, access=token(age=0, user="u-2")), "its subject is u-2 instead of u-1"),
        (replace(AFTER, access=token("refresh", age=0)), "its type is 'refresh'"),
        (replace(AFTER, access="opaque"), "its subject is None"),
    ],
)
def test_a_pair_is_judged_against_the_one_before(after: Tokens, words: str | None) -> None:
    """Another, for the same user, of type access, that lives longer."""
    finding = refreshing.explain_pair(BEFORE, after)
    assert (finding is None) is (words is None)
    assert not finding or (words or "") in finding.observed


async def test_a_token_of_this_second_waits_for_the_next(
    site: Site, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its successor would be its twin (contract 2.2); an older one is asked with at once."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    sleeps(monkeypatch, "probes.auth.refresh", sleep)
    site.says[REFRESH] = SPENT
    for refresh in (
        token("refresh", age=0),
        token("refresh", age=60),
        "opaque",
        token("refresh", age=-3600),
    ):
        assert isinstance(await refreshing.request_pair(web, refresh), Answer)
    assert 0 < slept[0] <= refreshing.TOKEN_CLOCK_STEP_S
    assert slept[1:] == [0.0, 0.0, refreshing.TOKEN_CLOCK_STEP_S]
