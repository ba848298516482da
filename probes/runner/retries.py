"""When a scenario is asked again: once to confirm a break, and as often as it takes while a
roll-out settles; pure.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from probes.finding import CannotAsk, Code, Finding, Verdict
from probes.results import Attempt, Outcome, conclude

# Seconds: a service that comes up must not be hammered, and a gate must not sleep through it.
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 10.0
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0}
_DURATION = re.compile(r"(\d{1,5}(?:\.\d+)?)([sm]?)")


def seconds(text: str) -> float:
    """`90s`, `1.5m` or `90` in seconds. Raises CannotAsk."""
    if not (parsed := _DURATION.fullmatch(text.strip())):
        raise CannotAsk(f"--settle must be like 90s or 2m, not {text!r}")
    return float(parsed[1]) * _UNITS[parsed[2]]


def pause_s(
    verdicts: Sequence[Verdict], *, stabilizing: bool, confirm: bool, retry_delay_s: float
) -> float | None:
    """Seconds to wait before the next attempt, after those that ended as `verdicts`; None where
    there is none.
    """
    last = verdicts[-1]
    if stabilizing and last in (Verdict.BROKEN, Verdict.UNKNOWN):
        return max(
            retry_delay_s,
            min(max(retry_delay_s, SHORTEST_PAUSE_S) * 2.0 ** (len(verdicts) - 1), LONGEST_PAUSE_S),
        )
    if confirm and last is Verdict.BROKEN and len(verdicts) == 1:
        return retry_delay_s
    return None


# The cause of a finding that a starved suite made; it is asked again when the suite is not.
STARVED = "the suite itself: this machine did not give it the time"
MOST_STARVED = 3
# What a probe that is late itself would see of a target that keeps its promises.
_TIMED_OUT = re.compile(r"timed out|did not (?:answer|end)(?: for \S+)? within|no answer within")
_ANSWERED = re.compile(r"\b(answered [1-5]\d\d|received \d{4})\b")
_DEPEND_ON_TIME = frozenset(
    {
        Code.ASSET_BROKEN,
        Code.BOARD_EVENT_LOST,
        Code.CHAT_NOT_DELIVERED,
        Code.HOST_UNREACHABLE,
        Code.LIVEKIT_DATA_LOST,
        Code.LIVEKIT_DTLS_FAILED,
        Code.LIVEKIT_JOIN_TIMEOUT,
        Code.LIVEKIT_MASKED,
        Code.LIVEKIT_MEDIA_LOST,
        Code.LIVEKIT_MEDIA_POOR,
        Code.LIVEKIT_NOT_READY,
        Code.LIVEKIT_TCP_FALLBACK_MISSING,
        Code.LIVEKIT_TURN_REFUSED,
        Code.LIVEKIT_UDP_BLOCKED,
        Code.LIVEKIT_UNREACHABLE,
        Code.LIVEKIT_UPGRADE_BLOCKED,
        Code.NOTIFICATION_LOST,
        Code.PAGE_CONSOLE_ERROR,
        Code.PAGE_DRIVE_EMPTY,
        Code.PAGE_NOT_RECOVERED,
        Code.PAGE_UPLOAD_NOWHERE,
        Code.PRESENCE_STALE,
        Code.REFRESH_ERROR_LOGOUT,
        Code.REFRESH_RACE_LOGOUT,
        Code.REFRESH_UNAVAILABLE,
        Code.SERVICE_STALLED,
        Code.SOCKET_DROPPED,
        Code.SOCKET_RECONNECT_STORM,
        Code.SOCKET_UPGRADE_STALLED,
        Code.STREAM_CUT,
    }
)


def depends_on_time(finding: Finding) -> bool:
    """Whether a suite that is late itself could have made `finding`: an answer that was seen is the
    target's, however late the suite was.
    """
    if _TIMED_OUT.search(finding.observed):
        return True
    return finding.code in _DEPEND_ON_TIME and not _ANSWERED.search(finding.observed)


def is_starved(attempt: Attempt) -> bool:
    """Whether the suite was starved in this attempt, so that it says nothing."""
    return attempt.finding is not None and attempt.finding.cause == STARVED


def conclude_rested(attempts: Sequence[Attempt], *, stabilizing: bool = False) -> Outcome:
    """The verdict over the attempts of a suite that was not starved, where there is one; a break
    that a busy suite may have made counts where it comes again; pure.
    """
    rested = [attempt for attempt in attempts if not is_starved(attempt)]
    if rested and rested[-1].verdict is Verdict.HELD:
        rested = [attempt for attempt in rested if not attempt.is_doubtful]
    counted = rested[-1:] if stabilizing else rested
    return replace(conclude(counted or attempts[-1:]), attempts=tuple(attempts))
