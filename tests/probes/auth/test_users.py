"""Everybody of the cast gets an access token once a run, or a sentence says why not."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from probes.auth.tokens import Tokens
from probes.auth.users import TEST_ENDPOINT, Users
from probes.config.environment import Identity, Target, UserConfig
from probes.finding import CannotAsk
from probes.recording.redactor import Redactor
from probes.transport.http import Web
from tests.support.site import Said, Site, js

TOKENS = js({"accessToken": "a-planted-access-token", "refreshToken": "a-planted-refresh-token"})


@pytest.fixture
def users(target: Target, web: Web) -> Users:
    return Users(target, web, Redactor(), {})


async def test_somebody_signs_in_once(site: Site, users: Users) -> None:
    """However many ask at once; as the user that the environment names."""
    site.says[f"POST api{TEST_ENDPOINT}"] = TOKENS
    alice = users.user("alice")
    assert (
        await asyncio.gather(*(alice.token() for _ in range(5))) == ["a-planted-access-token"] * 5
    )
    assert await alice.tokens() == Tokens(
        "a-planted-access-token", "a-planted-refresh-token", "u-1"
    )
    assert [json.loads(asked.body) for asked in site.asked] == [
        {"userId": "u-1", "email": "alice@example.org"}
    ]
    assert users.user("alice") is alice
    assert (alice.name, alice.id, alice.email) == ("alice", "u-1", "alice@example.org")


async def test_nobody_gets_the_email_of_the_endpoint(site: Site, target: Target, web: Web) -> None:
    """Who has none in the environment asks for an empty one, which makes no claim (contract
    2.4).
    """
    site.says[f"POST api{TEST_ENDPOINT}"] = TOKENS
    await (
        Users(replace(target, users={"bob": UserConfig("u-2")}), web, Redactor())
        .user("bob")
        .token()
    )
    assert json.loads(site.asked[0].body) == {"userId": "u-2", "email": ""}


@pytest.mark.parametrize(
    "api",
    [js({}, 404), js({"accessToken": 7}), js({"accessToken": "x"}, 500), Said(200, b"<html>")],
)
async def test_the_apex_is_asked_where_the_api_host_gives_none(
    site: Site, users: Users, api: Said
) -> None:
    """Who signs in is set-up; hosts are judged elsewhere. A refresh token may be missing."""
    site.says = {
        f"POST api{TEST_ENDPOINT}": api,
        f"POST apex{TEST_ENDPOINT}": js({"accessToken": "from the apex"}),
    }
    assert await users.user("alice").tokens() == Tokens("from the apex", "", "u-1")
    assert [asked.host for asked in site.asked] == ["api", "apex"]


async def test_an_api_host_that_is_down_is_no_reason_to_give_up(
    site: Site, target: Target, web: Web
) -> None:
    """As long as the apex answers."""
    site.says[f"POST apex{TEST_ENDPOINT}"] = TOKENS
    there = replace(target, hosts=replace(target.hosts, api="http://api.localhost:1"))
    assert await Users(there, web, Redactor()).user("alice").token() == "a-planted-access-token"


async def test_tokens_are_known_to_the_redactor_before_anybody_has_them(
    site: Site, target: Target, web: Web
) -> None:
    """Both of them."""
    site.says[f"POST api{TEST_ENDPOINT}"] = TOKENS
    redactor = Redactor()
    await Users(target, web, redactor).user("alice").token()
    assert "planted" not in redactor.text("x a-planted-access-token y a-planted-refresh-token z")


async def refusal(
    target: Target, web: Web, who: str = "alice", environ: dict[str, str] | None = None
) -> str:
    with pytest.raises(CannotAsk) as said:
        await Users(target, web, Redactor(), environ or {}).user(who).token()
    return str(said.value)


async def test_a_refused_token_says_what_to_look_at(site: Site, target: Target, web: Web) -> None:
    """The last answer, and the switch that is off in most environments."""
    site.says[f"POST apex{TEST_ENDPOINT}"] = js({}, 403)
    assert await refusal(target, web) == (
        f"no token for alice: POST apex.localhost{TEST_ENDPOINT} answered 403 application/json;"
        " is ENABLE_TEST_AUTH on in this environment (contract 2.4)?"
    )


async def test_hosts_that_are_down_say_so(target: Target, web: Web) -> None:
    """Nobody could ask."""
    hosts = replace(target.hosts, api="http://api.localhost:1", apex="http://apex.localhost:1")
    assert "apex.localhost: connection refused" in await refusal(replace(target, hosts=hosts), web)


@pytest.mark.parametrize(
    ("changes", "who", "words"),
    [
        (
            {},
            "stranger",
            "the environment has no user stranger; add [users.stranger] with its user id",
        ),
        (
            {"way": Identity("static")},
            "alice",
            (
                "no token for alice: add token, the name of a variable that holds one, to "
                "[users.alice]"
            ),
        ),
        (
            {"way": Identity("static"), "part": UserConfig("u-1", token="ALICE")},
            "alice",
            "no token for alice: the variable ALICE is not set; put an access token there",
        ),
    ],
)
async def test_what_is_missing_from_the_environment_is_named(
    target: Target, web: Web, changes: dict[str, Any], who: str, words: str
) -> None:
    """And where to add it."""
    users = {"alice": changes.get("part", target.users["alice"])}
    asking = replace(target, users=users, identity=changes.get("way", target.identity))
    assert await refusal(asking, web, who, {"ALICE": ""}) == words


async def test_a_token_may_come_from_a_secret(site: Site, target: Target, web: Web) -> None:
    """Nothing is asked for it, and it is as secret as any."""
    redactor = Redactor()
    there = replace(
        target, identity=Identity("static"), users={"alice": UserConfig("u-1", token="ALICE")}
    )
    tokens = await Users(there, web, redactor, {"ALICE": "a.static.secret"}).user("alice").tokens()
    assert tokens == Tokens("a.static.secret", "", "u-1")
    assert "a.static.secret" not in redactor.text("a.static.secret")
    assert site.asked == []
