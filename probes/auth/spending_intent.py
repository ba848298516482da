"""The note that a run leaves in the store before it spends a refresh token.

A run that is killed, or whose answer is lost, leaves the note behind; the next run reads from it
that it was the probes themselves, and when.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from probes.state.store import Entry

INTENT, LOST = "intent", "lost"  # names in an entry of the store


@dataclass(frozen=True, slots=True)
class Intent:
    """Somebody was about to spend the token that is kept; `begun_at` is Unix time."""

    begun_at: float

    @property
    def age_s(self) -> float:
        return time.time() - self.begun_at

    def __str__(self) -> str:
        return f"{datetime.fromtimestamp(self.begun_at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def mark_of(token: str) -> str:
    """What may be kept of a token to know it again by."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def intent_in(kept: Entry) -> Intent | None:
    """The intent to spend the very token that is kept; None where there is none; pure."""
    mark, _, at = kept.get(INTENT, "").partition(" ")
    if not mark or mark != mark_of(kept.get("refresh", "")):
        return None
    try:
        return Intent(float(at))
    except ValueError:
        return Intent(0.0)


def with_intent(kept: Entry) -> Entry:
    """`kept`, with the intent to spend its token now."""
    return {**kept, INTENT: f"{mark_of(kept['refresh'])} {time.time():.3f}"}


def without_intent(kept: Entry) -> Entry:
    """`kept`, where its token has turned out to be unspent, or has been replaced."""
    return {name: value for name, value in kept.items() if name not in (INTENT, LOST)}


def is_lost(kept: Entry) -> bool:
    """Whether an earlier run has found the token that is kept spent, without a successor."""
    return bool(kept.get(LOST)) and kept[LOST] == mark_of(kept.get("refresh", ""))


def with_loss(kept: Entry) -> Entry:
    """`kept`, with the knowledge that its token is spent."""
    return {**kept, LOST: mark_of(kept["refresh"])}
