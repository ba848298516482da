"""A presigned URL tells who signed it, for how long, and which headers; else it is told."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from probes.finding import Broken, Code
from probes.services import presign
from probes.services.presign import Presigned, parse
from tests.support.presigned import GOOD, HOST, SCOPE, complaint_of, sigv4
from tests.support.site import FILES


def test_sigv4_is_read_from_the_query() -> None:
    """Percent-encoded, as signers write it."""
    assert (GOOD.host, GOOD.path, GOOD.access_key) == (
        "files.s3.example",
        "/w/a b.txt",
        "ASIAABCDEFGHIJKLMNOP",
    )
    assert (GOOD.region, GOOD.lifetime_s, GOOD.session_token) == ("ap-northeast-2", 300, True)
    assert (GOOD.signed_headers, GOOD.key_kind) == (("content-type", "host"), "temporary")


@pytest.mark.parametrize(
    "signed",
    [
        parse(sigv4("minioadmin")),
        parse(f"{HOST}?x-amz-credential=minioadmin/{SCOPE}"),
        parse(f"{HOST}?X-Amz-Credential={quote(quote(f'minioadmin/{SCOPE}', ''), '')}"),
        parse(f"{HOST}?AWSAccessKeyId=minioadmin&Signature=x&Expires=1767312000"),
        parse(HOST, {"X-Amz-Credential": f"minioadmin/{SCOPE}", "policy": "e30="}),
        parse(HOST, {"AWSAccessKeyId": "MinioAdmin"}),
    ],
    ids=["sigv4", "lower case", "encoded twice", "sigv2", "post policy", "sigv2 post policy"],
)
def test_a_development_credential_is_seen_in_every_form(signed: Presigned) -> None:
    """It is what the browser sent in V6 §3, and the cause is what made it so."""
    assert signed.key_kind == "development"
    with pytest.raises(Broken) as failure:
        presign.expect_no_development_key(signed)
    finding = failure.value.finding
    assert finding.code is Code.PRESIGN_DEV_CREDENTIALS
    assert (
        finding.observed.lower()
        == "signed with the development credential 'minioadmin' for files.s3.example"
    )
    assert "baked config" in finding.cause
    assert "os.LookupEnv" in finding.cause


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (HOST, "files.s3.example"),
        (f"{HOST}?X-Amz-Credential=", "files.s3.example"),
        ("", "nowhere"),
        ("http://[", "nowhere"),
        (None, "nowhere"),
        (5, "nowhere"),
    ],
)
def test_a_url_without_a_credential_breaks_the_contract(url: str, host: str) -> None:
    """Whatever the issuer handed out in its place."""
    said = complaint_of(lambda: presign.expect_trusted(url, FILES))
    assert said == f"contract-broken: the URL for {host} carries no credential"


STATIC = parse(sigv4("AKIAABCDEFGHIJKLMNOP", ""))


@pytest.mark.parametrize(
    ("signed", "temporary", "complaint"),
    [
        (GOOD, True, ""),
        (
            STATIC,
            True,
            "presign-static-credentials: signed with a static key and without a session token",
        ),
        (
            parse(sigv4("own-key", "")),
            True,
            "presign-static-credentials: signed with a unknown key and without a",
        ),
        (STATIC, False, ""),
    ],
)
def test_a_session_token_is_wanted_where_pods_have_a_role(
    signed: Presigned, temporary: bool, complaint: str
) -> None:
    """An environment with a store of its own may say that it has none."""
    said = complaint_of(
        lambda: presign.expect_temporary(signed, replace(FILES, temporary=temporary))
    )
    assert said.startswith(complaint)
    assert bool(said) is bool(complaint)


@pytest.mark.parametrize(
    ("seconds", "complaint"),
    [
        (300, ""),
        (150, ""),
        (149, "presign-lifetime: it lives 149 s, 300 s are promised"),
        (301, "presign-lifetime: it lives 301 s, 300 s are promised"),
        (None, "presign-lifetime: it lives for ever, 300 s are promised"),
    ],
)
def test_a_url_lives_as_long_as_promised(seconds: int | None, complaint: str) -> None:
    """A URL that does not say when it ends may be good for ever."""
    assert (
        complaint_of(lambda: presign.expect_lifetime(replace(GOOD, lifetime_s=seconds), 300))
        == complaint
    )


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("dated", "day", "complaint"),
    [
        ("20260102T120000Z", "20260102", ""),
        ("20260102T115000Z", "20260102", ""),
        ("20260101T120000Z", "20260101", "presign-lifetime: it is dated 20260101T120000Z and"),
        ("20260103T120000Z", "20260103", "presign-lifetime: it is dated 20260103T120000Z and"),
        ("20260102T120000Z", "20260101", "presign-lifetime: it is dated 20260102T120000Z and"),
        ("yesterday", "20260102", "contract-broken: it is dated yesterday"),
        ("", "", "contract-broken: it is dated never"),
    ],
)
def test_a_url_is_dated_when_it_is_issued(dated: str, day: str, complaint: str) -> None:
    """One of yesterday is dead, one of tomorrow lives a day longer."""
    signed = replace(GOOD, signed_at=dated, day=day)
    said = complaint_of(lambda: presign.expect_date(signed, NOON))
    assert said.startswith(complaint)
    assert bool(said) is bool(complaint)


@pytest.mark.parametrize("said", ["", "-5", "1e9", "³"])
def test_a_life_that_is_no_number_is_none(said: str) -> None:
    """S3 would refuse it, and who signs so has not said when it ends."""
    assert parse(f"{HOST}?X-Amz-Expires={quote(said)}").lifetime_s is None


def test_who_signs_the_host_alone_signs_enough() -> None:
    """The real Go SDK signs nothing else (contract 4.3); one more header is no fault either."""
    alone = parse(f"{HOST}?X-Amz-Credential={quote(f'ASIA/{SCOPE}', '')}&X-Amz-SignedHeaders=host")
    for signed in (alone, GOOD):
        presign.expect_signed_headers(signed, ("host",))


def test_the_headers_that_count_are_signed() -> None:
    """A content type that is free to change makes a page of an upload."""
    presign.expect_signed_headers(GOOD, ("host", "content-type"))
    said = complaint_of(
        lambda: presign.expect_signed_headers(GOOD, ("host", "content-length", "x-amz-acl"))
    )
    assert said == "contract-broken: content-length, x-amz-acl is not among the signed headers"
