"""Who is online: shown when they have come, forgotten when they have left, in the stated time."""

from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection

from probes.auth.users import Users
from probes.config.environment import Target, UserConfig
from probes.config.timeouts import Realtime
from probes.finding import Broken
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from probes.services import presence
from probes.transport.http import Web
from tests.support.chat_socket import talking
from tests.support.site import Said, Site, js
from tests.support.sleeping import sleeps

ONLINE = "GET apex/api/svc/chat/api/chats/presence/online"
NOBODY = js({"success": True, "message": []})
BOB = js({"success": True, "message": [{"userId": "u-2", "status": "ONLINE"}]})


@pytest.fixture
def target(target: Target) -> Target:
    users = {"alice": UserConfig("u-1", token="A"), "bob": UserConfig("u-2", token="B")}
    return replace(
        target, users=users, identity=replace(target.identity, way="static"), realtime=Realtime()
    )


@pytest.fixture
def users(target: Target, web: Web) -> Users:
    return Users(target, web, Redactor(), {"A": "alices.own.token", "B": "bobs.own.token"})


async def test_what_shows_is_enough(site: Site, web: Web, users: Users) -> None:
    """One look is enough where it is right at once."""
    alice, bob = users.user("alice"), users.user("bob")
    site.says[ONLINE] = BOB
    await presence.expect_shown(web, alice, bob, online=True)
    site.says[ONLINE] = NOBODY
    await presence.expect_shown(web, alice, bob, online=False)
    assert len(site.asked) == 2


async def test_what_shows_late_is_waited_for(
    site: Site, web: Web, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the stated time it is looked at again."""
    site.says[ONLINE] = NOBODY

    async def meanwhile(_: float) -> None:
        site.says[ONLINE] = BOB

    sleeps(monkeypatch, "probes.polling", meanwhile)
    await presence.expect_shown(web, users.user("alice"), users.user("bob"), online=True)
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("online", "words"),
    [(True, "bob came online and is not shown"), (False, "bob has left and is still shown as onl")],
)
async def test_what_never_shows_is_named(
    site: Site, web: Web, users: Users, online: bool, words: str
) -> None:
    """Whichever of the two it is."""
    web.target = replace(web.target, realtime=Realtime(deliver_seconds=0))
    site.says[ONLINE] = NOBODY if online else BOB
    with pytest.raises(Broken, match=f"presence-stale: {words}"):
        await presence.expect_shown(web, users.user("alice"), users.user("bob"), online=online)


async def test_who_is_online_holds_a_socket(
    target: Target, recorder: Recorder, users: Users
) -> None:
    """With the member's own token, as long as the block lasts."""
    paths: list[str] = []

    async def pod(connection: ServerConnection) -> None:
        assert connection.request
        paths.append(connection.request.path)
        await connection.wait_closed()
        paths.append("left")

    async with talking(target, pod) as web, presence.open_app(web, users.user("bob")):
        pass
    assert paths == ["/api/svc/chat/api/chats/ws/presence?token=bobs.own.token", "left"]


@pytest.mark.parametrize("shown_after", [0, 1, 2])
async def test_an_open_app_says_again_that_it_is_there(
    site: Site, web: Web, users: Users, monkeypatch: pytest.MonkeyPatch, shown_after: int
) -> None:
    """Only while it does not show: somebody's last chat that closes takes them off the list."""
    beats: list[int] = []

    async def beat() -> None:
        beats.append(len(site.asked))
        if len(beats) == shown_after:
            site.says[ONLINE] = BOB

    async def at_once(_: float) -> None:
        pass

    sleeps(monkeypatch, "probes.polling", at_once)
    site.says[ONLINE] = NOBODY if shown_after else BOB
    alice, bob = users.user("alice"), users.user("bob")
    await presence.expect_shown(web, alice, bob, online=True, heartbeat=beat)
    assert len(beats) == shown_after


def online(*ids: str) -> Said:
    return js({"success": True, "message": [{"userId": identity} for identity in ids]})


@pytest.mark.parametrize(
    ("shown", "complaint"),
    [
        ([[]], ""),
        # Another run's sockets: now the one is online, now the other, and never nobody.
        ([["u-1", "u-2"], ["u-1"], ["u-2"]], ""),
        ([["u-2", "u-9"]] * 9, "presence-stale: bob had nothing open"),
        ([["u-1", "u-2"]] * 9, "presence-stale: alice and bob had nothing open"),
    ],
)
async def test_who_is_away_at_some_time_is_not_stuck(
    site: Site,
    web: Web,
    users: Users,
    monkeypatch: pytest.MonkeyPatch,
    *,
    shown: list[list[str]],
    complaint: str,
) -> None:
    """Only who is shown each time is told, however many others are online."""
    answers = iter(shown[1:])
    site.says[ONLINE] = online(*shown[0])

    async def meanwhile(_: float) -> None:
        site.says[ONLINE] = online(*next(answers, shown[-1]))

    sleeps(monkeypatch, "probes.polling", meanwhile)
    brief = Realtime(deliver_seconds=0.05, linger_seconds=0.05) if complaint else Realtime()
    web.target = replace(web.target, realtime=brief)
    alice, bob = users.user("alice"), users.user("bob")
    if not complaint:
        await presence.expect_away(web, alice, [alice, bob])
        return
    with pytest.raises(Broken, match=complaint):
        await presence.expect_away(web, alice, [alice, bob])
