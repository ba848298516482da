"""Calls as video-service keeps them: opened, joined, listed, ended; and swept when a run did not
end them.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from probes.auth.users import User, Users
from probes.config.environment import Target, UserConfig
from probes.config.livekit import LiveKit
from probes.finding import Broken, Code
from probes.recording.ledger import Ledger
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from probes.runner.cleanup import clean_up
from probes.runner.cleanup_kinds import resource_kinds
from probes.services import video
from probes.services.storage import Drive
from probes.services.video import BASE, Call
from probes.transport.http import Web
from tests.support.envelopes import success
from tests.support.site import NOWHERE, Said, Site, js

ROOMS = f"apex{BASE}/rooms"
LISTED = f"GET {ROOMS}/workspace/w-1"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1LTEifQ.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"


@pytest.fixture
def target(target: Target, site: Site, tmp_path: Path) -> Target:
    for name, value in (("key", "APIx"), ("secret", "a-secret-that-nobody-else-knows-0123456789")):
        (tmp_path / name).write_text(value)
    livekit = LiveKit(
        site.origin("livekit").replace("http", "ws"),
        str(tmp_path / "key"),
        str(tmp_path / "secret"),
    )
    identity = replace(target.identity, way="static")
    return replace(
        target, identity=identity, users={"alice": UserConfig("u-1", token="A")}, livekit=livekit
    )


@pytest.fixture
def alice(target: Target, web: Web) -> User:
    return Users(target, web, Redactor(), {"A": "alices.own.token"}).user("alice")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "20260102T030405Z-ab12cd")
    yield ledger
    ledger.close()


async def test_a_call_is_in_the_ledger_before_it_exists(
    site: Site, web: Web, alice: User, ledger: Ledger
) -> None:
    """Under the run's own name; the service's id is kept with it."""
    site.says[f"POST {ROOMS}"] = success({"id": "r-1"}, 201)
    room = await video.create_call(web, alice, ledger)
    assert room.id == "r-1"
    assert [(entry.kind, entry.name, entry.id) for entry in ledger.open_entries] == [
        ("call", room.name, "r-1")
    ]
    assert room.name.startswith("probe-20260102T030405Z-ab12cd-")


async def test_a_ticket_is_known_to_the_redactor(
    site: Site, web: Web, alice: User, recorder: Recorder
) -> None:
    """Before anybody dials with it, and in the exchange that brought it."""
    site.says[f"POST {ROOMS}/r-1/join"] = success({"token": TOKEN, "wsUrl": "wss://livekit.x"})
    ticket = await video.join(web, alice, Call("r-1", "n"))
    assert (ticket.url, ticket.token) == ("wss://livekit.x", TOKEN)
    assert TOKEN not in repr(ticket)
    assert TOKEN not in (recorder.evidence.folder / "run.jsonl").read_text("utf-8")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (success({"token": TOKEN}), Code.CONTRACT_BROKEN),
        (js({"error": {"code": "ROOM_ENDED", "message": "m"}}, 410), Code.CONTRACT_BROKEN),
        (NOWHERE, Code.ROUTE_BROKEN),
        (Said(500, b"{}", "application/json"), Code.SERVICE_UNAVAILABLE),
    ],
)
async def test_a_ticket_that_is_none_is_named(
    site: Site, web: Web, alice: User, said: Said, wanted: Code
) -> None:
    """A service that hands out half of it has broken its contract."""
    site.says[f"POST {ROOMS}/r-1/join"] = said
    with pytest.raises(Broken) as told:
        await video.join(web, alice, Call("r-1", "n"))
    assert told.value.finding.code is wanted


@pytest.mark.parametrize(
    ("status", "over"), [(200, True), (404, True), (410, True), (403, False), (500, False)]
)
async def test_a_call_is_over_when_the_service_says_so(
    site: Site, web: Web, alice: User, status: int, *, over: bool
) -> None:
    """Or that there is none."""
    site.says[f"POST {ROOMS}/r-1/end"] = js({}, status)
    assert await video.end_call(web, alice, "r-1") is over


async def test_calls_and_rooms_that_stayed_are_swept(
    site: Site, web: Web, alice: User, ledger: Ledger
) -> None:
    """This run's and those of runs long dead; a person's are left alone."""
    old = "probe-20200102T030405Z-ab12cd-1-call"
    site.says |= {
        f"POST {ROOMS}": success({"id": "r-1"}, 201),
        LISTED: success([{"id": "r-0", "name": old}, {"id": "r-9", "name": "planning"}]),
        f"POST {ROOMS}/r-0/end": success({}),
        f"POST {ROOMS}/r-1/end": success({}),
        "POST livekit/twirp/livekit.RoomService/ListRooms": js(
            {"rooms": [{"name": old}, {"name": "r-9"}]}
        ),
        "POST livekit/twirp/livekit.RoomService/DeleteRoom": js({}),
    }
    await video.create_call(web, alice, ledger)
    room = ledger.enter("room", "ladder")
    await clean_up(
        ledger, web.target, resource_kinds(Drive(web, alice, "", "w-1", ledger), alice, alice)
    )
    assert ledger.open_entries == []
    ended = [asked.path for asked in site.asked if asked.path.endswith("/end")]
    assert ended == [f"{BASE}/rooms/r-1/end", f"{BASE}/rooms/r-0/end"]
    removed = [asked.body for asked in site.asked if asked.path.endswith("/DeleteRoom")]
    assert any(old.encode() in body for body in removed)
    assert not any(b"r-9" in body for body in removed)
    assert room.startswith("probe-")


async def test_without_livekit_nobody_keeps_calls(web: Web, alice: User, ledger: Ledger) -> None:
    """Nothing is listed or ended where there is nothing of the kind."""
    web.target = replace(web.target, livekit=None)
    kinds = {
        kind
        for resource_kind in resource_kinds(Drive(web, alice, "", "w-1", ledger), alice, alice)
        for kind in resource_kind.kinds
    }
    assert not {"room", "call"} & kinds
