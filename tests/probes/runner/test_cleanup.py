"""After a run nothing is left behind: not by it, not by dead runs, not by older ones that the
target still lists.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from probes.auth.users import Users
from probes.config.environment import Target
from probes.recording import journal
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.recording.redactor import Redactor
from probes.runner.cleanup import clean_up
from probes.runner.cleanup_kinds import ResourceKind, resource_kinds
from probes.services.storage import Drive
from probes.transport.http import Web
from tests.support.site import NOWHERE, Said, Site, js

STORAGE = "/api/svc/storage/storage"
CONTENTS = f"GET apex{STORAGE}/folders/contents"
OLD = "probe-20200101T000000Z-000000-1-old.txt"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """That of a run that began now: one of half an hour ago would be an old run."""
    ledger = Ledger(tmp_path / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-abc123")
    yield ledger
    ledger.close()


@pytest.fixture
def drive(site: Site, web: Web, target: Target, ledger: Ledger) -> Drive:
    site.says["POST api/api/svc/auth/api/test/token"] = js(
        {"accessToken": "a", "refreshToken": "r"}
    )
    return Drive(
        web,
        Users(target, web, Redactor()).user("alice"),
        target.hosts.apex + target.paths.storage,
        "w",
        ledger,
    )


def kept(drive: Drive) -> tuple[ResourceKind, ...]:
    return resource_kinds(drive, drive.user, drive.user)


def notes() -> list[str]:
    return [
        event["text"]
        for event in journal.read(current().evidence.folder)
        if event["event"] == "note"
    ]


def lists(*files: tuple[str, str], folders: tuple[tuple[str, str], ...] = ()) -> Said:
    rows: dict[str, Any] = {
        "files": [{"id": key, "originalName": name, "name": "stored-as"} for key, name in files]
    }
    rows["children"] = [{"id": key, "name": name} for key, name in folders]
    return js({"success": True, "data": rows})


def deletes(site: Site, *paths: str, said: Said | None = None) -> None:
    for path in paths:
        site.says[f"DELETE apex{STORAGE}/{path}"] = site.says[
            f"DELETE apex{STORAGE}/{path}/permanent"
        ] = said or js({})


def deleted(site: Site) -> list[str]:
    return [
        asked.path.removeprefix(STORAGE + "/") for asked in site.asked if asked.method == "DELETE"
    ]


async def test_what_the_run_created_is_removed(site: Site, drive: Drive, ledger: Ledger) -> None:
    """By its id, or by its name where the target had not told the id; through the trash."""
    known, unknown, never = (ledger.enter("file", label) for label in ("a", "b", "c"))
    ledger.identify(known, "f-1")
    site.says[CONTENTS] = lists(("f-2", unknown), ("f-3", "holiday.jpg"))
    deletes(site, "files/f-1", "files/f-2")
    await clean_up(ledger, drive.web.target, kept(drive))
    assert deleted(site) == ["files/f-1", "files/f-1/permanent", "files/f-2", "files/f-2/permanent"]
    assert ledger.open_entries == []
    assert never not in str(site.asked)


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        (Said(204), True),
        (js({"success": True}), True),
        (js({"error": {"code": "NOT_FOUND", "message": "m"}}, 404), True),
        (NOWHERE, False),
        (Said(200, b"<html>", "text/html"), False),
        (js({}, 500), False),
        (js({}, 403), False),
    ],
)
async def test_what_cannot_be_removed_stays_in_the_ledger(
    site: Site, drive: Drive, ledger: Ledger, said: Said, gone: bool
) -> None:
    """Only the service's own word that it is gone is believed; the next run tries again."""
    folder = ledger.enter("folder", "a")
    ledger.identify(folder, "d-1")
    site.says[CONTENTS] = lists()
    deletes(site, "folders/d-1", said=said)
    await clean_up(ledger, drive.web.target, kept(drive))
    assert (ledger.open_entries == []) is gone
    assert any(note.startswith(f"not swept: folder {folder}: ") for note in notes()) is not gone


async def test_a_drive_that_does_not_answer_keeps_the_entry(
    site: Site, drive: Drive, ledger: Ledger
) -> None:
    """The sweep is not judged; it does what it can, and says what it could not."""
    ledger.enter("file", "a")
    ledger.identify(ledger.enter("file", "b"), "f-2")
    site.says[CONTENTS] = js({}, 503)
    deletes(site, "files/f-2")
    await clean_up(ledger, drive.web.target, kept(drive))
    assert [entry.name[-1] for entry in ledger.open_entries] == ["a"]
    assert any(
        note.startswith("nothing old of folder, file could be looked for: ") for note in notes()
    )


async def test_a_chat_a_card_and_a_notice_are_removed(
    site: Site, drive: Drive, ledger: Ledger
) -> None:
    """Each where its service keeps it; a notice, which nobody enters, by the name of a board of an
    old run's or of this one.
    """
    ledger.identify(ledger.enter("chat", "chat"), "c-1")
    card = ledger.enter("board", "card")
    site.says["GET apex/api/svc/chat/api/chats/my"] = js({"success": True, "message": []})
    cards = js({"data": [{"boardId": "b-1", "title": card}], "requestId": "r"})
    site.says["GET apex/api/svc/board/api/boards/project/p-1"] = cards
    # Of a run that goes on: its tag is too young, and not ours.
    anothers = f"probe-{datetime.now(UTC):%Y%m%dT%H%M%S}Z-000000-1-card"
    told = [
        {"id": "n-1", "resourceId": "b-7", "resourceName": OLD},
        {"id": "n-2", "resourceId": "b-8", "resourceName": "Ship it"},
        {"id": "n-3", "resourceId": "b-1", "resourceName": f"{card}-renamed"},
        {"id": "n-4", "resourceId": "b-9", "resourceName": anothers},
    ]
    site.says["GET apex/api/svc/noti/api/notifications"] = js({"notifications": told})
    notices = [f"noti/api/notifications/n-{number}" for number in (1, 3)]
    for path in ("chat/api/chats/c-1", "board/api/boards/b-1", *notices):
        site.says[f"DELETE apex/api/svc/{path}"] = Said(204)
    await clean_up(ledger, drive.web.target, kept(drive))
    assert [asked.path.rpartition("/")[2] for asked in site.asked if asked.method == "DELETE"] == [
        "c-1",
        "b-1",
        "n-1",
        "n-3",
    ]
    assert ledger.open_entries == []


async def test_what_no_keeper_knows_stays(drive: Drive, ledger: Ledger) -> None:
    """A ledger of a newer version may name what this one cannot remove."""
    ledger.identify(ledger.enter("room", "a"), "r-1")
    await clean_up(ledger, drive.web.target, kept(drive))
    assert [entry.id for entry in ledger.open_entries] == ["r-1"]


async def test_what_a_dead_run_left_is_swept_once(
    site: Site, drive: Drive, ledger: Ledger, tmp_path: Path
) -> None:
    """Even by a run that created nothing; and nothing is listed for it."""
    theirs = Ledger(tmp_path / "20260101T000000Z-000001")
    journaling = journal.Journal(tmp_path / "20260101T000000Z-000001")
    journaling.write("run-started", apex=drive.web.target.hosts.apex)
    journaling.close()
    theirs.identify(theirs.enter("file", "a"), "f-9")
    theirs.close()
    deletes(site, "files/f-9")
    await clean_up(ledger, drive.web.target, kept(drive))
    await clean_up(ledger, drive.web.target, kept(drive))
    assert deleted(site) == ["files/f-9", "files/f-9/permanent"]
    assert not [asked for asked in site.asked if "contents" in asked.path]


async def test_what_the_target_lists_of_old_runs_is_swept(
    site: Site, drive: Drive, ledger: Ledger
) -> None:
    """Runs on other machines leave no ledger here; names without a run's tag are nobody's
    business.
    """
    name = ledger.enter("file", "a")
    ledger.mark_removed(name)
    site.says[CONTENTS] = lists(
        ("f-1", OLD), ("f-2", "holiday.jpg"), ("f-3", name), folders=(("d-1", OLD), ("d-2", "2020"))
    )
    deletes(site, "files/f-1", "folders/d-1")
    await clean_up(ledger, drive.web.target, kept(drive))
    assert sorted(deleted(site)) == [
        "files/f-1",
        "files/f-1/permanent",
        "folders/d-1",
        "folders/d-1/permanent",
    ]


async def test_a_run_that_created_nothing_asks_nothing(
    site: Site, drive: Drive, ledger: Ledger
) -> None:
    """A run of one edge scenario does not sign in to sweep."""
    await clean_up(ledger, drive.web.target, kept(drive))
    assert site.asked == []
