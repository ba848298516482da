"""What the runs before have left, as the journal says it: what was broken then, since when, and
what was told of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.finding import Code
from reports.model.events import Event, number, text


@dataclass(frozen=True, slots=True)
class Lapse:
    """A promise that did not hold in the run before; `since` and `held` in Unix time, `held` 0
    where never seen.
    """

    code: str
    since: float
    runs: int
    held: float


@dataclass(frozen=True, slots=True)
class Before:
    """`gate`: what was broken before fails nothing. `ran`: Unix time of the last run. `problem`:
    why all is new.
    """

    gate: bool = False
    ran: float = 0.0
    lapses: Mapping[str, Lapse] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def was_broken(self, scenario: str) -> bool:
        """A promise that could not be asked was not broken, as far as anybody knows."""
        return scenario in self.lapses and self.lapses[scenario].code != Code.UNKNOWN


def before(event: Event) -> Before | None:
    """The value of the event `before`; None where there was none, as in a run without a state
    store.
    """
    if not event:
        return None
    return Before(
        gate=event.get("gate") is True,
        ran=number(event, "ran"),
        lapses={
            name: _lapse(said)
            for name, said in _table(event, "lapses").items()
            if isinstance(said, dict)
        },
        told={name: str(code) for name, code in _table(event, "told").items()},
        problem=text(event, "problem"),
    )


def _table(event: Event, name: str) -> Event:
    said = event.get(name)
    return said if isinstance(said, dict) else {}


def _lapse(said: Event) -> Lapse:
    return Lapse(
        text(said, "code"), number(said, "since"), int(number(said, "runs")), number(said, "held")
    )
