"""The storage page."""

from playwright.async_api import expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.support.page_visits import EMPTY, ERROR_BOX, PICKED, UPLOADED, Visitor, held, put_file


async def test_the_drive_shows_what_the_api_holds(alice: Visitor) -> None:
    """As tiles and as a list; an empty one says what to do."""
    await alice.drive()
    await alice.sees(EMPTY)
    put_file(alice.place.state, "a.txt")
    await alice.page.reload()
    await alice.sees("a.txt")
    await expect(alice.page.get_by_role("heading", name="파일", exact=True)).to_be_visible()
    await alice.page.get_by_title("목록", exact=True).click()
    await expect(alice.page.get_by_role("cell", name="2 KB")).to_be_visible()
    heads = await alice.page.get_by_role("columnheader").all_inner_texts()
    assert heads == ["이름", "올린사람", "올린날짜", "수정일", "파일크기"]
    await expect(alice.page.get_by_text("2 KB / 15GB 사용 중")).to_be_visible()
    assert alice.complaints == []


async def test_a_refused_upload_is_an_error(alice: Visitor) -> None:
    """S3 says 403: an error box, no word of success, and nothing confirmed."""
    alice.place.bucket_says = 403
    await alice.drive()
    await alice.sees(EMPTY)
    await alice.page.locator("input[type=file]").set_input_files([PICKED])
    await expect(alice.page.get_by_role("alert")).to_contain_text("파일 업로드에 실패했습니다.")
    assert not alice.place.asked_for("/files/confirm")
    await alice.page.get_by_role("button", name="닫기").click()
    await expect(alice.page.get_by_role("alert")).to_have_count(0)


async def test_folders_are_made_entered_and_left(alice: Visitor) -> None:
    """By modal, double click and breadcrumb."""
    await alice.drive()
    await alice.page.get_by_role("button", name="새 폴더").click()
    await alice.page.get_by_placeholder("폴더 이름 입력").fill("Plans")
    await alice.page.get_by_role("button", name="만들기").click()
    await alice.page.get_by_text("Plans", exact=True).dblclick()
    await alice.sees(EMPTY)
    await alice.page.get_by_role("button", name="내 드라이브").click()
    await expect(alice.page.get_by_role("heading", name="폴더", exact=True)).to_be_visible()


async def test_a_file_is_found_trashed_and_seen_in_the_trash(alice: Visitor) -> None:
    """Search sends the `q` that the server reads; the menu deletes; the trash lists."""
    put_file(alice.place.state, "old.txt")
    put_file(alice.place.state, "new.txt")
    await alice.drive()
    await alice.page.get_by_placeholder("파일 검색...").fill("old")
    await alice.page.keyboard.press("Enter")
    await expect(alice.page.get_by_text("new.txt", exact=True)).to_have_count(0)
    await alice.page.get_by_text("old.txt", exact=True).click(button="right")
    await alice.page.get_by_role("button", name="삭제").click()
    await alice.sees("휴지통으로 이동하시겠습니까?")
    await alice.page.get_by_role("dialog").get_by_role("button", name="삭제").click()
    await alice.page.get_by_role("button", name="휴지통", exact=True).click()
    await alice.sees("old.txt")
    await alice.page.get_by_role("button", name="최근 항목").click()
    await alice.sees("new.txt")


async def test_a_download_comes_from_the_bucket(alice: Visitor) -> None:
    """By the presigned URL of that file."""
    put_file(alice.place.state, "a.txt")
    await alice.drive()
    await alice.page.get_by_text("a.txt", exact=True).click(button="right")
    async with alice.page.expect_request("**/bucket/**") as asked:
        await alice.page.get_by_role("button", name="다운로드").click()
    assert "X-Amz-Signature" in (await asked.value).url


async def test_html_for_data_is_an_error(alice: Visitor) -> None:
    """A page that gets a page where JSON belongs says that it could not load."""
    alice.place.apps["storage"] = Starlette(
        routes=[Route("/{all:path}", lambda _: HTMLResponse("<p>hi"))]
    )
    await alice.drive()
    await expect(alice.page.get_by_role("alert")).to_contain_text(ERROR_BOX)


async def test_a_file_goes_up(alice: Visitor) -> None:
    """The modal says so until the upload is confirmed, the drive is asked again and shows the
    service's name, the bytes are in the bucket.
    """
    confirm = await held(alice, "**/files/confirm")
    await alice.drive()
    await alice.sees(EMPTY)
    await alice.page.locator("input[type=file]").set_input_files([PICKED])
    await alice.sees(UPLOADED)
    await alice.sees("업로드 완료")
    confirm.set()
    await expect(alice.page.get_by_text(UPLOADED)).to_have_count(0)
    await alice.sees("새 파일.txt (1)")
    assert list(alice.place.taken.values()) == [(b"written by alice", "text/plain")]
    assert alice.complaints == []
