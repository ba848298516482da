"""The drive: what members put there comes back, for them and for nobody else."""

import secrets

import pytest

from probes.auth.users import User
from probes.browser import drive as page_drive
from probes.browser.browser import Browser
from probes.services import workspaces
from probes.services.storage import TEXT, Drive, expect_same_bytes

pytestmark = pytest.mark.promise(owner="storage", incident="V6 §1")


async def test_a_member_sees_what_is_in_the_drive(drive: Drive) -> None:
    """A member who opens the drive gets its folders and files."""
    await drive.contents()


async def test_a_folder_is_there_once_made(drive: Drive) -> None:
    """A folder that a member makes is in the drive, and gone when it is deleted for good."""
    folder = await drive.make_folder("folder")
    await drive.expect_listed(folder)
    await drive.delete_for_good("folder", folder.id)
    await drive.expect_gone(folder)


@pytest.mark.promise(incident="V6 §3")
async def test_a_file_comes_back_byte_for_byte(drive: Drive) -> None:
    """What a member uploads is listed, and comes back as it was sent."""
    content = secrets.token_bytes(4096)
    file = await drive.upload("bytes.txt", content)
    await drive.expect_listed(file)
    expect_same_bytes(content, await drive.download(file.id), file.name)


async def test_a_deleted_file_is_gone_for_good(drive: Drive) -> None:
    """A file deleted for good is neither listed nor to be had from S3 by its old link."""
    file = await drive.upload("deleted.txt", b"soon gone")
    link = await drive.download_link(file.id)
    await drive.follow(link)  # one that has never worked is not gone
    await drive.delete_for_good("file", file.id)
    await drive.expect_gone(file)
    await drive.expect_link_dead(link)


async def test_a_stranger_sees_nothing(drive_of_a_stranger: Drive) -> None:
    """A valid token from outside the workspace does not open its drive."""
    answer = await drive_of_a_stranger.call(
        "GET", f"folders/contents?workspaceId={drive_of_a_stranger.workspace}"
    )
    await workspaces.expect_forbidden(drive_of_a_stranger.web, drive_of_a_stranger.user, answer)


async def test_a_stranger_uploads_nothing(drive_of_a_stranger: Drive) -> None:
    """A valid token from outside the workspace gets no presigned URL for it."""
    body = {
        "workspaceId": drive_of_a_stranger.workspace,
        "fileName": drive_of_a_stranger.ledger.enter("file", "stranger.txt"),
        "contentType": TEXT,
        "fileSize": 1,
    }
    answer = await drive_of_a_stranger.call("POST", "files/upload-url", json=body)
    await workspaces.expect_forbidden(drive_of_a_stranger.web, drive_of_a_stranger.user, answer)


@pytest.mark.promise(incident="V6 §1, 6fe19ffd, 26d02600")
async def test_the_page_shows_the_drive_that_the_api_holds(
    browser: Browser, alice: User, drive: Drive
) -> None:
    """A member who opens the storage page sees the file that the API holds, and the page gets no
    HTML for data.
    """
    file = await drive.upload("seen.txt", b"seen on the page")
    async with browser.visit(page_drive.path(drive.workspace), alice) as visit:
        await page_drive.expect_file(visit, file.name)
        page_drive.expect_no_trouble(visit)


@pytest.mark.promise(incident="V6 §3, contract 3.6")
async def test_a_file_uploaded_on_the_page_arrives(
    browser: Browser, alice: User, drive: Drive
) -> None:
    """A file that a member uploads on the storage page is in S3, byte for byte."""
    content = secrets.token_hex(512).encode()
    entry = drive.ledger.enter("file", "page.txt")
    async with browser.visit(page_drive.path(drive.workspace), alice) as visit:
        await page_drive.upload(visit, entry, content)
        file = await drive.find("file", entry)
        expect_same_bytes(content, await drive.download(file.id), file.name)
        page_drive.expect_no_trouble(visit)


@pytest.mark.promise(incident="8e08f2ac")
async def test_a_folder_made_on_the_page_is_there(
    browser: Browser, alice: User, drive: Drive
) -> None:
    """A folder that a member makes on the storage page is in the drive."""
    entry = drive.ledger.enter("folder", "page")
    async with browser.visit(page_drive.path(drive.workspace), alice) as visit:
        await page_drive.make_folder(visit, entry)
        await drive.find("folder", entry)
