"""Each fault of a page changes what its sentence says."""

from playwright.async_api import expect

from tests.support.page_visits import EMPTY, PICKED, UPLOADED, Visitor, held, put_file


async def test_the_wrong_storage_path_is_asked(alice: Visitor) -> None:
    """Fault page-calls-wrong-storage-path: it asks below /api, which storage does not serve."""
    alice.place.state.faults = {"page-calls-wrong-storage-path"}
    await alice.drive()
    await expect(alice.page.get_by_role("alert")).to_be_visible()
    assert alice.place.asked_for("GET /api/svc/storage/api/storage/folders/contents") == 1
    assert not alice.place.asked_for("/api/svc/storage/storage")


async def test_a_failed_upload_is_ignored(alice: Visitor) -> None:
    """Fault page-ignores-failed-upload: the PUT goes to .../undefined, success is shown, no byte
    arrives.
    """
    alice.place.state.faults = {"page-ignores-failed-upload"}
    confirm = await held(alice, "**/files/confirm")
    await alice.drive()
    await alice.sees(EMPTY)
    await alice.page.locator("input[type=file]").set_input_files([PICKED])
    await alice.sees(UPLOADED)
    confirm.set()
    assert alice.place.asked_for(f"PUT /workspace/{alice.place.state.home.id}/undefined") == 1
    assert alice.place.taken == {}


async def test_the_drive_looks_empty(alice: Visitor) -> None:
    """Fault page-shows-empty-drive: the API is asked and answers, nothing is shown, nothing is
    said.
    """
    alice.place.state.faults = {"page-shows-empty-drive"}
    put_file(alice.place.state, "a.txt")
    await alice.drive()
    await alice.sees(EMPTY)
    assert alice.place.asked_for("/storage/folders/contents") == 1
    await expect(alice.page.get_by_role("alert")).to_have_count(0)
    assert alice.complaints == []


async def test_the_page_throws(alice: Visitor) -> None:
    """Fault page-throws-on-load: the incident's own words in the console, and no drive."""
    alice.place.state.faults = {"page-throws-on-load"}
    put_file(alice.place.state, "a.txt")
    async with alice.page.expect_event("pageerror") as thrown:
        await alice.drive()
    assert "Cannot read properties of undefined (reading 'children')" in str(await thrown.value)
    await expect(alice.page.get_by_text("a.txt", exact=True)).to_have_count(0)
