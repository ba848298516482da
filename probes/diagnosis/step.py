"""A rung, and what to call the cause when it is the one that broke."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from probes.finding import Code, Rung
from probes.transport.http import Answer

# Reads a URL's path on the api host: the answer, or the sentence that says why none came.
Ask = Callable[[str], Awaitable[Answer | str]]


@dataclass(frozen=True, slots=True)
class Step:
    """A rung, and what to call the cause when it is the one that broke. `code`: what the finding
    is then called, where its own name was another cause's.
    """

    rung: Rung
    cause: str = ""
    timed_out: bool = False
    code: Code | None = None
