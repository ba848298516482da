"""A file goes to S3 and comes back, by links that were read before a byte is sent."""

import pytest

from probes.finding import Broken, Code
from probes.recording.ledger import Entry
from probes.services.storage import Drive, Item, expect_same_bytes
from tests.support.drive import BASE, SIGNED, bucket, lists, requests
from tests.support.envelopes import success
from tests.support.site import Said, Site, js


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
    assert requests(site) == [
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
    assert requests(site)[-1] == "PUT s3/files/key"


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


DENIED = "<Error><Code>AccessDenied</Code><Message>{}</Message></Error>"
MAY_NOT = "User: arn:aws:sts::1:assumed-role/r is not authorized to perform: {} on resource: x"


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (403, MAY_NOT.format("kms:Decrypt"), "access-refused: .*: KMS: storage-service"),
        (403, MAY_NOT.format("s3:GetObject"), "access-refused: .*: IAM policy of storage-service"),
        (403, "Access Denied", "upload-lost: .*: confirm, .*, or IAM policy of storage-service"),
        (404, "no such key", "upload-lost: .*: confirm, [^,]*$"),
    ],
)
async def test_a_file_that_s3_does_not_give_is_lost_or_refused(
    site: Site, drive: Drive, status: int, message: str, told: str
) -> None:
    """Only words that say so show that it is there; a bare 403 leaves both open."""
    site.says["GET s3/files/key"] = Said(status, DENIED.format(message).encode(), "application/xml")
    with pytest.raises(Broken, match=told):
        await drive.download("f-1")
