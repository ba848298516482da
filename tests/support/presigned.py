"""A presigned URL as weAlist issues it, and what a check complains of in it."""

from collections.abc import Callable
from urllib.parse import quote

from probes.finding import Broken
from probes.services.presign import parse

HOST = "https://files.s3.example/w/a%20b.txt"
SCOPE = "20260102/ap-northeast-2/s3/aws4_request"


def sigv4(
    key: str = "ASIAABCDEFGHIJKLMNOP", more: str = "&X-Amz-Security-Token=t", base: str = HOST
) -> str:
    signer = f"X-Amz-Credential={quote(f'{key}/{SCOPE}', '')}"
    return f"{base}?{signer}&X-Amz-Expires=300&X-Amz-SignedHeaders=content-type%3Bhost{more}"


GOOD = parse(sigv4())


def complaint_of(check: Callable[[], object]) -> str:
    """What `check` complains of: code and observation."""
    try:
        check()
    except Broken as failure:
        return f"{failure.finding.code}: {failure.finding.observed}"
    return ""
