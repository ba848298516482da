"""What a fault is: one rehearsed lie of the replica, by name."""

from dataclasses import dataclass

NOT_YET = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One rehearsed lie: subject and verb, what it costs whom, and what it rehearses."""

    name: str
    sentence: str
    rehearses: str
