"""The storage page as a member uses it: see a file, upload a file. Texts are those of contract
3.7.
"""

from playwright.async_api import FilePayload

from probes.browser.page import Reply, Visit
from probes.finding import Broken, Code, broken
from probes.services import presign
from probes.services.storage import TEXT

UPLOADED = "모든 파일이 업로드되었습니다."
BUILD = "All rights reserved Oranges"


def path(workspace: str) -> str:
    return f"/workspace/{workspace}/storage"


async def expect_file(visit: Visit, name: str) -> None:
    """The file `name` is on the page. An empty drive without an error is what users of 26d02600
    saw.
    """
    await visit.expect_visible(
        visit.page.get_by_text(name, exact=True),
        Code.PAGE_DRIVE_EMPTY,
        f"the API holds {name}, and the page shows a drive without it and without an error",
        "the page: it makes an empty drive of a reply that it does not understand (26d02600)",
    )
    footer = await visit.page.get_by_text(BUILD).first.text_content(timeout=1000)
    visit.recorder.fact("build", (footer or "").rpartition("•")[2].strip())


async def open_trash(visit: Visit) -> None:
    """Folders and files of the trash, which the page asks for at the same moment."""
    await visit.page.get_by_role("button", name="휴지통", exact=True).click()


async def upload(visit: Visit, name: str, content: bytes) -> None:
    """Choose a file, wait for the page to say that it is uploaded, and hold it to its word. Raises
    Broken.
    """
    chosen: FilePayload = {"name": name, "mimeType": TEXT, "buffer": content}
    place = visit.page.locator("input[type=file]")
    await visit.expect_visible(
        place,
        Code.PAGE_DRIVE_EMPTY,
        "the page has no place for files",
        "the page",
        state="attached",
    )
    await place.set_input_files(chosen)
    try:
        await visit.expect_visible(
            visit.page.get_by_text(UPLOADED),
            Code.UPLOAD_BLOCKED,
            "the page never said that the file was uploaded",
            "the page, or what it waits for",
        )
    except AssertionError:
        # What became of the upload says more than what the page complained of.
        await _expect_puts(visit)
        raise
    if not await _expect_puts(visit):
        raise _nowhere("no PUT at all was sent")


async def _expect_puts(visit: Visit) -> int:
    """How many uploads the page sent, each to the bucket and taken there. Raises Broken."""
    await visit.settle()
    puts = visit.puts()
    for put in puts:
        visit.blame(put)
        if put.answer.url.startswith(visit.target.hosts.apex):
            raise _nowhere(f"the PUT went to the site itself: {put.answer}")
        presign.expect_trusted(put.answer.url, visit.target.presign)
        _expect_taken(put)
    if puts:
        visit.recorder.subject = None
    return len(puts)


def _nowhere(observed: str) -> Broken:
    return broken(
        Code.PAGE_UPLOAD_NOWHERE,
        f"the page says that the file is uploaded, and {observed}",
        "the page: it uploads to an undefined URL and does not look at the answer (contract 3.6)",
    )


def _expect_taken(put: Reply) -> None:
    if put.failure:
        raise broken(
            Code.UPLOAD_BLOCKED,
            f"the browser blocked the upload: {put.failure}",
            "bucket CORS: it does not allow the app's origin",
        )
    presign.expect_stored(put.answer)
