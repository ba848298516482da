"""A presigned URL leads to the promised store, style, region and scheme, or where else is told."""

from dataclasses import replace

import pytest

from probes.finding import Broken, Code
from probes.services import presign
from probes.services.presign import Presigned, parse
from tests.support.presigned import GOOD, HOST, complaint_of, sigv4
from tests.support.site import FILES


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
    said = complaint_of(lambda: presign.expect_endpoint(signed, elsewhere))
    assert said == f"presign-wrong-endpoint: it is signed for region {seen} instead of us-east-1"


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


def test_bytes_go_only_where_the_environment_vouches() -> None:
    """Where it says nothing of its bucket, any credential but a development one will do."""
    assert presign.expect_trusted(sigv4(), FILES) == GOOD
    assert (
        presign.expect_trusted(sigv4(base="https://other.example/k"), None).host == "other.example"
    )
    assert complaint_of(lambda: presign.expect_trusted(sigv4("minioadmin"), None)).startswith(
        "presign-dev-credentials"
    )
    assert complaint_of(
        lambda: presign.expect_trusted(sigv4(base="https://x/k"), FILES)
    ).startswith("presign-wrong-endpoint")
