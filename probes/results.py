"""Scenarios, what they ended as, and what earlier runs left: one model for the runner, the journal
and the reports.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from probes.finding import PROVEN_ONCE, Code, Finding, Verdict

FAILING = frozenset({Verdict.BROKEN, Verdict.UNKNOWN, Verdict.NOT_RUN})
_ACCEPTABLE = (Verdict.BROKEN, Verdict.DEGRADED)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A promise, as it is declared.

    `deadline_s` in seconds; `alone`: runs when no other does; `first`: takes longest, and waits for
    no other; `lingers`: mostly waits, and begins before those that do not.
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
    deadline_s: float = 0.0
    alone: bool = False
    first: bool = False
    lingers: bool = False

    @property
    def journal_entry(self) -> dict[str, Any]:
        """What the journal says of it before it ran."""
        fields = asdict(self)
        del fields["deadline_s"], fields["alone"], fields["first"], fields["lingers"]
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
    """How one try ended; `finding` is None when the promise was held, `verdict` when the try was
    cut short. `duration_s` in seconds; `began_at` is Unix time. `is_doubtful`: the suite was too
    busy to be sure that it did not break the promise itself.
    """

    number: int
    verdict: Verdict | None
    finding: Finding | None = None
    duration_s: float = 0.0
    began_at: float = 0.0
    is_doubtful: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the promise was kept, be it worse than it should be."""
        return self.verdict in (Verdict.HELD, Verdict.DEGRADED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scenario ended as, all attempts considered.

    `reason`: why it was skipped. `duration_s`, and `settled_s` (after how long it held at last), in
    seconds. `is_known`: a deploy gate asked, and it was already broken before the deploy.
    """

    verdict: Verdict
    finding: Finding | None = None
    attempts: tuple[Attempt, ...] = ()
    accepted: Accepted | None = None
    reason: str = ""
    duration_s: float = 0.0
    settled_s: float = 0.0
    is_known: bool = False

    @property
    def accepted_entry(self) -> dict[str, str] | None:
        """Why and until when its finding is accepted, as the journal carries it."""
        if self.accepted is None:
            return None
        return {"why": self.accepted.why, "until": self.accepted.until.isoformat()}

    @property
    def counts_as(self) -> Verdict:
        """What it means for the run: a finding that is accepted or known is reported and fails
        nothing.
        """
        excused = self.accepted is not None or self.is_known
        return Verdict.HELD if excused and self.verdict in _ACCEPTABLE else self.verdict

    @property
    def reported_finding(self) -> Finding | None:
        """The finding to show: its own, else that of an attempt that did not hold."""
        failed = (attempt.finding for attempt in self.attempts if attempt.finding)
        return self.finding or next(failed, None)

    @property
    def fails(self) -> bool:
        return self.verdict in FAILING and not self.accepted

    @property
    def remark(self) -> str:
        return self.finding.code if self.finding else self.reason


def conclude(attempts: Sequence[Attempt]) -> Outcome:
    """The verdict over one or more attempts that ended: what broke and then held is intermittent,
    and a rerun that could not ask does not clear the target of what the first attempt saw; pure.
    """
    first, last = attempts[0], attempts[-1]
    decisive = first if last.verdict is Verdict.UNKNOWN else last
    verdict, finding = decisive.verdict or Verdict.UNKNOWN, decisive.finding
    if decisive.is_kept and first.verdict is Verdict.BROKEN and first.finding:
        finding = _at_times(first.finding, attempts)
        verdict = finding.verdict
    return Outcome(verdict, finding, tuple(attempts))


def _at_times(finding: Finding, attempts: Sequence[Attempt]) -> Finding:
    """What broke and then held; what is proven by being seen once stays what it is."""
    if finding.code in PROVEN_ONCE:
        return finding
    broke = sum(attempt.verdict is Verdict.BROKEN for attempt in attempts)
    asked = sum(attempt.verdict is not Verdict.UNKNOWN for attempt in attempts)
    again = ""
    if finding.repeats:
        again = f"asked again on fresh connections, 0 of {finding.repeats} failed; "
    observed = f"{finding.observed}; {again}the whole scenario failed {broke} of {asked} times"
    return replace(finding, code=Code.INTERMITTENT, observed=observed)


def finding_entry(finding: Finding | None) -> dict[str, Any] | None:
    """A finding as the journal carries it."""
    if finding is None:
        return None
    entry = {**asdict(finding), "runbook": finding.runbook}
    if not finding.repeats:
        del entry["failed_repeats"], entry["repeats"]
    return entry


@dataclass(frozen=True, slots=True)
class OngoingFailure:
    """A promise that did not hold in the previous run. `since` and `held` (when it last did, 0 if
    never seen) in Unix time; `runs` in a row.
    """

    code: str
    since: float
    runs: int = 1
    held: float = 0.0


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """What the runs before have left in the state store.

    `ran`: Unix time of the last whole run, 0 before the first. `notified`: the code that a channel
    was last told, {scenario: code}. `problem`: why nothing is known, else empty.
    """

    ran: float = 0.0
    failures: Mapping[str, OngoingFailure] = field(default_factory=dict)
    notified: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def was_broken(self, scenario: str) -> bool:
        """A promise that could not be asked was not broken, as far as anybody knows."""
        return scenario in self.failures and self.failures[scenario].code != Code.UNKNOWN
