"""A presigned URL tells who signed it, for where, for how long; S3's answers tell whether it
counts.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from probes.finding import Broken, Code
from probes.services import presign
from probes.services.presign import Presigned, parse
from probes.transport.http import Answer
from tests.support.site import FILES

HOST = "https://files.s3.example/w/a%20b.txt"
SCOPE = "20260102/ap-northeast-2/s3/aws4_request"


def sigv4(
    key: str = "ASIAABCDEFGHIJKLMNOP", more: str = "&X-Amz-Security-Token=t", base: str = HOST
) -> str:
    signer = f"X-Amz-Credential={quote(f'{key}/{SCOPE}', '')}"
    return f"{base}?{signer}&X-Amz-Expires=300&X-Amz-SignedHeaders=content-type%3Bhost{more}"


GOOD = parse(sigv4())


def test_sigv4_is_read_from_the_query() -> None:
    """Percent-encoded, as signers write it."""
    assert (GOOD.host, GOOD.path, GOOD.access_key) == (
        "files.s3.example",
        "/w/a b.txt",
        "ASIAABCDEFGHIJKLMNOP",
    )
    assert (GOOD.region, GOOD.seconds, GOOD.session_token) == ("ap-northeast-2", 300, True)
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
    said = nothing(lambda: presign.expect_trusted(url, FILES))
    assert said == f"contract-broken: the URL for {host} carries no credential"


def nothing(check: Callable[[], object]) -> str:
    """What `check` complains of: code and observation."""
    try:
        check()
    except Broken as failure:
        return f"{failure.finding.code}: {failure.finding.observed}"
    return ""


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
    said = nothing(lambda: presign.expect_temporary(signed, replace(FILES, temporary=temporary)))
    assert said.startswith(complaint)
    assert bool(said) is bool(complaint)


@pytest.mark.parametrize(
    ("base", "style", "observed", "cause"),
    [
        (
            "http://localhost:9000/files/k",
            "virtual-host",
            (
                "it leads to localhost:9000 instead of files.s3.example; the bucket is in the "
                "path, virtual-host style is"
            ),
            "S3_PUBLIC_ENDPOINT or S3_ENDPOINT of the issuer: a development value",
        ),
        (
            "https://cdn.wealist.co.kr/files/k",
            "virtual-host",
            "it leads to cdn.wealist.co.kr instead of files.s3.example; the bucket is in the path",
            "presigned through the CDN, with the bucket in the path (04be7992)",
        ),
        (
            "https://files.s3.example/k",
            "path",
            "the bucket is not in the path, path style is promised",
            "S3_BUCKET",
        ),
        (
            "https://other.example/k",
            "virtual-host",
            "it leads to other.example",
            "S3_ENDPOINT, S3_BUCKET or S3_REGION",
        ),
    ],
)
def test_a_url_that_leads_elsewhere_has_a_name(
    base: str, style: str, observed: str, cause: str
) -> None:
    """The cause is told by where it leads instead."""
    with pytest.raises(Broken) as failure:
        presign.expect_endpoint(parse(sigv4(base=base)), replace(FILES, style=style))
    assert failure.value.finding.code is Code.PRESIGN_WRONG_ENDPOINT
    assert failure.value.finding.observed.startswith(observed)
    assert cause in failure.value.finding.cause


@pytest.mark.parametrize(("path", "style"), [("/k", "virtual-host"), ("/files/k", "path")])
def test_both_styles_can_be_promised(path: str, style: str) -> None:
    """A store of one's own has its buckets in the path."""
    presign.expect_endpoint(
        parse(sigv4(base=f"https://files.s3.example{path}")), replace(FILES, style=style)
    )


@pytest.mark.parametrize(
    ("signed", "seen"),
    [
        (GOOD, "ap-northeast-2"),
        (parse(f"{HOST}?X-Amz-Credential=AKIAABCDEFGHIJKLMNOP/20260102"), "none"),
    ],
)
def test_a_url_is_signed_for_the_environments_region(signed: Presigned, seen: str) -> None:
    """S3 refuses another region with words that no user understands."""
    elsewhere = replace(FILES, region="us-east-1")
    said = nothing(lambda: presign.expect_endpoint(signed, elsewhere))
    assert said == f"presign-wrong-endpoint: it is signed for region {seen} instead of us-east-1"


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
        nothing(lambda: presign.expect_lifetime(replace(GOOD, seconds=seconds), 300)) == complaint
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
    signed = replace(GOOD, dated=dated, day=day)
    said = nothing(lambda: presign.expect_date(signed, NOON))
    assert said.startswith(complaint)
    assert bool(said) is bool(complaint)


@pytest.mark.parametrize(
    ("signed", "observed", "cause"),
    [
        (replace(GOOD, service="execute-api"), "for the service execute-api instead of s3", "S3_"),
        (replace(GOOD, scheme="http"), "it goes over http, https is promised", "in clear"),
    ],
)
def test_a_url_is_for_s3_and_over_https(signed: Presigned, observed: str, cause: str) -> None:
    """Another scope is refused, another scheme shows the bytes to everybody on the way."""
    with pytest.raises(Broken) as failure:
        presign.expect_endpoint(signed, FILES)
    assert failure.value.finding.code is Code.PRESIGN_WRONG_ENDPOINT
    assert observed in failure.value.finding.observed
    assert cause in failure.value.finding.cause


@pytest.mark.parametrize("said", ["", "-5", "1e9", "³"])
def test_a_life_that_is_no_number_is_none(said: str) -> None:
    """S3 would refuse it, and who signs so has not said when it ends."""
    assert parse(f"{HOST}?X-Amz-Expires={quote(said)}").seconds is None


def test_who_signs_the_host_alone_signs_enough() -> None:
    """The real Go SDK signs nothing else (contract 4.3); one more header is no fault either."""
    alone = parse(f"{HOST}?X-Amz-Credential={quote(f'ASIA/{SCOPE}', '')}&X-Amz-SignedHeaders=host")
    for signed in (alone, GOOD):
        presign.expect_signed_headers(signed, ("host",))


def test_the_headers_that_count_are_signed() -> None:
    """A content type that is free to change makes a page of an upload."""
    presign.expect_signed_headers(GOOD, ("host", "content-type"))
    said = nothing(
        lambda: presign.expect_signed_headers(GOOD, ("host", "content-length", "x-amz-acl"))
    )
    assert said == "contract-broken: content-length, x-amz-acl is not among the signed headers"


def test_bytes_go_only_where_the_environment_vouches() -> None:
    """Where it says nothing of its bucket, any credential but a development one will do."""
    assert presign.expect_trusted(sigv4(), FILES) == GOOD
    assert (
        presign.expect_trusted(sigv4(base="https://other.example/k"), None).host == "other.example"
    )
    assert nothing(lambda: presign.expect_trusted(sigv4("minioadmin"), None)).startswith(
        "presign-dev-credentials"
    )
    assert nothing(lambda: presign.expect_trusted(sigv4(base="https://x/k"), FILES)).startswith(
        "presign-wrong-endpoint"
    )


def test_a_tampered_url_has_another_path_and_the_same_signature() -> None:
    """So that nothing but the signature can be what S3 refuses."""
    before, after = sigv4(), presign.tamper(sigv4())
    assert parse(after).path == "/w/a b.txt.tampered"
    assert after.partition("?")[2] == before.partition("?")[2]


def s3(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(
        "PUT",
        "https://files.s3.example/k",
        status,
        {k.replace("_", "-"): v for k, v in headers.items()},
        body,
    )


@pytest.mark.parametrize(
    ("given", "observed", "cause"),
    [
        (s3(200), "", ""),
        (s3(204), "", ""),
        (
            s3(
                403,
                b"<Error><Code>SignatureDoesNotMatch</Code></Error>",
                content_type="application/xml",
            ),
            "PUT files.s3.example/k answered 403 application/xml: SignatureDoesNotMatch",
            "the issuer's credentials or signed headers",
        ),
        (
            s3(503, b"<Code>SlowDown</Code>"),
            "PUT files.s3.example/k answered 503 no type: SlowDown",
            "S3",
        ),
        (s3(302), "PUT files.s3.example/k answered 302 no type: no reason given", "S3"),
    ],
)
def test_an_upload_is_stored_or_the_reason_is_told(
    given: Answer, observed: str, cause: str
) -> None:
    """S3 says why in XML."""
    finding = presign.explain_put(given)
    assert (finding and (finding.observed, finding.cause)) == (
        (observed, cause) if observed else None
    )
    assert nothing(lambda: presign.expect_stored(given)) == (
        f"upload-blocked: {observed}" if observed else ""
    )


@pytest.mark.parametrize(
    ("status", "broken"), [(200, True), (204, True), (300, False), (403, False)]
)
def test_a_tampered_upload_is_refused(status: int, broken: bool) -> None:
    """Who takes it checks no signature."""
    assert (
        nothing(lambda: presign.expect_refused(s3(status))).startswith("presign-tamper-accepted: ")
        is broken
    )
