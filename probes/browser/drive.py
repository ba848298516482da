"""The storage page as a member uses it: see a file, upload a file. Texts are those of contract
3.7.
"""

import asyncio
import contextlib
from urllib.parse import urlsplit

from playwright.async_api import FilePayload
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.browser.page import Visit
from probes.browser.page_replies import Reply
from probes.finding import Broken, Code, broken
from probes.services import presign
from probes.services.storage import TEXT

UPLOADED = "모든 파일이 업로드되었습니다."
TRASH = "휴지통"
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
    with contextlib.suppress(PlaywrightTimeout):  # a footer that reads otherwise breaks nothing
        footer = await visit.page.get_by_text(BUILD).first.text_content(timeout=1000)
        visit.recorder.fact("build", (footer or "").rpartition("•")[2].strip())


async def open_trash(visit: Visit) -> None:
    """Folders and files of the trash, which the page asks for at the same moment. Raises
    CannotAsk.
    """
    button = visit.page.get_by_role("button", name=TRASH)
    await (await visit.find(button, f"the button {TRASH}")).click()


async def upload(visit: Visit, name: str, content: bytes) -> None:
    """Choose a file, wait until the page has uploaded it, and hold the page to its word. Raises
    Broken, CannotAsk.
    """
    chosen: FilePayload = {"name": name, "mimeType": TEXT, "buffer": content}
    field = visit.page.locator("input[type=file]")
    await (await visit.find(field, "a field for files", state="attached")).set_input_files(chosen)
    try:
        await _wait_for_upload(visit)
    except AssertionError:
        # What became of the upload says more than what the page complained of.
        await _expect_puts(visit)
        raise
    if not await _expect_puts(visit):
        raise _nowhere("no PUT at all was sent")


async def _wait_for_upload(visit: Visit) -> None:
    """Until the page says that all is uploaded, or its confirmation was answered: the text shows
    only while the confirmation is pending. Raises Broken where the page did neither.
    """
    confirmed = asyncio.ensure_future(_confirmation(visit))
    said = asyncio.ensure_future(
        visit.expect_visible(
            visit.page.get_by_text(UPLOADED),
            Code.UPLOAD_BLOCKED,
            "a file was chosen, and the page neither confirmed an upload nor said that it is done",
            "the page, or what it waits for",
        )
    )
    try:
        await asyncio.wait((confirmed, said), return_when=asyncio.FIRST_COMPLETED)
        if not confirmed.done():
            said.result()
    finally:
        for task in (confirmed, said):
            task.cancel()
        await asyncio.gather(confirmed, said, return_exceptions=True)


async def _confirmation(visit: Visit) -> None:
    """Return once the service has answered that it took the upload."""
    while not any(_is_confirmation(reply) for reply in visit.replies):
        visit.news.clear()
        await visit.news.wait()


def _is_confirmation(reply: Reply) -> bool:
    path = urlsplit(reply.answer.url).path
    asked = reply.answer.method == "POST" and path.rstrip("/").endswith("/confirm")
    return asked and reply.answer.status < 300 and not reply.answer.is_html


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
