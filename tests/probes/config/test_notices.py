"""Quiet hours, by the calendar of Seoul."""

from datetime import UTC, datetime

import pytest

from probes.config.notices import Notices, zone
from probes.config.toml_schema import section
from probes.finding import BadEnvironment

NIGHTS = Notices(quiet=("Mon-Fri 01:00-08:00", "Sat-Sun 03:00-09:00"), timezone="Asia/Seoul")


def at(text: str) -> datetime:
    """In Seoul; 2026-11-23 is a Monday."""
    return datetime.fromisoformat(f"{text}+09:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("when", "quiet"),
    [
        ("2026-11-23T00:59", False),
        ("2026-11-23T01:00", True),
        ("2026-11-23T07:59", True),
        ("2026-11-23T08:00", False),
        ("2026-11-28T02:00", False),
        ("2026-11-28T03:00", True),
        ("2026-11-29T08:59", True),
        ("2026-11-29T09:00", False),
    ],
)
def test_a_night_is_quiet_where_people_live(when: str, *, quiet: bool) -> None:
    """Hours are those of the environment's zone, whatever clock the pod has; the last minute is no
    longer in.
    """
    assert NIGHTS.is_quiet(at(when)) is quiet


@pytest.mark.parametrize(
    ("when", "quiet"),
    [
        ("2026-11-27T22:00", True),
        ("2026-11-28T05:59", True),
        ("2026-11-28T06:00", False),
        ("2026-11-28T23:00", False),
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(
    when: str, *, quiet: bool
) -> None:
    """Friday's night ends on Saturday morning; Saturday has none of its own here."""
    assert (
        Notices(quiet=("Sun-Fri 22:00-06:00",), timezone="Asia/Seoul").is_quiet(at(when)) is quiet
    )


def test_nothing_is_quiet_unless_it_is_said() -> None:
    """An environment without the table is told at any time."""
    assert not Notices().is_quiet(at("2026-11-23T03:00"))


@pytest.mark.parametrize(
    "hours",
    ["at night", "Mon 1:00-2:00", "Mon-Foo 01:00-02:00", "Mon 01:00-25:00", "Mon 01:60-02:00"],
)
def test_hours_that_nobody_can_read_are_complained_of(hours: str) -> None:
    """Before the run, as every mistake in an environment file."""
    with pytest.raises(BadEnvironment, match="say days and hours like Mon-Fri 01:00-08:00"):
        section("x.toml", "notices", Notices, {"quiet": [hours]})


@pytest.mark.parametrize("name", ["Seoul", "../etc/passwd", ""])
def test_a_zone_that_is_none_is_complained_of(name: str) -> None:
    """A misspelt zone must not make every hour quiet, or none."""
    with pytest.raises(BadEnvironment, match="say one like Asia/Seoul"):
        zone(name)
