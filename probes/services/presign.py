"""Read a presigned URL as S3 would, and say whose credentials signed it, for where, and for how
long.

Forms: SigV4 and SigV2 in the query (AWS Signature Version 4 and 2), SigV4 in the fields of a POST
policy.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from probes.config.environment import Presign
from probes.finding import Broken, Code, Finding, broken_promise
from probes.recording.redactor import credential_kind
from probes.transport import service_words
from probes.transport.http import Answer, service

S3_TROUBLE = re.compile(r"\bS3\b|credential|\bIMDS\b|identity|bucket|AccessDenied", re.IGNORECASE)
SERVICE = "s3"
SIGNER = "the issuer's credentials or signed headers"
# By S3's own code (Amazon S3 API reference, error responses).
PUT_CAUSES = {
    "InvalidAccessKeyId": f"{SIGNER}: S3 does not know the key, it is deleted or another account's",
    "InvalidToken": f"{SIGNER}: the session token is not the key's",
    "ExpiredToken": f"{SIGNER}: the pod's role has run out",
}
STAMP = "%Y%m%dT%H%M%SZ"  # of X-Amz-Date
CLOCKS_DIFFER_S = 15 * 60  # S3 refuses a request that is further off (RequestTimeTooSkewed)
NO_CREDENTIALS = re.compile(r"credential|\bIMDS\b|identity|AccessDenied", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Presigned:
    """What a presigned URL says about itself. `lifetime_s`: its life; None where it does not say.
    `service` and `day` are those of its scope, `signed_at` is when it was signed; each empty where
    it does not say.
    """

    url: str
    host: str
    path: str
    access_key: str
    region: str
    lifetime_s: int | None
    signed_headers: tuple[str, ...]
    session_token: bool
    scheme: str = "https"
    service: str = "s3"
    day: str = ""
    signed_at: str = ""

    @property
    def key_kind(self) -> str:
        return credential_kind(self.access_key)


def parse(url: str, fields: Mapping[str, str] | None = None) -> Presigned:
    """What `url` (and the form `fields` of a POST policy) were signed with. Names are compared
    without case.
    """
    parts = _parts(url)
    query = {name.lower(): value for name, value in parse_qsl(parts.query)} | {
        name.lower(): value for name, value in (fields or {}).items()
    }
    key, day, region, service_name = _scope(query.get("x-amz-credential", ""))
    seconds = query.get("x-amz-expires", "")
    lifetime_s = int(seconds) if seconds.isdecimal() else None
    return Presigned(
        url=url,
        host=parts.netloc.rpartition("@")[2],
        path=unquote(parts.path),
        access_key=key or query.get("awsaccesskeyid", ""),
        region=region,
        lifetime_s=lifetime_s,
        signed_headers=tuple(query.get("x-amz-signedheaders", "").split(";")),
        session_token="x-amz-security-token" in query,
        scheme=parts.scheme,
        service=service_name,
        day=day,
        signed_at=query.get("x-amz-date", ""),
    )


def _scope(credential: str) -> list[str]:
    """Key, day, region and service of a credential's scope; "" for each that it does not say."""
    # Some issuers percent-encode it twice; the key is in front of the first slash either way.
    said = unquote(credential).split("/")
    return [*said, "", "", ""][:4]


def _parts(url: str) -> SplitResult:
    """The parts of a URL; none where an issuer handed out something else."""
    if not isinstance(url, str):
        return urlsplit("")
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def expect_no_development_key(signed: Presigned) -> None:
    """Raise Broken when a development credential signed (V6 §3), or nobody did."""
    if signed.key_kind == "development":
        raise broken_promise(
            Code.PRESIGN_DEV_CREDENTIALS,
            f"signed with the development credential {signed.access_key!r} for {signed.host}",
            "the image's baked config.yaml: an empty S3_ENDPOINT, S3_ACCESS_KEY, "
            "S3_SECRET_KEY in the environment"
            " does not override it where the service reads os.Getenv instead of os.LookupEnv",
        )
    if not signed.access_key:
        raise broken_promise(
            Code.CONTRACT_BROKEN,
            f"the URL for {signed.host or 'nowhere'} carries no credential",
            "the issuer",
        )


def expect_temporary(signed: Presigned, expected: Presign) -> None:
    """Raise Broken when a long-lived key signed where the environment gives its pods a role
    (contract 4.3).
    """
    if expected.temporary and not signed.session_token:
        raise broken_promise(
            Code.PRESIGN_STATIC_CREDENTIALS,
            f"signed with a {signed.key_kind} key and without a session token",
            "the pod's IAM role (Pod Identity association), or static keys left in the environment",
        )


def expect_endpoint(signed: Presigned, expected: Presign) -> None:
    """Raise Broken when the URL does not lead to the environment's bucket, in its style and
    region.
    """
    wrong = list(_wrong_places(signed, expected))
    if wrong:
        raise broken_promise(
            Code.PRESIGN_WRONG_ENDPOINT, "; ".join(wrong), _who_misplaced(signed, expected)
        )


def _wrong_places(signed: Presigned, expected: Presign) -> list[str]:
    in_path = signed.path.startswith(f"/{expected.bucket}/")
    wrong = []
    if signed.host != expected.host:
        wrong.append(f"it leads to {signed.host} instead of {expected.host}")
    if in_path != (expected.style == "path"):
        wrong.append(
            f"the bucket is {'in the path' if in_path else 'not in the path'}, "
            f"{expected.style} style is promised"
        )
    if signed.region != expected.region:
        wrong.append(
            f"it is signed for region {signed.region or 'none'} instead of {expected.region}"
        )
    if signed.region and signed.service != SERVICE:
        wrong.append(f"it is signed for the service {signed.service or 'none'} instead of s3")
    if signed.scheme != expected.scheme:
        wrong.append(f"it goes over {signed.scheme}, {expected.scheme} is promised")
    return wrong


def _who_misplaced(signed: Presigned, expected: Presign) -> str:
    name = signed.host.partition(":")[0]
    if signed.host == expected.host and signed.scheme != expected.scheme:
        return (
            "S3_PUBLIC_ENDPOINT or S3_ENDPOINT of the issuer: its scheme; the user's bytes and the "
            "signature go in clear"
        )
    if name in ("localhost", "127.0.0.1", "minio"):
        return "S3_PUBLIC_ENDPOINT or S3_ENDPOINT of the issuer: a development value"
    if name.startswith("cdn."):
        return (
            "S3_PUBLIC_ENDPOINT of the issuer: presigned through the CDN, with the bucket in "
            "the path (04be7992)"
        )
    return (
        f"S3_ENDPOINT, S3_BUCKET or S3_REGION of the issuer ({expected.bucket} in "
        f"{expected.region} is promised)"
    )


def expect_lifetime(signed: Presigned, expected_s: int) -> None:
    """Raise Broken when the URL lives longer than `expected_s`, less than half of it, or does not
    say: who fills in a form, or has a slow line, needs the time that is promised.
    """
    if signed.lifetime_s is None or not expected_s / 2 <= signed.lifetime_s <= expected_s:
        lives = "for ever" if signed.lifetime_s is None else f"{signed.lifetime_s} s"
        raise broken_promise(
            Code.PRESIGN_LIFETIME,
            f"it lives {lives}, {expected_s} s are promised",
            "the issuer's expiry setting",
        )


def expect_date(signed: Presigned, now: float) -> None:
    """Raise Broken when the URL was not signed at `now` (Unix), within what S3 allows clocks."""
    try:
        dated = datetime.strptime(signed.signed_at, STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise broken_promise(
            Code.CONTRACT_BROKEN, f"it is dated {signed.signed_at or 'never'}", "the issuer"
        ) from None
    if abs(now - dated) > CLOCKS_DIFFER_S or not signed.signed_at.startswith(signed.day):
        raise broken_promise(
            Code.PRESIGN_LIFETIME,
            f"it is dated {signed.signed_at} and signed for the day {signed.day or 'none'}, and "
            f"was issued at {datetime.fromtimestamp(now, UTC).strftime(STAMP)}",
            "the issuer's clock, or a URL that it keeps and hands out again",
        )


def expect_signed_headers(signed: Presigned, wanted: tuple[str, ...]) -> None:
    """Raise Broken when a header that has to be signed is free to change.

    weAlist's services sign `host` and nothing else (contract 4.3).
    """
    if missing := [name for name in wanted if name not in signed.signed_headers]:
        raise broken_promise(
            Code.CONTRACT_BROKEN,
            f"{', '.join(missing)} is not among the signed headers",
            "the issuer",
        )


def expect_trusted(url: str, expected: Presign | None) -> Presigned:
    """The URL read, once it is known to be safe to send a user's bytes there. Raises Broken."""
    signed = parse(url)
    expect_no_development_key(signed)
    if expected:
        expect_endpoint(signed, expected)
    return signed


def tamper(url: str) -> str:
    """`url` for another object, under the old signature."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path + ".tampered"))


def explain_put(answer: Answer) -> Finding | None:
    """Name why S3 did not take an upload; pure."""
    if answer.status in (200, 204):
        return None
    reason = (
        answer.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode("ascii", "replace")
        or "no reason given"
    )
    blamed = "S3" if answer.status != 403 else SIGNER
    cause = PUT_CAUSES.get(reason, blamed)
    if reason == "AccessDenied" or reason.startswith("KMS"):
        cause = service_words.meaning(service_words.message(answer.body), "the issuer") or cause
    if reason == "AccessDenied" and b"expired" in answer.body:
        cause = "the issuer's clock, or a URL that it keeps and hands out again"
    return Finding(Code.UPLOAD_BLOCKED, f"{answer}: {answer.words or reason}", cause)


def expect_issued(answer: Answer) -> None:
    """Raise Broken when a service says that S3 kept it from presigning."""
    if finding := explain_issue(answer):
        raise Broken(finding)


def explain_issue(answer: Answer) -> Finding | None:
    """Name why no URL was presigned, where the service says that it is S3's; pure.

    The SDK signs without asking S3, so that only credentials, region or endpoint can fail; the
    service passes the SDK's text on with status 400, 500 or 503 (contract 4.3, 4.5).
    """
    reason = service_words.error_message(answer.json)
    if answer.status < 400 or not S3_TROUBLE.search(reason):
        return None
    who = service(answer.url)
    cause = f"{who} has no S3 client: S3_BUCKET, S3_REGION or S3_ENDPOINT is missing"
    if NO_CREDENTIALS.search(reason):
        cause = (
            f"{who} has no credentials for S3: the pod's IAM role (Pod Identity association), or "
            "the S3 keys in its environment"
        )
    return Finding(Code.UPLOAD_BLOCKED, f"{answer}, saying {reason!r}", cause)


def expect_stored(answer: Answer) -> None:
    """Raise Broken unless S3 took the upload."""
    if finding := explain_put(answer):
        raise Broken(finding)


def expect_refused(answer: Answer) -> None:
    """Raise Broken when S3 took an upload under a signature for something else."""
    if answer.status < 300:
        raise broken_promise(
            Code.PRESIGN_TAMPER_ACCEPTED,
            f"{answer} to an upload whose URL was changed after it was signed",
            "S3's signature check: a public bucket policy, or a proxy that signs for everybody",
        )
