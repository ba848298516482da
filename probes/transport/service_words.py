"""What an answer says of itself: its error code and message, read so that a finding can quote
them.
"""

import json
import re
from typing import Any

LONGEST_CHARS = 200  # characters of a quote
LONGEST_MESSAGE_CHARS = 2_000  # of what is searched for its meaning
_XML = re.compile(r"<Code>([^<]{1,80})</Code>(?:\s*<Message>([^<]{1,2000}))?")
_KEYS = ("code", "message", "error", "detail", "details", "reason", "status")

# (what the words say, what that means); the first that is found is taken.
_MEANINGS = (
    (
        r"KMS|kms:\w+|InvalidCiphertext|not authorized to perform: kms",
        "KMS: {who} may not use the key of the bucket",
    ),
    (
        (
            r"EC2 ?IMDS|get (?:\w+ )?credentials|no (?:valid )?credential|NoCredentialProviders"
            r"|failed to (?:refresh|retrieve) (?:cached )?credentials|AssumeRoleWithWebIdentity"
            r"|static credentials are empty"
        ),
        "AWS credentials of {who}: its service account has no IAM role, or S3_ACCESS_KEY is empty",
    ),
    (
        r"InvalidAccessKeyId|SignatureDoesNotMatch",
        "AWS credentials of {who}: the key is dead or wrong",
    ),
    (r"NoSuchBucket", "S3_BUCKET of {who}: no such bucket"),
    (r"AccessDenied|is not authorized to perform: s3", "IAM policy of {who}: S3 refuses it"),
    (r"redis|READONLY You can't write", "redis, as {who} says"),
    (
        r"database|postgres|gorm|pq:|SQLSTATE|failed to connect to `?host|HikariPool|JDBC",
        "database, as {who} says",
    ),
)


def quote(body: bytes) -> str:
    """The error code and message of `body`, or its first words, cut to one short line; "" where
    it has none; pure.
    """
    return _short(message(body))


def message(body: bytes) -> str:
    """The same, longer: what AWS refuses stands behind names of roles that fill a line; pure."""
    text = body[:20_000].decode("utf-8", "replace").strip()
    if not text or text[:1] == "<":
        return _of_xml(text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text[:1] in "{[" else text[:LONGEST_MESSAGE_CHARS]
    return _of_json(value)[:LONGEST_MESSAGE_CHARS]


def meaning(words: str, who: str) -> str:
    """What `words` of the service `who` tell of the cause; "" where they tell nothing; pure."""
    for pattern, cause in _MEANINGS:
        if re.search(pattern, words, re.IGNORECASE):
            return cause.format(who=who)
    return ""


def _of_xml(text: str) -> str:
    found = _XML.search(text)
    return ": ".join(filter(None, found.groups())) if found else ""


def _of_json(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    found: list[str] = []
    for key in _KEYS:
        text = _of_json(value[key]) if isinstance(value.get(key), (str, dict)) else ""
        if text and text not in found:
            found.append(text)
    return ": ".join(found)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_CHARS else f"{line[:LONGEST_CHARS]}…"


def error_message(body: Any) -> str:
    """What a service says of its refusal in JSON, in whichever of weAlist's envelopes; empty where
    it says nothing; pure.
    """
    match body:
        case {"error": {"message": str(text)}} | {"message": str(text)} | {"error": str(text)}:
            return text
    return ""
