"""What a fault is."""

from dataclasses import dataclass

NO_INCIDENT = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One rehearsed break: a sentence with subject and verb that says what it costs whom."""

    name: str
    sentence: str
    rehearses: str
