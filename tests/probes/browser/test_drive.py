"""The storage page in a real browser: an app that does it right, and each way in which one did it
wrong.
"""

import json
from dataclasses import replace

import pytest

from probes.browser import drive
from probes.browser.page import Visit
from probes.config.timeouts import Timeouts
from probes.finding import Broken, CannotAsk, Code
from probes.recording import journal
from probes.recording.recorder import Recorder
from tests.support.app import App
from tests.support.site import NOWHERE, Said, js, page

SIGNED = "X-Amz-Credential=ASIAQWERTYUIOPASDFGH/20260102/ap-northeast-2/s3/aws4_request"
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "PUT",
    "access-control-allow-headers": "*",
}
PLACE = (
    "document.body.innerHTML = '<input type=file style=display:none><p>drive</p>'; const field = "
    "document.body.firstChild;"
)


def uploads(url: str, then: str = f"show('{drive.UPLOADED}')") -> str:
    """A page that puts the chosen file to `url`."""
    put = f"fetch({json.dumps(url)}, {{method: 'PUT', body: field.files[0]}})"
    return PLACE + f"field.onchange = () => {put}.catch(() => 0).then(() => {{ {then} }})"


def bucket(app: App) -> str:
    return f"{app.site.origin('s3')}/files/key"


@pytest.fixture
def s3(app: App) -> App:
    """The bucket takes what the app's origin sends."""
    app.site.says["OPTIONS s3/files/key"] = Said(200, headers=CORS)
    app.site.says["PUT s3/files/key"] = Said(200, headers=CORS)
    return app


async def upload(app: App, script: str) -> tuple[Visit, Broken | None]:
    """What became of a.txt, and the page where it was uploaded."""
    async with app.open(script) as visit:
        visit.page.set_default_timeout(5000)
        try:
            await drive.upload(visit, "a.txt", b"content")
        except Broken as failure:
            return visit, failure
        return visit, None


def test_the_page_of_a_workspace_has_its_path() -> None:
    """As the app routes it (contract 3.7)."""
    assert drive.path("w-1") == "/workspace/w-1/storage"


async def test_a_file_that_is_shown_is_seen(app: App, recorder: Recorder) -> None:
    """And the page's build id is a fact for every report."""
    async with app.open(f"show('a.txt'); show('© {drive.BUILD} • 2026.1.2-abc ')") as visit:
        await drive.expect_file(visit, "a.txt")
    facts = [event for event in journal.read(recorder.evidence.folder) if event["event"] == "fact"]
    assert [(fact["name"], fact["value"]) for fact in facts] == [("build", "2026.1.2-abc")]


async def test_a_name_without_its_ending_is_shown(app: App, recorder: Recorder) -> None:
    """How a page shows a file is its own."""
    async with app.open("show('a')") as visit:
        await drive.expect_file(visit, "a.txt")


@pytest.mark.parametrize(("service", "breaks"), [("noti", False), ("storage", True)])
async def test_what_stands_beside_the_drive_is_not_the_drive_s(
    app: App, recorder: Recorder, service: str, breaks: bool
) -> None:
    """Every page has a bell; that it cannot be filled is told by its own promise."""
    path = f"/api/svc/{service}/api/things"
    app.site.says[f"GET apex{path}"] = js({"error": {"code": "INTERNAL_ERROR"}}, 500)
    async with app.open(f"fetch('{path}').then(() => show('a.txt'))") as visit:
        await drive.expect_file(visit, "a.txt")
        broken = ""
        try:
            drive.expect_no_trouble(visit)
        except Broken as failure:
            broken = failure.finding.observed
    assert (path in broken) is breaks


async def test_a_drive_without_it_is_empty(app: App, recorder: Recorder) -> None:
    """A name that only begins like it is another file's."""
    async with app.open("show('a.txt.bak')") as visit:
        visit.page.set_default_timeout(500)
        with pytest.raises(Broken) as failure:
            await drive.expect_file(visit, "a.txt")
    assert failure.value.finding.code is Code.PAGE_DRIVE_EMPTY
    assert (
        "the API holds a.txt, and the page shows a drive without it"
        in failure.value.finding.observed
    )


async def test_a_file_goes_to_the_bucket(s3: App, recorder: Recorder) -> None:
    """Its bytes, once; nothing is left to tell."""
    _, failure = await upload(s3, uploads(f"{bucket(s3)}?{SIGNED}"))
    assert failure is None
    [put] = [asked for asked in s3.site.asked if asked.method == "PUT"]
    assert (put.host, put.body) == ("s3", b"content")
    assert recorder.subject is None


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        (
            "undefined",
            Code.PAGE_UPLOAD_NOWHERE,
            "and the PUT went to the site itself: PUT apex.localhost/undefined",
        ),
        (
            "{plain}/files/key?" + SIGNED,
            Code.PRESIGN_WRONG_ENDPOINT,
            "it leads to plain.localhost:",
        ),
        (
            "{bucket}?X-Amz-Credential=minioadmin/x",
            Code.PRESIGN_DEV_CREDENTIALS,
            "development credential",
        ),
    ],
)
@pytest.mark.parametrize("says", [True, False])
async def test_an_upload_to_the_wrong_place_is_told(
    s3: App, recorder: Recorder, *, url: str, code: Code, words: str, says: bool
) -> None:
    """Whether the page says that it is uploaded, or complains of its own."""
    given = url.format(plain=s3.site.origin("plain"), bucket=bucket(s3))
    page = uploads(given) if says else uploads(given, "throw Error('boom')")
    _, failure = await upload(s3, page)
    assert failure
    assert (failure.finding.code, words in failure.finding.observed) == (code, True), failure
    assert recorder.subject
    assert recorder.subject.method == "PUT"


@pytest.mark.parametrize(
    ("cors", "status", "words"),
    [
        (
            CORS,
            403,
            "upload-blocked: PUT s3.localhost/files/key answered 403 no type: no reason given",
        ),
        ({}, 200, "upload-blocked: the browser blocked the upload: net::ERR_"),
    ],
)
async def test_an_upload_that_s3_or_the_browser_stops_is_told(
    s3: App, recorder: Recorder, *, cors: dict[str, str], status: int, words: str
) -> None:
    """Though the page says that all is well."""
    s3.site.says["OPTIONS s3/files/key"] = Said(200, headers=cors)
    s3.site.says["PUT s3/files/key"] = Said(status, headers=cors)
    _, failure = await upload(s3, uploads(f"{bucket(s3)}?{SIGNED}"))
    assert str(failure).startswith(words)


async def test_a_page_that_sends_nothing_uploads_nowhere(app: App, recorder: Recorder) -> None:
    """Whatever it says."""
    _, failure = await upload(app, PLACE + f"field.onchange = () => show('{drive.UPLOADED}')")
    assert failure
    assert failure.finding.code is Code.PAGE_UPLOAD_NOWHERE
    assert (
        failure.finding.observed
        == "the page says that the file is uploaded, and no PUT at all was sent"
    )


@pytest.mark.parametrize(
    ("script", "code", "observed"),
    [
        (PLACE, Code.UPLOAD_BLOCKED, "a file was chosen, and the page neither confirmed"),
        (
            PLACE + "field.onchange = () => { throw Error('boom') }",
            Code.PAGE_CONSOLE_ERROR,
            "uncaught boom",
        ),
        (
            PLACE + "field.onchange = () => fetch('/api/x').then(r => r.text())",
            Code.ROUTE_BROKEN,
            "no route",
        ),
    ],
)
async def test_a_page_that_does_not_upload_is_told(
    app: App, recorder: Recorder, script: str, code: Code, observed: str
) -> None:
    """By what troubled it, else by what it did not say."""
    app.site.says["GET apex/api/x"] = NOWHERE
    async with app.open(script) as visit:
        visit.page.set_default_timeout(1000)
        with pytest.raises(Broken) as failure:
            await drive.upload(visit, "a.txt", b"content")
    assert failure.value.finding.code is code
    assert observed in failure.value.finding.observed


CONFIRMED = "/api/svc/storage/storage/files/confirm"


@pytest.mark.parametrize(
    "path", [CONFIRMED, "/api/svc/storage/api/storage/files/confirm", "/api/svc/drive/confirm/"]
)
async def test_a_text_that_is_gone_at_once_does_not_matter(
    s3: App, recorder: Recorder, path: str
) -> None:
    """The page says that all is uploaded only while its confirmation is pending: the confirmation
    counts, whatever its path.
    """
    s3.site.says[f"POST apex{path}"] = js({"success": True})
    confirm = f"fetch('{path}', {{method: 'POST'}}).then(() => show('done'))"
    _, failure = await upload(s3, uploads(f"{bucket(s3)}?{SIGNED}", confirm))
    assert failure is None


async def test_an_upload_in_other_words_is_left_to_the_api(s3: App, recorder: Recorder) -> None:
    """S3 has taken it: neither the text nor the path that this build uses is a promise."""
    s3.site.says["POST apex/api/svc/storage/storage/files/complete"] = js({"success": True})
    done = "fetch('/api/svc/storage/storage/files/complete', {method: 'POST'})"
    script = uploads(f"{bucket(s3)}?{SIGNED}", f"{done}.then(() => show('Upload complete'))")
    async with s3.open(script) as visit:
        visit.page.set_default_timeout(1000)
        await drive.upload(visit, "a.txt", b"content")


FOLDERS = f"""document.body.innerHTML = '<div id=root></div><button>{drive.NEW_FOLDER}</button>'
+ '<input placeholder="{drive.FOLDER_NAME}"><button id=make>{drive.MAKE}</button>';
root.textContent = 'drive'; make.onclick = () => MADE"""


@pytest.mark.parametrize("path", ["storage/folders", "drive/directories/new"])
async def test_a_folder_is_asked_for_wherever_the_page_asks(
    app: App, recorder: Recorder, path: str
) -> None:
    """Its path is the page's own; whether the folder is there, the API tells."""
    app.site.says[f"POST apex/api/svc/storage/{path}"] = js({"success": True}, 201)
    made = f"fetch('/api/svc/storage/{path}', {{method: 'POST'}})"
    async with app.open(FOLDERS.replace("MADE", made)) as visit:
        await drive.make_folder(visit, "probe")


async def test_a_menu_is_opened_once_the_drive_is_there(
    app: App, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right click on a page that is still loading opens none, and is made again."""
    monkeypatch.setattr(drive, "BARE", drive.BARE[:1])
    made = "fetch('/api/svc/storage/folders', {method: 'POST'})"
    app.site.says["POST apex/api/svc/storage/folders"] = js({"success": True}, 201)
    late = "; const item = document.querySelector('button'); item.hidden = true; setTimeout("
    late += "() => { document.oncontextmenu = () => { item.hidden = false } }, 1000)"
    async with app.open(FOLDERS.replace("MADE", made) + late) as visit:
        await drive.make_folder(visit, "probe")


async def test_a_folder_that_nobody_is_asked_for_is_told(app: App, recorder: Recorder) -> None:
    """The button does nothing."""
    async with app.open(FOLDERS.replace("MADE", "show('made')")) as visit:
        visit.target = replace(visit.target, timeouts=Timeouts(answer_s=0.3))
        with pytest.raises(Broken, match="the page asked nobody to make it"):
            await drive.make_folder(visit, "probe")


async def test_a_page_in_the_confirmations_place_is_none(s3: App, recorder: Recorder) -> None:
    """The edge's HTML with status 200 confirms nothing."""
    s3.site.says[f"POST apex{CONFIRMED}"] = page()
    confirm = f"fetch('{CONFIRMED}', {{method: 'POST'}}).then(r => r.text())"
    _, failure = await upload(s3, uploads(f"{bucket(s3)}?{SIGNED}", confirm))
    assert failure
    assert failure.finding.code is Code.PAGE_RECEIVED_HTML


async def test_a_page_without_a_field_for_files_was_not_asked(app: App, recorder: Recorder) -> None:
    """Its markup may have changed: nothing is known of uploads."""
    async with app.open("show('no field')") as visit:
        visit.page.set_default_timeout(500)
        with pytest.raises(CannotAsk, match="the probe did not find a field for files"):
            await drive.upload(visit, "a.txt", b"content")


async def test_a_footer_that_reads_otherwise_breaks_nothing(app: App, recorder: Recorder) -> None:
    """The build is a fact for reports, no promise."""
    async with app.open("show('a.txt')") as visit:
        await drive.expect_file(visit, "a.txt")
    assert "build" not in str(journal.read(recorder.evidence.folder))
