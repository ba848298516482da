"""Rows of the fault matrix for the bucket and for presigned URLs that are put to use."""

from collections.abc import Iterable
from typing import Protocol

from probes.finding import Code

Row = dict[str, str]

ISSUERS = ("storage", "board", "chat", "user")
LEADS = "the-url-leads-to-our-bucket"
SOON = "the-url-dies-soon"
BACK = "an-upload-comes-back"
TAMPERED = "a-tampered-url-is-refused"
UNSIGNED = "nothing-is-had-without-a-signature"
BROWSER = "the-browser-may-upload"
USED = (SOON, BACK, TAMPERED, UNSIGNED)
PROFILE_IMAGE = "workspace/a-profile-image-is-kept"


class Named(Protocol):
    """Names of scenarios, by issuers and checks."""

    def __call__(self, *issuers: str, checks: Iterable[str]) -> list[str]: ...


def presign_rows(named: Named, page_upload: str) -> dict[str, Row]:
    """The rows; `page_upload` is the scenario of an upload on the storage page."""

    def row(code: Code, checks: Iterable[str], *issuers: str, also: tuple[str, ...] = ()) -> Row:
        return dict.fromkeys([*named(*issuers, checks=checks), *also], code)

    blocked = row(Code.UPLOAD_BLOCKED, [BROWSER], *ISSUERS, also=(page_upload,))
    return {
        "bucket-ignores-signatures": (
            row(Code.PRESIGN_TAMPER_ACCEPTED, [SOON, TAMPERED], *ISSUERS)
            | row(Code.BUCKET_PUBLIC, [UNSIGNED], *ISSUERS)
        ),
        "bucket-refuses-origin": blocked,
        "bucket-cors-forgets-put": blocked,
        # The storage page's text/plain needs nobody's leave (Fetch standard, CORS-safelisted).
        "bucket-cors-forgets-type": row(Code.UPLOAD_BLOCKED, [BROWSER], *ISSUERS),
        "bucket-is-public-to-read": row(Code.BUCKET_PUBLIC, [UNSIGNED], *ISSUERS),
        "board-presigns-for-yesterday": {
            **row(Code.UPLOAD_BLOCKED, USED, "board"),
            **row(Code.PRESIGN_LIFETIME, [SOON], "board"),
        },
        "board-presigns-with-dead-key": row(Code.UPLOAD_BLOCKED, USED, "board"),
        "board-presigns-for-another-service": row(
            Code.PRESIGN_WRONG_ENDPOINT, (LEADS, *USED, BROWSER), "board"
        ),
        "board-names-another-key": row(Code.UPLOAD_LOST, [BACK], "board"),
        "user-presigns-over-http": row(
            Code.PRESIGN_WRONG_ENDPOINT, (LEADS, *USED, BROWSER), "user", also=(PROFILE_IMAGE,)
        ),
        "bucket-key-refuses-uploads": row(Code.UPLOAD_BLOCKED, USED, "user", also=(PROFILE_IMAGE,)),
        "user-presigns-for-reading": row(Code.UPLOAD_BLOCKED, USED, "user", also=(PROFILE_IMAGE,)),
        "chat-presigns-for-seconds": row(Code.PRESIGN_LIFETIME, [SOON], "chat"),
    }


PRESIGN_CAUSES: dict[str, str] = {
    "bucket-ignores-signatures": "signature check",
    "bucket-refuses-origin": "bucket CORS",
    "bucket-cors-forgets-put": "bucket CORS",
    "bucket-cors-forgets-type": "bucket CORS",
    "bucket-key-refuses-uploads": "KMS: the issuer may not use the key",
    "bucket-is-public-to-read": "the bucket's policy",
    "board-presigns-for-yesterday": "the issuer",
    "board-presigns-with-dead-key": "the issuer's credentials",
    "board-presigns-for-another-service": "S3_ENDPOINT, S3_BUCKET or S3_REGION",
    "board-names-another-key": "board-service",
    "user-presigns-over-http": "its scheme",
    "user-presigns-for-reading": "signed headers",
    "chat-presigns-for-seconds": "expiry",
}
