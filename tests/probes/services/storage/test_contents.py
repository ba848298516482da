"""The drive lists files and folders by the names that the service gave them."""

from typing import Any

import pytest

from probes.finding import Broken
from probes.recording.ledger import Entry
from probes.services.storage import Drive
from tests.support.drive import BASE, Kind, lists
from tests.support.envelopes import success
from tests.support.site import Site


async def test_a_folder_is_made_under_a_name_of_the_run(site: Site, drive: Drive) -> None:
    """201 and an id are promised; the ledger knows it by both."""
    site.says[f"POST apex{BASE}/folders"] = success({"id": "d-1", "name": "n"}, 201)
    assert (await drive.make_folder("folder")).id == "d-1"
    [entry] = drive.ledger.open_entries
    assert entry == Entry("folder", "probe-20260102T030405Z-abc123-1-folder", "d-1")
    assert entry.name.encode() in site.asked[0].body
    site.says[f"POST apex{BASE}/folders"] = success({"id": "d-1", "name": "n"}, 200)
    with pytest.raises(Broken, match="contract-broken"):
        await drive.make_folder("folder")


@pytest.mark.parametrize(
    ("kind", "rows", "told"),
    [("file", "files", "name"), ("file", "files", "originalName"), ("folder", "children", "name")],
)
async def test_what_the_drive_holds_is_found_by_its_name(
    site: Site, drive: Drive, kind: Kind, rows: str, told: str
) -> None:
    """Files among files, folders among children; the ledger learns the id."""
    name = drive.ledger.enter(kind, "x")
    lists(site, **{rows: [{"id": "other", told: "other"}, {"id": "f-7", told: name}]})
    assert (await drive.find(kind, name)).id == "f-7"
    assert drive.ledger.open_entries == [Entry(kind, name, "f-7")]


@pytest.mark.parametrize(
    "rows", [{}, {"children": [{"id": "f-1", "name": "x"}]}, {"files": [{"id": "f-1"}]}]
)
async def test_what_the_drive_does_not_list_is_lost(
    site: Site, drive: Drive, rows: dict[str, Any]
) -> None:
    """A folder of that name is no file."""
    lists(site, **rows)
    with pytest.raises(Broken, match="upload-lost: the drive does not list the file x"):
        await drive.find("file", "x")


@pytest.mark.parametrize("renamed", ["a (1).txt", "a (12).txt", "2026-01-02 a.txt"])
async def test_the_services_name_for_a_file_is_followed(
    site: Site, drive: Drive, renamed: str
) -> None:
    """Its duplicate check meets the upload's own row: every confirmed file is renamed, and the page
    shows that name.
    """
    named = {"id": "f-1", "status": "ACTIVE", "name": renamed}
    site.says[f"POST apex{BASE}/files/confirm"] = success(named)
    file = await drive.upload("a.txt", b"content")
    assert file.name == renamed
    lists(site, files=[{"id": "f-1", "name": renamed, "originalName": file.entry}])
    await drive.expect_listed(file)
    assert (await drive.find("file", file.entry)).name == renamed


async def test_a_folder_that_was_renamed_is_still_the_same_folder(site: Site, drive: Drive) -> None:
    """It is known by its id, for the list and for the trash."""
    site.says[f"POST apex{BASE}/folders"] = success({"id": "d-1", "name": "folder (1)"}, 201)
    lists(site, children=[{"id": "d-1", "name": "folder (1)"}])
    folder = await drive.make_folder("folder")
    await drive.expect_listed(folder)
    with pytest.raises(Broken, match="deletion-not-final"):
        await drive.expect_gone(folder)
