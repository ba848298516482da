"""Sessions of one's own, and tokens that have expired: what each way to identify gives, or why it
does not.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from probes import clock
from probes.auth.tokens import Tokens, seconds_left
from probes.auth.users import TEST_ENDPOINT, User, Users
from probes.config.environment import Identity, Target, UserConfig
from probes.finding import CannotAsk
from probes.recording.redactor import Redactor
from probes.state.store import FileState
from probes.transport.http import Web
from tests.support.session_tokens import REFRESH, gives, pair, token
from tests.support.site import Site
from tests.support.sleeping import sleeps

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PAIRS = [pair(number) for number in range(4)]
ENDPOINT = f"POST api{TEST_ENDPOINT}"


def alice(
    target: Target, web: Web, identity: Identity, environ: Mapping[str, str] | None = None
) -> User:
    config = UserConfig("u-1", token="ALICE", refresh_token="ALICE_REFRESH")
    there = replace(target, identity=identity, users={"alice": config})
    return Users(there, web, Redactor(), {"KEY": PEM, **(environ or {})}).user("alice")


@pytest.fixture
def awake(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been slept, in seconds."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    sleeps(monkeypatch, "probes.auth.users", sleep)
    return slept


async def test_a_minted_session_is_nobody_elses(site: Site, target: Target, web: Web) -> None:
    """Each is another, good now, and nobody was asked for it."""
    me = alice(target, web, Identity("signing-key", signing_key="KEY"))
    async with me.session() as one, me.session() as two:
        assert len({one.tokens.refresh, two.tokens.refresh, (await me.tokens()).refresh}) == 3
        assert seconds_left(one.tokens.access) > 600
    assert seconds_left(await me.expired_token()) < -300
    assert site.asked == []


async def test_a_key_mints_whatever_the_way_is(site: Site, target: Target, web: Web) -> None:
    """The endpoint gives the run's own tokens, the key what must be unlike any other."""
    site.says[ENDPOINT] = gives(pair())
    me = alice(target, web, Identity("test-endpoint", signing_key="KEY"))
    async with me.session() as session:
        assert session.tokens.refresh != (await me.tokens()).refresh
    assert seconds_left(await me.expired_token()) < 0
    assert len(site.asked) == 1


async def test_the_test_endpoint_is_asked_in_a_second_of_its_own(
    site: Site, target: Target, web: Web, awake: list[float]
) -> None:
    """Tokens of one second are one token (contract 2.2): first the run signs in, then a second
    passes.
    """
    site.says[ENDPOINT] = gives(pair())
    async with alice(target, web, Identity()).session() as session:
        assert session.tokens.user_id == "u-1"
    assert awake == [1.1]
    assert len(site.asked) == 2


async def test_a_rotating_token_is_lent_to_one_at_a_time(
    site: Site, target: Target, web: Web, tmp_path: Path
) -> None:
    """What one scenario has rotated is what the next gets, and the run's own token is not refreshed
    for it.
    """
    site.says[REFRESH] = gives(PAIRS[1])
    identity = Identity("refresh-token", state=f"file:{tmp_path / 'state.json'}")
    me = alice(target, web, identity, {"ALICE_REFRESH": PAIRS[0].refresh})
    order: list[Tokens] = []

    async def scenario(number: int) -> None:
        async with me.session() as session:
            order.append(session.tokens)
            await session.save(PAIRS[number])

    assert (await me.tokens()).refresh == PAIRS[1].refresh
    await asyncio.gather(scenario(2), scenario(3))
    assert [tokens.refresh for tokens in order] == [PAIRS[1].refresh, PAIRS[2].refresh]
    assert (await FileState(tmp_path / "state.json", 5).read("alice"))["refresh"] == PAIRS[
        3
    ].refresh
    assert len(site.asked) == 1


async def test_a_static_token_that_runs_out_is_used_no_longer(
    target: Target, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody renews it: under a scenario its end would be a service that refuses a good token."""
    me = alice(target, web, Identity("static"), {"ALICE": token(seconds=3600)})
    assert await me.token() == await me.token()
    monkeypatch.setattr(clock, "_offset_s", 3600.0 - 60 - target.timeouts.scenario_s / 2)
    with pytest.raises(CannotAsk, match=r"the token in ALICE expires in \d+ s, and a scenario may"):
        await me.token()
    monkeypatch.setattr(clock, "_offset_s", 3600.0)
    with pytest.raises(CannotAsk, match="the token in ALICE expired"):
        await me.token()


async def test_a_static_token_is_no_session(target: Target, web: Web) -> None:
    """There is nothing to refresh, and the sentence says what would do."""
    me = alice(target, web, Identity("static"), {"ALICE": token()})
    with pytest.raises(CannotAsk, match="way static has none; the way refresh-token does"):
        async with me.session():
            pass


async def test_a_short_life_is_waited_out(
    site: Site, target: Target, web: Web, awake: list[float]
) -> None:
    """Where the endpoint honours the wish; where it does not, the environment file is wrong."""
    me = alice(target, web, Identity(short_life=True))
    short = Tokens(token(age=0, seconds=1), "r", "u-1")
    site.says[ENDPOINT] = gives(short)
    assert await me.expired_token() == short.access
    assert b'"expiresInSeconds":1' in site.asked[0].body
    assert 0 < awake[0] <= 2.1
    site.says[ENDPOINT] = gives(pair())
    with pytest.raises(CannotAsk, match="take short_life out of"):
        await me.expired_token()


async def test_the_last_run_leaves_what_will_expire(
    site: Site, target: Target, web: Web, tmp_path: Path
) -> None:
    """Whatever the way: the first run has none and says so, a later one finds it expired."""
    identity = Identity("static", state=f"file:{tmp_path / 'state.json'}")
    young, stale = token(number=1), token(number=2, seconds=30)
    first = alice(target, web, identity, {"ALICE": young})
    await first.tokens()
    with pytest.raises(CannotAsk, match="no earlier run has left one"):
        await first.expired_token()
    store = FileState(tmp_path / "state.json", 5)
    left = await store.read("alice")
    assert left["access"] == young
    await store.swap("alice", left, {**left, "access": stale})  # time passes
    second = alice(target, web, identity, {"ALICE": young})
    await second.tokens()
    assert await second.expired_token() == stale
    assert site.asked == []


async def test_without_any_of_them_there_is_a_sentence(target: Target, web: Web) -> None:
    """It names the three ways to an expired token."""
    with pytest.raises(
        CannotAsk, match=r"neither signing_key nor short_life, and no earlier run .*none is set"
    ):
        await alice(target, web, Identity()).expired_token()


async def test_nobody_plays_a_part_that_is_not_cast(target: Target, web: Web) -> None:
    """As for any token."""
    nobody = Users(target, web, Redactor(), {}).user("bob")
    for ask in (nobody.tokens, nobody.expired_token, nobody.session().__aenter__):
        with pytest.raises(CannotAsk, match=r"has no user bob"):
            await ask()
