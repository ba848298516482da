"""What time it is for the target, where this machine's clock is known to be off.

Tokens and certificates are judged by it: a probe whose clock is wrong must not blame the target.
"""

import time

SKEW_TOLERATED_S = 30.0  # tokens that live for one are judged by the clock
_offset_s = 0.0


def now() -> float:
    """Unix time as the target has it."""
    return time.time() + _offset_s


def correct_by(offset_s: float) -> None:
    """From now on this machine's clock is taken to be `offset_s` seconds behind."""
    global _offset_s  # noqa: PLW0603 - there is one clock
    _offset_s = offset_s


def offset_s() -> float:
    """Seconds that are added to this machine's clock; 0 where it is right."""
    return _offset_s
