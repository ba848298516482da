"""What was deleted is not listed, not answered for, and not behind its links; else it is told."""

import functools
from typing import Any

import pytest

from probes.finding import Broken
from probes.recording import journal
from probes.recording.recorder import Recorder
from probes.services.storage import Drive, Item
from tests.support.drive import BASE, SIGNED, Kind, bucket, lists, requests
from tests.support.envelopes import success
from tests.support.site import NOWHERE, Said, Site, js, page


@pytest.mark.parametrize(
    "said", [js({"error": {"code": "NOT_FOUND", "message": "m"}}, 404), NOWHERE, page()]
)
async def test_what_is_gone_leaves_the_ledger(site: Site, drive: Drive, said: Said) -> None:
    """Neither listed nor answered for; a page of the app is no answer."""
    name = drive.ledger.enter("file", "x")
    lists(site, files=[{"id": "f-2", "name": "other"}])
    site.says[f"GET apex{BASE}/files/f-1"] = said
    await drive.expect_gone(Item("file", "f-1", name, name))
    assert drive.ledger.open_entries == []


def _with_name(row: dict[str, str], name: str) -> dict[str, str]:
    return {key: value.format(name) for key, value in row.items()}


@pytest.mark.parametrize(
    ("kind", "rows", "said", "where"),
    [
        (
            "file",
            {"files": [{"id": "f-1", "name": "{}"}]},
            NOWHERE,
            "the file was .* is still listed",
        ),
        (
            "file",
            {"files": [{"id": "f-1", "originalName": "{}"}]},
            NOWHERE,
            "the file was .* is still listed",
        ),
        (
            "folder",
            {"children": [{"id": "f-1", "name": "{}"}]},
            NOWHERE,
            "the folder was .* is still listed",
        ),
        ("file", {}, success({"id": "f-1"}), "the file was .* still answers 200"),
    ],
)
async def test_what_is_not_gone_is_told_and_stays_in_the_ledger(
    site: Site, drive: Drive, *, kind: Kind, rows: dict[str, Any], said: Said, where: str
) -> None:
    """In the list, or by its id."""
    name = drive.ledger.enter(kind, "x")
    named = functools.partial(_with_name, name=name)
    lists(site, **{which: list(map(named, of)) for which, of in rows.items()})
    site.says[f"GET apex{BASE}/{kind}s/f-1"] = said
    with pytest.raises(Broken, match=f"deletion-not-final: {where}"):
        await drive.expect_gone(Item(kind, "f-1", name, name))
    assert [entry.name for entry in drive.ledger.open_entries] == [name]


@pytest.mark.parametrize(
    ("status", "final"), [(403, True), (404, True), (200, False), (302, False)]
)
async def test_a_link_to_what_is_gone_gives_nothing(
    site: Site, drive: Drive, status: int, final: bool
) -> None:
    """Refused or missing; a redirect may still lead to the bytes."""
    headers = {"location": "/elsewhere"} if status == 302 else {}
    site.says["GET s3/files/key"] = Said(status, headers=headers)
    link = f"{bucket(site)}/key?{SIGNED}"
    if final:
        await drive.expect_link_dead(link)
    else:
        with pytest.raises(
            Broken, match=rf"deletion-not-final: .* still gives its bytes \({status}\)"
        ):
            await drive.expect_link_dead(link)


GONE = js({"error": {"code": "NOT_FOUND", "message": "gone"}}, 404)


@pytest.mark.parametrize(
    ("trashed", "removed", "gone"),
    [
        (success(), success(), True),
        (success(), Said(204), True),
        (GONE, GONE, True),
        (Said(500), Said(204), True),
        (success(), NOWHERE, False),
        (success(), page(), False),
        (success(), js({"error": {"code": "INTERNAL", "message": "m"}}, 500), False),
        (success(), js({"error": {"code": "FORBIDDEN", "message": "m"}}, 403), False),
        (Said(204), NOWHERE, False),
    ],
)
async def test_what_is_deleted_for_good_goes_through_the_trash(
    site: Site, drive: Drive, recorder: Recorder, *, trashed: Said, removed: Said, gone: bool
) -> None:
    """What the second answer says counts, if the service itself said it; both are on record."""
    site.says[f"DELETE apex{BASE}/files/f-1"] = trashed
    site.says[f"DELETE apex{BASE}/files/f-1/permanent"] = removed
    assert await drive.delete_for_good("file", "f-1") is gone
    assert requests(site) == [
        f"DELETE apex{BASE}/files/f-1",
        f"DELETE apex{BASE}/files/f-1/permanent",
    ]
    notes = [
        event["text"]
        for event in journal.read(recorder.evidence.folder)
        if event["event"] == "note"
    ]
    assert notes == [
        f"DELETE files/f-1: {trashed.status}",
        f"DELETE files/f-1/permanent: {removed.status}",
    ]
