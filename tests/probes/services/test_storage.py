"""A drive's verbs: what they ask, what they take for an answer, and where they send no byte."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from probes.auth.users import Users
from probes.config.environment import Identity, Presign, Target, UserConfig
from probes.finding import Broken, Code
from probes.recording import journal
from probes.recording.ledger import Entry, Ledger
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from probes.services.storage import Drive, Item, expect_same_bytes
from probes.transport.http import Web
from tests.support.site import NOWHERE, Said, Site, js, page, target_at

SIGNED = (
    "X-Amz-Credential=ASIAQWERTYUIOPASDFGH/20260102/ap-northeast-2/s3/aws4_request"
    "&X-Amz-Expires=3600"
)
BASE = "/api/svc/storage/storage"
Kind = Literal["file", "folder"]


def bucket(site: Site) -> str:
    """Where presigned URLs lead: the host s3.localhost, the bucket in the path."""
    return f"{site.origin('s3')}/files"


def success(data: Any = None, status: int = 200) -> Said:
    return js({"success": True} | ({"data": data} if data is not None else {}), status)


@pytest.fixture
def target(site: Site) -> Target:
    return target_at(
        site,
        users={"alice": UserConfig("u-1", token="ALICE")},
        identity=Identity("static"),
        presign=Presign(
            f"s3.localhost:{site.port}", "path", "files", "ap-northeast-2", scheme="http"
        ),
    )


@pytest.fixture
def drive(site: Site, web: Web, target: Target, tmp_path: Path) -> Iterator[Drive]:
    """Alice's, which takes a file, keeps it and gives it back."""
    url = f"{bucket(site)}/key?{SIGNED}"
    site.says = {
        f"POST apex{BASE}/files/upload-url": success(
            {"uploadUrl": url, "fileKey": "key", "fileId": "f-1"}
        ),
        "PUT s3/files/key": Said(200),
        f"POST apex{BASE}/files/confirm": success({"id": "f-1", "status": "ACTIVE"}),
        f"GET apex{BASE}/files/f-1/download": success({"downloadUrl": url}),
        "GET s3/files/key": Said(200, b"content"),
    }
    users = Users(target, web, Redactor(), {"ALICE": "alices.own.token"})
    ledger = Ledger(tmp_path / "20260102T030405Z-abc123")
    yield Drive(web, users.user("alice"), f"{target.hosts.apex}/api/svc/storage", "w-1", ledger)
    ledger.close()


def asked(site: Site) -> list[str]:
    return [
        f"{request.method} {request.host}{request.path.partition('?')[0]}" for request in site.asked
    ]


def lists(site: Site, **rows: Any) -> None:
    """Have the drive hold `children` and `files`."""
    site.says[f"GET apex{BASE}/folders/contents"] = success(rows)


async def test_a_member_asks_as_herself(site: Site, drive: Drive) -> None:
    """Every call bears her token; the workspace is said in the query."""
    lists(site)
    assert await drive.contents() == {}
    [request] = site.asked
    assert request.headers["authorization"] == "Bearer alices.own.token"
    assert request.path == f"{BASE}/folders/contents?workspaceId=w-1"


async def test_an_upload_is_asked_for_made_and_confirmed(site: Site, drive: Drive) -> None:
    """In this order; S3 gets the bytes and never a token."""
    file = await drive.upload("a.txt", b"content")
    assert asked(site) == [
        f"POST apex{BASE}/files/upload-url",
        "PUT s3/files/key",
        f"POST apex{BASE}/files/confirm",
    ]
    wish, put, confirm = site.asked
    assert (put.body, put.headers["content-type"]) == (b"content", "text/plain")
    assert "authorization" not in put.headers
    assert put.path.endswith(SIGNED)
    entry = "probe-20260102T030405Z-abc123-1-a.txt"
    assert file == Item("file", "f-1", entry, entry)
    for words in (
        b'"workspaceId":"w-1"',
        entry.encode(),
        b'"contentType":"text/plain"',
        b'"fileSize":7',
    ):
        assert words in wish.body.replace(b": ", b":")
    assert confirm.body.replace(b" ", b"") == b'{"fileId":"f-1"}'
    assert drive.ledger.open_entries == [Entry("file", entry, "f-1")]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (
            "{bucket}/key?X-Amz-Credential=minioadmin/20260102/ap-northeast-2/s3/x",
            Code.PRESIGN_DEV_CREDENTIALS,
        ),
        ("{plain}/files/key?" + SIGNED, Code.PRESIGN_WRONG_ENDPOINT),
        ("{bucket}/key", Code.CONTRACT_BROKEN),
    ],
)
@pytest.mark.parametrize("verb", ["upload", "download"])
async def test_no_byte_goes_where_nobody_vouches(
    site: Site, drive: Drive, url: str, code: Code, verb: str
) -> None:
    """The URL is read before it is used, for what a member sends and for what she gets."""
    given = url.format(bucket=bucket(site), plain=site.origin("plain"))
    ticket = success({"uploadUrl": given, "downloadUrl": given, "fileKey": "key", "fileId": "f-1"})
    site.says[f"POST apex{BASE}/files/upload-url"] = site.says[
        f"GET apex{BASE}/files/f-1/download"
    ] = ticket
    with pytest.raises(Broken) as failure:
        await (drive.upload("a.txt", b"content") if verb == "upload" else drive.download("f-1"))
    assert failure.value.finding.code is code
    assert len(site.asked) == 1


async def test_what_s3_did_not_take_is_not_confirmed(site: Site, drive: Drive) -> None:
    """Its refusal is the finding."""
    site.says["PUT s3/files/key"] = Said(403, b"<Code>SignatureDoesNotMatch</Code>")
    with pytest.raises(Broken, match=r"upload-blocked: .*SignatureDoesNotMatch"):
        await drive.upload("a.txt", b"content")
    assert asked(site)[-1] == "PUT s3/files/key"


@pytest.mark.parametrize(
    ("ask", "lacking"),
    [
        ("POST apex{}/files/upload-url", "uploadUrl"),
        ("POST apex{}/files/confirm", "id"),
        ("GET apex{}/files/f-1/download", "downloadUrl"),
    ],
)
async def test_an_answer_without_its_fields_breaks_the_contract(
    site: Site, drive: Drive, ask: str, lacking: str
) -> None:
    """The first that is missing is named."""
    site.says[ask.format(BASE)] = success({})
    with pytest.raises(
        Broken, match=f"contract-broken: .*data: there is no {lacking} in an empty object"
    ):
        await drive.download((await drive.upload("a.txt", b"content")).id)


async def test_what_may_exist_is_in_the_ledger(site: Site, drive: Drive) -> None:
    """A service that breaks while it creates may have created."""
    site.says[f"POST apex{BASE}/files/upload-url"] = Said(502)
    with pytest.raises(Broken):
        await drive.upload("a.txt", b"content")
    assert drive.ledger.open_entries == [Entry("file", "probe-20260102T030405Z-abc123-1-a.txt")]


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


async def test_a_file_comes_back(site: Site, drive: Drive) -> None:
    """From S3, without a token."""
    assert await drive.download("f-1") == b"content"
    assert "authorization" not in site.asked[-1].headers


async def test_an_object_that_is_not_there_is_lost(site: Site, drive: Drive) -> None:
    """The row says ACTIVE; only S3 knows."""
    site.says["GET s3/files/key"] = Said(404, b"<Code>NoSuchKey</Code>")
    with pytest.raises(Broken, match=r"upload-lost: .* S3 answers 404 for it"):
        await drive.download("f-1")


async def test_a_download_link_that_lives_too_long_is_told(site: Site, drive: Drive) -> None:
    """An hour is promised (contract 4.3)."""
    long = f"{bucket(site)}/key?{SIGNED.replace('3600', '3601')}"
    site.says[f"GET apex{BASE}/files/f-1/download"] = success({"downloadUrl": long})
    with pytest.raises(Broken, match="presign-lifetime"):
        await drive.download_link("f-1")


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
    lists(
        site,
        **{
            which: [{k: v.format(name) for k, v in row.items()} for row in of]
            for which, of in rows.items()
        },
    )
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
    site.says["GET s3/files/key"] = Said(
        status, headers={"location": "/elsewhere"} if status == 302 else {}
    )
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
    assert asked(site) == [f"DELETE apex{BASE}/files/f-1", f"DELETE apex{BASE}/files/f-1/permanent"]
    notes = [
        event["text"]
        for event in journal.read(recorder.evidence.folder)
        if event["event"] == "note"
    ]
    assert notes == [
        f"DELETE files/f-1: {trashed.status}",
        f"DELETE files/f-1/permanent: {removed.status}",
    ]


@pytest.mark.parametrize("got", [b"", b"other", b"sent "])
def test_other_bytes_are_an_altered_file(got: bytes) -> None:
    """Of the same length as well; how many is told, their content is not."""
    expect_same_bytes(b"sent", b"sent", "a.txt")
    with pytest.raises(Broken) as failure:
        expect_same_bytes(b"sent.", got, "a.txt")
    assert failure.value.finding.code is Code.FILE_ALTERED
    assert (
        failure.value.finding.observed
        == f"a.txt: 5 bytes were sent and {len(got)} other bytes came back"
    )


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


NO_CREDENTIALS = (
    "operation error S3: PutObject, get identity: get credentials: failed to refresh cached "
    "credentials, no EC2 IMDS role found"
)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (NO_CREDENTIALS, "storage-service has no credentials for S3"),
        ("get credentials: failed to load credentials: no such host", "no credentials for S3"),
        ("S3 client is not initialized", "storage-service has no S3 client"),
    ],
)
async def test_a_service_without_s3_is_quoted(
    site: Site, drive: Drive, words: str, cause: str
) -> None:
    """What it says of S3 names the cause; its status tells nothing."""
    error = js({"error": {"code": "BAD_REQUEST", "message": words}}, 400)
    site.says[f"POST apex{BASE}/files/upload-url"] = error
    with pytest.raises(Broken, match=rf"upload-blocked: .*{words[:20]}.*{cause}"):
        await drive.upload("a.txt", b"content")
