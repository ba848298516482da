"""When and with which links people are told of a change: the table [notices] of an environment
file.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from probes.config.toml_schema import TEXTS
from probes.finding import BadEnvironment

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(
    r"(?P<first>[A-Z][a-z]{2})(?:-(?P<last>[A-Z][a-z]{2}))? (?P<begin>\d\d:\d\d)-(?P<end>\d\d:\d\d)"
)


@dataclass(frozen=True, slots=True)
class Notices:
    """`quiet`: hours like "Mon-Fri 01:00-08:00" in `timezone`; `runbook`: a link with {code} in
    it.
    """

    quiet: TEXTS = field(default=())
    timezone: str = "UTC"
    runbook: str = ""

    def __post_init__(self) -> None:
        self.is_quiet(datetime.now(UTC))  # complains of what nobody can read, before the run

    def is_quiet(self, now: datetime) -> bool:
        """Whether nobody is to be told at `now`. Raises BadEnvironment for hours or a zone that
        nobody can read.
        """
        local = now.astimezone(zone(self.timezone))
        return any(_within(hours, local) for hours in self.quiet)


def zone(name: str) -> ZoneInfo:
    """Raises BadEnvironment."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadEnvironment(
            f"timezone in [notices] is {name!r}; say one like Asia/Seoul"
        ) from None


def _within(hours: str, local: datetime) -> bool:
    parsed = _HOURS.fullmatch(hours)
    days = (parsed["first"], parsed["last"] or parsed["first"]) if parsed else ()
    if (
        not parsed
        or not set(days) <= set(DAYS)
        or not _is_time(parsed["begin"])
        or not _is_time(parsed["end"])
    ):
        raise BadEnvironment(
            f"quiet in [notices] has {hours!r}; say days and hours like Mon-Fri 01:00-08:00"
        )
    first, last = (DAYS.index(day) for day in days)
    at, begin, end = f"{local:%H:%M}", parsed["begin"], parsed["end"]
    if begin < end:
        return begin <= at < end and _among(local.weekday(), first, last)
    # Over midnight: the hours belong to the day on which they begin.
    return (at >= begin and _among(local.weekday(), first, last)) or (
        at < end and _among((local.weekday() - 1) % 7, first, last)
    )


def _is_time(text: str) -> bool:
    return text <= "24:00" and text[3:] < "60"


def _among(day: int, first: int, last: int) -> bool:
    return (day - first) % 7 <= (last - first) % 7
