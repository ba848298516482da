"""The storage page as a member uses it: see a file, upload a file. Texts are those of contract
3.7.
"""

import asyncio
import contextlib
import itertools
import time
from urllib.parse import urlsplit

from playwright.async_api import FilePayload, Locator
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.browser.page import Visit
from probes.browser.page_replies import Reply
from probes.browser.session_traffic import is_refresh
from probes.browser.uploads import expect_puts, is_confirmation, nowhere
from probes.finding import Broken, Code, broken_promise
from probes.services.storage import CREATED, TEXT

UPLOADED = "모든 파일이 업로드되었습니다."
TRASH = "휴지통"
NEW_FOLDER, FOLDER_NAME, MAKE, LOADING = "새 폴더", "폴더 이름 입력", "만들기", "로딩 중..."
CLAIM = "the page says that the file is uploaded"
DRIVE = "section.drive, main, #root"
# Where a drive is likely to be bare, as parts of the window.
BARE = ((0.75, 0.5), (0.75, 0.85), (0.75, 0.75), (0.75, 0.6), (0.95, 0.4), (0.5, 0.85), (0.95, 0.2))
MENU_TIMEOUT_MS = 500.0
BUILD = "All rights reserved Oranges"


# Every page has a bell; what it lacks says nothing of the drive, and has promises of its own.
BESIDES = "/api/svc/noti/"


def path(workspace: str) -> str:
    return f"/workspace/{workspace}/storage"


async def expect_file(visit: Visit, name: str) -> None:
    """The file `name` is on the page. An empty drive without an error is what users of 26d02600
    saw.
    """
    # A page may show a name without its ending.
    shown = visit.page.get_by_text(name, exact=True).or_(
        visit.page.get_by_text(name.rpartition(".")[0] or name, exact=True)
    )
    await visit.expect_visible(
        shown,
        Code.PAGE_DRIVE_EMPTY,
        f"the API holds {name}, and the page shows a drive without it and without an error",
        "the page: it makes an empty drive of a reply that it does not understand (26d02600)",
    )
    with contextlib.suppress(PlaywrightTimeout):  # a footer that reads otherwise breaks nothing
        footer = await visit.page.get_by_text(BUILD).first.text_content(timeout=1000)
        visit.recorder.fact("build", (footer or "").rpartition("•")[2].strip())


def expect_no_trouble(visit: Visit) -> None:
    """Raises Broken for what the page got or said wrong of its drive, the deepest cause first."""
    visit.expect_good_documents()
    visit.expect_good_replies(_of_drive(visit))
    visit.expect_no_complaint()


def _of_drive(visit: Visit) -> list[Reply]:
    return [r for r in visit.api_replies if not urlsplit(r.answer.url).path.startswith(BESIDES)]


async def find_trash(visit: Visit) -> Locator:
    """The button for folders and files of the trash, which the page asks for at the same moment.
    Raises Broken, CannotAsk.
    """
    button = visit.page.get_by_role("button", name=TRASH)
    return await visit.find(button, f"the button {TRASH}")


async def upload(visit: Visit, name: str, content: bytes) -> None:
    """Choose a file, wait until the page has uploaded it, and hold the page to its word. Raises
    Broken, CannotAsk.
    """
    chosen: FilePayload = {"name": name, "mimeType": TEXT, "buffer": content}
    field = visit.page.locator("input[type=file]")
    await (await visit.find(field, "a field for files", state="attached")).set_input_files(chosen)
    try:
        await _wait_for_upload(visit)
    except Broken as failure:
        # What became of the upload says more than what the page complained of.
        if await expect_puts(visit, CLAIM) and failure.finding.code is Code.UPLOAD_BLOCKED:
            return  # S3 has it, and the page says so in words of its own: the API is asked next
        raise
    if not await expect_puts(visit, CLAIM):
        raise nowhere(CLAIM, "no PUT at all was sent")


async def make_folder(visit: Visit, name: str) -> None:
    """Make a folder as the page has it: from the empty drive or the menu of a right click. Raises
    Broken for what the page was answered, CannotAsk where it has no such button.
    """
    button = visit.page.get_by_role("button", name=NEW_FOLDER).or_(
        visit.page.get_by_text(NEW_FOLDER, exact=True)
    )
    await visit.find(visit.page.locator(DRIVE), "the drive")
    with contextlib.suppress(PlaywrightTimeout):
        await visit.page.get_by_text(LOADING).first.wait_for(state="hidden")
    if not await button.first.is_visible():
        await _open_menu(visit, button)
    await (await visit.find(button, f"the button {NEW_FOLDER}")).click()
    field = await visit.find(visit.page.get_by_placeholder(FOLDER_NAME), "a field for the name")
    await field.fill(name)
    make, asked = visit.page.get_by_role("button", name=MAKE, exact=True), len(visit.api_replies)
    await (await visit.find(make, f"the button {MAKE}")).click()

    def answers() -> list[Reply]:
        return [reply for reply in visit.api_replies[asked:] if _makes_something(reply)]

    await visit.wait_until(lambda: bool(answers()), visit.target.timeouts.answer_s)
    if not answers():
        expect_no_trouble(visit)
        raise broken_promise(
            Code.PAGE_UPLOAD_NOWHERE,
            "a folder was named on the page, and the page asked nobody to make it",
            "the page: its dialog for folders",
        )
    if any(each.answer.status != CREATED for each in answers()):
        visit.expect_good_replies(_of_drive(visit))  # what broke first tells the cause


def _makes_something(reply: Reply) -> bool:
    """Whether the page asked for something new, under whatever path; a token is none."""
    return reply.answer.method == "POST" and not is_refresh(reply.answer.method, reply.answer.url)


async def _open_menu(visit: Visit, button: Locator) -> None:
    """Right click where nothing lies: files have a menu of their own, so that some places are
    tried until `button` shows; again and again, since a page may still be loading its drive.
    """
    window = visit.page.viewport_size or {"width": 1280, "height": 720}
    ends_at = time.monotonic() + visit.target.timeouts.answer_s
    for number, (x, y) in enumerate(itertools.cycle(BARE)):
        is_over = visit.trouble.is_set() or time.monotonic() > ends_at
        if is_over and number >= len(BARE):
            return
        place = (x * window["width"], y * window["height"])
        await visit.page.mouse.click(*place, button="right")
        with contextlib.suppress(PlaywrightTimeout):
            await button.first.wait_for(timeout=MENU_TIMEOUT_MS)
            return


async def _wait_for_upload(visit: Visit) -> None:
    """Until the page says that all is uploaded, or its confirmation was answered: the text shows
    only while the confirmation is pending. Raises Broken where the page did neither.
    """
    confirmed = asyncio.ensure_future(_confirmation(visit))
    error_shown = asyncio.ensure_future(
        visit.expect_visible(
            visit.page.get_by_text(UPLOADED),
            Code.UPLOAD_BLOCKED,
            "a file was chosen, and the page neither confirmed an upload nor said that it is done",
            "the page, or what it waits for",
        )
    )
    try:
        await asyncio.wait((confirmed, error_shown), return_when=asyncio.FIRST_COMPLETED)
        if not confirmed.done():
            error_shown.result()
    finally:
        for task in (confirmed, error_shown):
            task.cancel()
        await asyncio.gather(confirmed, error_shown, return_exceptions=True)


async def _confirmation(visit: Visit) -> None:
    """Return once the service has answered that it took the upload."""
    while not any(is_confirmation(reply) for reply in visit.replies):
        visit.news.clear()
        await visit.news.wait()
