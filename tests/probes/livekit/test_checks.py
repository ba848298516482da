"""Each promise of calls is judged by its own rungs, and the ladder is climbed once for all of
them.
"""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from probes.auth.users import User, Users
from probes.config.environment import Target, UserConfig
from probes.finding import Broken, Code, Finding, NotApplicable
from probes.livekit.checks import PUBLIC, Calls, explain_difference, explain_version
from probes.livekit.ladder import VALIDATE
from probes.livekit.signalling import Credentials, JoinedSession
from probes.livekit.tokens import Access
from probes.recording.ledger import Ledger
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from probes.services.video import BASE
from probes.transport.http import Web
from tests.support.livekit_node import ACCESS, FakeNode
from tests.support.session_tokens import token
from tests.support.site import Site, js


@pytest.fixture
def target(target: Target, node: FakeNode, tmp_path: Path) -> Target:
    key, secret = tmp_path / "key", tmp_path / "secret"
    key.write_text(ACCESS.key)
    secret.write_text(ACCESS.secret)
    identity = replace(target.identity, way="static")
    promised = replace(node.promised, api_key=str(key), api_secret=str(secret))
    return replace(
        target, livekit=promised, identity=identity, users={"alice": UserConfig("u-1", token="A")}
    )


@pytest.fixture
def calls(web: Web, ledger: Ledger) -> Calls:
    return Calls(web, ledger)


@pytest.fixture
def alice(target: Target, web: Web) -> User:
    return Users(target, web, Redactor(), {"A": token()}).user("alice")


def hand_out(site: Site, url: str, access: Access = ACCESS) -> None:
    """Have video-service hand out such an address, and a token of such a key."""
    grants = {"roomJoin": True, "room": "r-1"}
    said = {"iss": access.key, "sub": "u-1", "exp": int(time.time()) + 3600, "video": grants}
    ticket = jwt.encode(said, access.secret, algorithm="HS256")
    site.says[f"POST apex{BASE}/rooms"] = js({"success": True, "data": {"id": "r-1"}}, 201)
    site.says[f"POST apex{BASE}/rooms/r-1/join"] = js(
        {"success": True, "data": {"token": ticket, "wsUrl": url}}
    )


async def connected() -> frozenset[str] | None:
    return frozenset({"host"})


async def apart() -> frozenset[str] | None:
    return None


async def found(asking: object) -> Code:
    with pytest.raises(Broken) as told:
        await asking  # type: ignore[misc]
    return told.value.finding.code


async def test_all_promises_of_a_healthy_node_hold(
    calls: Calls, node: FakeNode, recorder: Recorder
) -> None:
    """Asked at once, they join once; nothing is degraded."""
    await asyncio.gather(
        calls.expect_joinable(),
        calls.expect_promised_version(),
        calls.expect_promised_addresses(),
        calls.expect_open_media_ports(apart),
        *(calls.expect_refusal(stranger) for stranger in (*PUBLIC, "random")),
        calls.expect_hidden("/debug/goroutine"),
    )
    assert node.joins == 1
    assert recorder.degradations == []


async def test_a_rerun_climbs_anew(calls: Calls, node: FakeNode, recorder: Recorder) -> None:
    """What broke in the first attempt may hold in the second, and the other way round."""
    node.answers["/"] = (406, b"Not Ready")
    assert await found(calls.expect_joinable()) is Code.LIVEKIT_NOT_READY
    del node.answers["/"]
    assert await found(calls.expect_open_media_ports(apart)) is Code.LIVEKIT_NOT_READY
    recorder.attempt = 2
    await calls.expect_joinable()


async def test_a_key_trouble_of_ours_leaves_strangers_to_be_refused(
    calls: Calls, node: FakeNode
) -> None:
    """What is asked below the broken rung is judged for itself."""
    node.answers["/twirp/livekit.RoomService/ListRooms"] = (401, b"invalid API key: x")
    assert await found(calls.expect_open_media_ports(apart)) is Code.LIVEKIT_KEY_UNKNOWN
    await calls.expect_refusal("random")
    await calls.expect_hidden("/debug/goroutine")


async def test_an_open_door_to_strangers_is_told(calls: Calls, node: FakeNode) -> None:
    """Each by its own name; a host that is not there refuses nobody."""
    node.answers[VALIDATE] = (200, b"success")
    assert await found(calls.expect_refusal("chart")) is Code.LIVEKIT_DEV_KEYS_ACCEPTED
    assert await found(calls.expect_refusal("random")) is Code.TOKEN_FORGERY_ACCEPTED
    node.answers["/debug/goroutine"] = (200, b"goroutine profile: total 7")
    assert await found(calls.expect_hidden("/debug/goroutine")) is Code.LIVEKIT_DEBUG_EXPOSED


async def test_who_is_not_livekit_refuses_nobody(calls: Calls, node: FakeNode) -> None:
    """It is told by the ladder's own rung; a server that is only not ready refuses strangers all
    the same.
    """
    node.answers["/"] = (406, b"Not Ready")
    await calls.expect_refusal("random")
    node.answers |= {"/": (503, b"no healthy upstream"), VALIDATE: (503, b"no healthy upstream")}
    with pytest.raises(Broken) as told:
        await calls.expect_refusal("chart")
    assert told.value.finding.code is Code.LIVEKIT_UPSTREAM_ABSENT
    assert told.value.finding.rungs[-1].name == "ready"


async def test_a_development_environment_is_not_blamed_for_its_key(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It promises that very key."""
    monkeypatch.setattr(Calls, "access", Access(*PUBLIC["chart"]))
    with pytest.raises(NotApplicable, match="own"):
        await calls.expect_refusal("chart")


@pytest.mark.usefixtures("impatient")
async def test_half_a_door_is_degraded(calls: Calls, node: FakeNode, recorder: Recorder) -> None:
    """Users talk, not as well as they should."""
    node.deaf = ("udp",)
    await calls.expect_open_media_ports(apart)
    assert [finding.code for finding in recorder.degradations] == [Code.LIVEKIT_UDP_BLOCKED]


@pytest.mark.usefixtures("impatient")
async def test_a_closed_door_is_masked_where_people_talk_all_the_same(
    calls: Calls, node: FakeNode, recorder: Recorder
) -> None:
    """Closed to who comes uncalled, it is broken only where nobody gets through by any way."""
    node.deaf = ("udp", "tcp")
    await calls.expect_open_media_ports(connected)
    assert [finding.code for finding in recorder.degradations] == [Code.LIVEKIT_MASKED]
    assert await found(calls.expect_open_media_ports(apart)) is Code.LIVEKIT_UNREACHABLE


async def test_no_relay_is_promised_and_none_is_missed(calls: Calls) -> None:
    """It does not apply, and says so; neither where nobody can join to see whether one is named."""
    with pytest.raises(NotApplicable, match="TURN"):
        await calls.expect_relays()


async def test_a_promised_relay_is_missed_and_what_hides_it_is_told(
    calls: Calls, node: FakeNode, recorder: Recorder
) -> None:
    """None is named; then nobody can join, which is told in its place."""
    calls._web.target = replace(calls._web.target, livekit=replace(calls.config, turn=True))
    assert await found(calls.expect_relays()) is Code.LIVEKIT_TURN_REFUSED
    recorder.attempt = 2
    node.answers["/"] = (503, b"")
    assert await found(calls.expect_relays()) is Code.LIVEKIT_UPSTREAM_ABSENT


async def test_the_apps_own_way_leads_into_the_call(
    calls: Calls, node: FakeNode, site: Site, alice: User
) -> None:
    """Opened, joined by what was handed out, and entered in the ledger under its name."""
    hand_out(site, node.promised.url)
    await calls.expect_app_call(alice)
    wish = json.loads(site.asked[0].body)
    assert wish["workspaceId"] == "w-1"
    assert wish["name"].startswith("probe-")


async def test_the_apps_key_is_compared_with_ours(
    calls: Calls, node: FakeNode, site: Site, alice: User
) -> None:
    """Ours is taken and the app's is not; its 201 and 200 said nothing of that."""
    hand_out(site, node.promised.url, Access("APIapp", "the-app-has-a-secret-of-its-own-0123"))
    assert await found(calls.expect_app_call(alice)) is Code.LIVEKIT_APP_KEY_MISMATCH


async def test_the_apps_address_is_judged_though_its_token_is_good(
    calls: Calls, node: FakeNode, site: Site, alice: User
) -> None:
    """The page would dial what serves HTML."""
    hand_out(site, node.promised.url + "/svc/livekit")
    assert await found(calls.expect_app_call(alice)) is Code.LIVEKIT_FRONTEND_URL_WRONG


@pytest.mark.parametrize(
    ("version", "protocol", "drifted"),
    [("1.7.2", 14, False), ("1.13.5", 17, True), ("1.7.2", 17, True), ("", 14, True)],
)
def test_a_drift_of_version_or_protocol_is_told(
    node: FakeNode, version: str, protocol: int, *, drifted: bool
) -> None:
    """Either is a signal of its own."""
    seat = JoinedSession(version, protocol, "ND", (), Credentials("a", "b", "c"), (), 0.1)
    finding = explain_version(seat, node.promised)
    assert (finding is not None) is drifted


def test_a_differing_key_is_told_only_when_ours_is_taken() -> None:
    """Where neither is, it is the server's keys that are wrong."""
    unknown = Finding(Code.LIVEKIT_KEY_UNKNOWN, "o", "s")
    assert explain_difference(unknown, probe_is_known=False) is unknown
    assert explain_difference(unknown, probe_is_known=True).code is Code.LIVEKIT_APP_KEY_MISMATCH
    skewed = Finding(Code.LIVEKIT_CLOCK_SKEW, "o", "s")
    assert explain_difference(skewed, probe_is_known=True) is skewed
