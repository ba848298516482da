"""When a scenario is asked again: once to confirm a break, and as often as it takes while a
roll-out settles; pure.
"""

import re
from collections.abc import Sequence

from probes.finding import CannotAsk, Verdict

# Seconds: a service that comes up must not be hammered, and a gate must not sleep through it.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 10.0
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0}
_DURATION = re.compile(r"(\d{1,5}(?:\.\d+)?)([sm]?)")


def seconds(text: str) -> float:
    """`90s`, `1.5m` or `90` in seconds. Raises CannotAsk."""
    if not (said := _DURATION.fullmatch(text.strip())):
        raise CannotAsk(f"--settle must be like 90s or 2m, not {text!r}")
    return float(said[1]) * _UNITS[said[2]]


def pause(
    verdicts: Sequence[Verdict], *, stabilizing: bool, confirm: bool, retry_delay_s: float
) -> float | None:
    """Seconds to wait before the next attempt, after those that ended as `verdicts`; None where
    there is none.
    """
    last = verdicts[-1]
    if stabilizing and last in (Verdict.BROKEN, Verdict.UNKNOWN):
        return max(
            retry_delay_s,
            min(max(retry_delay_s, SHORTEST_PAUSE) * 2.0 ** (len(verdicts) - 1), LONGEST_PAUSE),
        )
    if confirm and last is Verdict.BROKEN and len(verdicts) == 1:
        return retry_delay_s
    return None
