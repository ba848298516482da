"""What S3 answers to an upload tells whether it is stored, and whether a signature was checked."""

import pytest

from probes.services import presign
from probes.services.presign import parse
from probes.transport.http import Answer
from tests.support.presigned import complaint_of, sigv4


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
    assert complaint_of(lambda: presign.expect_stored(given)) == (
        f"upload-blocked: {observed}" if observed else ""
    )


@pytest.mark.parametrize(
    ("status", "broken"), [(200, True), (204, True), (300, False), (403, False)]
)
def test_a_tampered_upload_is_refused(status: int, broken: bool) -> None:
    """Who takes it checks no signature."""
    assert (
        complaint_of(lambda: presign.expect_refused(s3(status))).startswith(
            "presign-tamper-accepted: "
        )
        is broken
    )
