"""A presigned URL that is used: what S3 must take, what it must not, and what a browser is told."""

from dataclasses import replace
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from probes.finding import Broken, Code
from probes.services import presign, presign_use
from probes.services.presign import parse
from probes.services.presign_use import Upload
from probes.transport.http import Answer, Web
from tests.support.site import FILES, Said, Site

SCOPE = "ASIAABCDEFGHIJKLMNOP%2F20260102%2Fr%2Fs3%2Faws4_request"
QUERY = f"X-Amz-Credential={SCOPE}&X-Amz-Date=20260102T030405Z&X-Amz-Expires=300&X-Amz-Signature=s"
APP = "https://wealist.co.kr"
DENIED = Said(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
LIST = Said(200, b"<ListBucketResult/>", "application/xml")


def upload(site: Site, key: str = "k", content: bytes = b"bytes") -> Upload:
    signed = parse(f"{site.origin('s3')}/k?{QUERY}")
    return Upload("board", signed, key, f"{site.origin('cdn')}/k", "text/plain", content)


def test_a_changed_copy_keeps_its_signature() -> None:
    """Nothing but the date, or the life, is another."""
    signed = parse(f"https://s3.test/k?{QUERY}")
    before = parse_qs(urlsplit(signed.url).query)
    for url, name in (
        (presign_use.with_old_date(signed), "X-Amz-Date"),
        (presign_use.with_longest_life(signed), "X-Amz-Expires"),
    ):
        after = parse_qs(urlsplit(url).query)
        assert [key for key in before if before[key] != after[key]] == [name]


async def test_what_is_uploaded_comes_back(site: Site, web: Web) -> None:
    """Other bytes, none, or another key are lost uploads; a refusal is a blocked one."""
    site.says |= {"PUT s3/k": Said(200), "GET cdn/k": Said(200, b"bytes", "text/plain")}
    await presign_use.expect_comes_back(web, upload(site))
    with pytest.raises(Broken, match=r"upload-lost: the URL leads to /k, and the issuer calls"):
        await presign_use.expect_comes_back(web, upload(site, key="other"))
    with pytest.raises(Broken, match=r"upload-lost: .* with 5 bytes for an upload of 4"):
        await presign_use.expect_comes_back(web, upload(site, content=b"more"))
    site.says["PUT s3/k"] = DENIED
    with pytest.raises(Broken, match=r"upload-blocked: .* AccessDenied"):
        await presign_use.expect_comes_back(web, upload(site))


async def test_a_refusal_proves_nothing_where_nothing_is_taken(site: Site, web: Web) -> None:
    """The URL is used as it is before it is used as it must not be."""
    site.says |= {"PUT s3/k": DENIED, "PUT s3/k.tampered": DENIED}
    for check in (
        presign_use.expect_tampered_refused,
        presign_use.expect_nothing_unsigned,
        presign_use.expect_dies,
    ):
        with pytest.raises(Broken, match="upload-blocked"):
            await check(web, upload(site))
    site.says["PUT s3/k"] = Said(200)
    await presign_use.expect_tampered_refused(web, upload(site))
    with pytest.raises(Broken, match="presign-tamper-accepted"):
        await presign_use.expect_dies(web, upload(site))


@pytest.mark.parametrize(
    ("what", "status", "body", "public"),
    [
        ("gives the object", 200, b"x", True),
        ("gives the object", 200, b"", False),
        ("gives the object", 200, b"<html>", False),
        ("gives the object", 403, b"x", False),
        ("gives the object", 404, b"", False),
        ("takes an object", 204, b"", True),
        ("lists the bucket", 200, b"<ListBucketResult>", True),
        ("lists the bucket", 200, b"<html>", False),
        ("lists the bucket", 403, b"<ListBucketResult>", False),
    ],
)
def test_a_bucket_is_public_when_it_serves_who_has_no_signature(
    what: str, status: int, body: bytes, public: bool
) -> None:
    """Another's page, or nothing, with status 200 is no object."""
    headers = {"etag": '"1"'} if what.startswith("takes") else {}
    answer = Answer("GET", "https://s3/k", status, headers, body)
    finding = presign_use.explain_unsigned(what, answer, b"x")
    assert (finding is not None and finding.code is Code.BUCKET_PUBLIC) is public


@pytest.mark.parametrize(("style", "place"), [("virtual-host", "/"), ("path", "/files")])
async def test_a_bucket_is_asked_for_its_list_where_it_stands(
    site: Site, web: Web, style: Literal["path", "virtual-host"], place: str
) -> None:
    """At the host's root in virtual-host style, however many slashes are in the object's key."""
    web.target = replace(web.target, presign=replace(FILES, style=style))
    key = "storage/w-1/f-1/a.txt"
    signed = parse(f"{site.origin('s3')}/{key}?{QUERY}")
    sent = Upload("storage", signed, key, "", "text/plain", b"bytes")
    site.says |= {f"PUT s3/{key}": Said(200), f"GET s3/{key}": DENIED}
    site.says |= {f"PUT s3/{key}.unsigned": DENIED, f"GET s3{place}": DENIED}
    await presign_use.expect_nothing_unsigned(web, sent)
    site.says[f"GET s3{place}"] = LIST
    with pytest.raises(Broken, match=r"bucket-public: .* S3 lists the bucket"):
        await presign_use.expect_nothing_unsigned(web, sent)


def preflight(status: int = 200, /, **allowed: str) -> Answer:
    headers = {f"access-control-allow-{name}": value for name, value in allowed.items()}
    return Answer("OPTIONS", "https://s3/k", status, headers, b"")


GOOD = {"origin": APP, "methods": "GET, PUT", "headers": "content-type"}


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (preflight(200, **GOOD), ""),
        (preflight(204, origin="*", methods="*", headers="*"), ""),
        (preflight(200, **{**GOOD, "methods": "put", "headers": "Content-Type,x"}), ""),
        (
            preflight(200, **{**GOOD, "origin": "https://evil.example"}),
            "allowing https://evil.example",
        ),
        (preflight(), "allowing no origin"),
        (preflight(403, **GOOD), "answered 403"),
        (preflight(200, **{**GOOD, "methods": "GET"}), "allowing get, and PUT was asked for"),
        (preflight(origin=APP, methods="PUT"), "allowing no header, and content-type was asked"),
    ],
)
def test_a_preflight_allows_origin_method_and_header(answer: Answer, complaint: str) -> None:
    """What the browser calls net::ERR_FAILED is a preflight that was not allowed."""
    finding = presign_use.explain_preflight(answer, APP, "PUT", "content-type")
    assert complaint in (finding.observed if finding else "")
    assert bool(finding) is bool(complaint)


async def test_what_a_preflight_lacks_is_told_by_an_easier_one(site: Site, web: Web) -> None:
    """A bucket says nothing at all where one of its rules does not fit."""
    site.says["OPTIONS s3/k"] = Said(403)
    with pytest.raises(Broken, match="does not allow the app's origin"):
        await presign_use.expect_browser_may_upload(web, upload(site))
    origin = web.target.hosts.apex
    allowed = {"access-control-allow-origin": origin, "access-control-allow-methods": "PUT"}
    site.says["OPTIONS s3/k"] = Said(200, headers=allowed)
    with pytest.raises(Broken, match="AllowedHeaders lacks content-type"):
        await presign_use.expect_browser_may_upload(web, upload(site))


def test_a_short_life_can_be_waited_for() -> None:
    """One of minutes cannot."""
    signed = parse(f"https://s3.test/k?{QUERY}")
    assert signed.lifetime_s == 300 > presign_use.SHORT_LIFE_S
    assert (
        parse(presign_use.with_longest_life(replace(signed, lifetime_s=604800))).lifetime_s
        == 604799
    )


@pytest.mark.parametrize(
    ("code", "message", "cause"),
    [
        ("AccessDenied", "not authorized to perform: kms:GenerateDataKey", "KMS: the issuer"),
        ("KMS.DisabledException", "key/abc is disabled", "KMS: the issuer"),
        ("AccessDenied", "Request has expired", "the issuer's clock"),
        ("SignatureDoesNotMatch", "m", "credentials or signed headers"),
    ],
)
def test_s3_says_why_it_takes_nothing(code: str, message: str, cause: str) -> None:
    """A key that may not be used is no wrong signature."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    finding = presign.explain_put(Answer("PUT", "https://s3/k", 403, {}, body))
    assert finding is not None
    assert cause in finding.cause
