"""What may be known of a secret text: its shape, and hashes to compare; the text is let go."""

import hashlib
from dataclasses import dataclass

DIGITS = 12  # of a digest: enough to tell two keys apart, too few to look one up


@dataclass(frozen=True, slots=True)
class SecretShape:
    """What may be known of a secret text: never the text itself. `digest`: SHA-256, shortened."""

    lines: int
    has_pair: bool
    key_length: int
    secret_length: int
    key_digest: str
    secret_digest: str


def shape(text: str) -> SecretShape:
    """Of `key: secret`, as LiveKit's keys.yaml has it; empty parts where it is none; pure."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    key, separator, secret = first.partition(": ")
    has_pair = bool(separator and key.strip() and secret.strip()) and first == first.lstrip()
    return SecretShape(
        lines=len(lines),
        has_pair=has_pair,
        key_length=len(key.strip()),
        secret_length=len(secret.strip()),
        key_digest=digest(key.strip()),
        secret_digest=digest(secret.strip()),
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS] if text else ""
