"""A board: cards are made, listed and removed, and their events are waited for by name."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from probes.auth.users import User, Users
from probes.config.environment import Target, UserConfig, Workspace
from probes.config.timeouts import Realtime
from probes.finding import Broken, CannotAsk
from probes.recording.ledger import Entry, Ledger
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from probes.services import boards
from probes.services.boards import Card
from probes.transport.http import Web
from tests.support.chat_socket import talking
from tests.support.site import NOWHERE, Said, Site, js

BOARDS = "/api/svc/board/api/boards"
CARD = Card("b-1", "t")


@pytest.fixture
def target(target: Target) -> Target:
    identity = replace(target.identity, way="static")
    return replace(target, users={"alice": UserConfig("u-1", token="A")}, identity=identity)


@pytest.fixture
def alice(target: Target, web: Web) -> User:
    return Users(target, web, Redactor(), {"A": "alices.own.token"}).user("alice")


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = Ledger(tmp_path / "20260102T030405Z-abc123")
    yield ledger
    ledger.close()


async def test_a_card_is_in_the_ledger_before_it_exists(
    site: Site, web: Web, alice: User, ledger: Ledger
) -> None:
    """On the environment's project, for somebody where somebody is to be told."""
    site.says[f"POST apex{BOARDS}"] = js({"data": {"boardId": "b-1"}, "requestId": "r"}, 201)
    card = await boards.create(web, alice, ledger, assignee=alice)
    await boards.create(web, alice, ledger)
    assert ledger.open_entries[0] == Entry("board", card.title, "b-1")
    assigned, free = (json.loads(asked.body) for asked in site.asked)
    assert (assigned["projectId"], assigned["title"], assigned["assigneeId"]) == (
        "p-1",
        card.title,
        "u-1",
    )
    assert "assigneeId" not in free


async def test_who_is_online_stands_in_no_envelope(site: Site, web: Web, alice: User) -> None:
    """Board-service wraps all its answers but this one (contract 5.3), and pages read it so."""
    place = "GET apex/api/svc/board/api/projects/p-1/online-users"
    site.says[place] = js({"onlineUsers": ["u-1"], "count": 1})
    await boards.expect_shown(web, alice, alice)
    site.says[place] = js({"data": {"onlineUsers": ["u-1"]}, "requestId": "r"})
    with pytest.raises(Broken, match=r"contract-broken.*there is no onlineUsers"):
        await boards.expect_shown(web, alice, alice)


async def test_without_a_project_nobody_can_ask(web: Web, alice: User, ledger: Ledger) -> None:
    """The sentence says where it is missing."""
    web.target = replace(web.target, workspace=Workspace("w-1"))
    with pytest.raises(CannotAsk, match=r"add project to \[workspace\]"):
        await boards.create(web, alice, ledger)


async def test_cards_are_renamed_and_listed(site: Site, web: Web, alice: User) -> None:
    """As the shared Go package wraps them; another answer is a finding."""
    site.says[f"GET apex{BOARDS}/project/p-1"] = js(
        {"data": [{"boardId": "b-1", "title": "t"}], "requestId": "r"}
    )
    assert await boards.list_cards(web, alice) == [CARD]
    site.says[f"PUT apex{BOARDS}/b-1"] = js({"data": {}, "requestId": "r"})
    await boards.rename(web, alice, CARD)
    assert json.loads(site.asked[-1].body) == {"title": "t-renamed"}
    site.says[f"PUT apex{BOARDS}/b-1"] = js({}, 500)
    with pytest.raises(Broken, match="service-unavailable"):
        await boards.rename(web, alice, CARD)


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        (js({}), True),
        (Said(204), True),
        (js({}, 404), True),
        (NOWHERE, False),
        (js({}, 500), False),
    ],
)
async def test_a_card_is_gone_when_its_service_says_so(
    site: Site, web: Web, alice: User, said: Said, gone: bool
) -> None:
    """The edge's word counts for nothing."""
    site.says[f"DELETE apex{BOARDS}/b-1"] = said
    assert await boards.remove(web, alice, "b-1") is gone


async def test_an_event_is_waited_for_by_kind_and_card(
    target: Target, recorder: Recorder, alice: User
) -> None:
    """Another's card and another kind are passed over; the second of a pair is not waited for."""
    lines = [
        ("BOARD_CREATED", "b-2"),
        ("BOARD_MOVED", "b-1"),
        ("BOARD_CREATED", "b-1"),
        ("BOARD_CREATED", "b-1"),
    ]

    async def pod(connection: ServerConnection) -> None:
        assert connection.request
        assert connection.request.path == "/api/svc/board/ws/project/p-1?token=alices.own.token"
        for kind, card in lines:
            await connection.send(json.dumps({"type": kind, "boardId": card}))
        await connection.wait_closed()

    patient = replace(target, realtime=Realtime(deliver_seconds=20))
    async with talking(patient, pod) as web, boards.watch(web, alice) as watch:
        assert await watch.expect_event("BOARD_CREATED", CARD) == {
            "type": "BOARD_CREATED",
            "boardId": "b-1",
        }


async def test_an_event_that_does_not_come_is_lost(
    target: Target, recorder: Recorder, alice: User
) -> None:
    """After the stated time, with its kind and who waited."""

    async def pod(connection: ServerConnection) -> None:
        await connection.wait_closed()

    hasty = replace(target, realtime=Realtime(deliver_seconds=0.01))
    async with talking(hasty, pod) as web, boards.watch(web, alice) as watch:
        with pytest.raises(
            Broken, match="board-event-lost: alice has the board open, and BOARD_CREATED did not"
        ):
            await watch.expect_event("BOARD_CREATED", CARD)
