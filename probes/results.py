"""A scenario as a run knows it, and what it ended as: one verdict over its attempts, however many
they were.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from probes.finding import Finding, Verdict

FAILING = frozenset({Verdict.BROKEN, Verdict.UNKNOWN, Verdict.NOT_RUN})


@dataclass(frozen=True, slots=True)
class Scenario:
    """A promise, as the reports know it.

    `deadline` in seconds; `alone`: runs when no other does; `first`: takes longest, and waits for
    no other.
    """

    id: str
    title: str
    file: str
    line: int
    classname: str
    name: str
    owner: str
    area: str
    incident: str
    deadline: float
    alone: bool = False
    first: bool = False

    @property
    def expected(self) -> dict[str, Any]:
        """What the journal says of it before it ran."""
        fields = asdict(self)
        del fields["deadline"], fields["alone"], fields["first"]
        return {"scenario": fields.pop("id"), **fields}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that is known and does not fail the run until its date has passed. A `*` stands for
    any text.
    """

    code: str
    scenario: str
    why: str
    until: date


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one try ended; `finding` is None when the promise was held."""

    verdict: Verdict
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scenario ended as, all attempts considered. `settled`: after how long it held at last.
    Both in seconds.
    """

    verdict: Verdict
    finding: Finding | None = None
    attempts: int = 0
    flaky: bool = False
    accepted: Accepted | None = None
    reason: str = ""
    duration: float = 0.0
    settled: float = 0.0

    @property
    def fails(self) -> bool:
        return self.verdict in FAILING and not self.accepted

    @property
    def remark(self) -> str:
        return "flaky" if self.flaky else self.finding.code if self.finding else self.reason


def conclude(attempts: Sequence[Attempt]) -> Outcome:
    """The verdict over one or two attempts: both broken is BROKEN, one is HELD but flaky; pure."""
    first, last = attempts[0], attempts[-1]
    flaky = len(attempts) > 1 and last.verdict in (Verdict.HELD, Verdict.DEGRADED)
    # A confirming rerun that could not ask does not clear the target.
    telling = first if last.verdict is Verdict.UNKNOWN else last
    return Outcome(telling.verdict, telling.finding, len(attempts), flaky)


def described(finding: Finding | None) -> dict[str, Any] | None:
    """A finding as the journal carries it."""
    if finding is None:
        return None
    return {
        **asdict(finding),
        "runbook": finding.runbook,
        "rungs": [asdict(r) for r in finding.rungs],
    }
