"""Findings that name the same cause, as one block: what a person reads, is told and fixes once.

Pure. A break that was not there in the last run stands before older ones, because it is what
somebody just did.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from probes.finding import PROVEN_BY, Certainty, Code, Finding, Rung, Verdict
from probes.results import PreviousRun
from reports.model.common_cause import Identity, services_by_identity, shape, with_services
from reports.model.history import History
from reports.model.run import NOTEWORTHY, WORST_FIRST, Result, Run

_NO_CAUSE = frozenset({"", "unknown"})
_ONE_CODE_FOR_MANY = frozenset({Code.UNKNOWN, Code.UNEXPLAINED})


@dataclass(frozen=True, slots=True)
class Onset:
    """Since when a promise is broken, as far as earlier runs say. `is_new`: the last run did not
    find it broken; `began_at` is Unix time, 0 where it is not known.
    """

    is_new: bool
    began_at: float = 0.0


NO_ONSETS: Mapping[str, Onset] = {}


@dataclass(frozen=True, slots=True)
class Symptom:
    """One way in which a cause shows: promises that broke with the same code, an example first."""

    code: str
    results: tuple[Result, ...]

    @property
    def example(self) -> Result:
        return self.results[0]

    @property
    def observation(self) -> str:
        """What was observed at the example; empty where no finding was recorded."""
        finding = self.example.outcome.reported_finding
        return finding.observed if finding else ""


@dataclass(frozen=True, slots=True)
class Block:
    """One cause with its symptoms, worst and most first. `began_at` in Unix time, 0 if not known;
    `services` where several have the same cause.
    """

    symptoms: tuple[Symptom, ...]
    is_new: bool = False
    began_at: float = 0.0
    services: tuple[str, ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(chain.from_iterable(symptom.results for symptom in self.symptoms))

    @property
    def lead(self) -> Result:
        """The promise that stands for the block."""
        return self.symptoms[0].example

    @property
    def code(self) -> str:
        """Of the lead; empty where no finding was recorded."""
        return self.symptoms[0].code

    @property
    def cause(self) -> str:
        """With the fact that proves it, where one does; empty where the findings name none."""
        proof = self.proof
        if proof and proof.certainty is Certainty.PROVEN:
            return proof.cause
        finding = self.lead.outcome.reported_finding
        if finding is None or finding.cause in _NO_CAUSE:
            return ""
        return with_services(finding.cause, self.services) if self.services else finding.cause

    @property
    def proof(self) -> Finding | None:
        """The finding whose ladder says most: one that proves the cause, else one with a broken
        rung, else the lead's.
        """
        found = [result.outcome.reported_finding for result in self.results]
        findings = [finding for finding in found if finding]
        return max(findings, key=_strength, default=None)

    @property
    def certainty(self) -> Certainty:
        return self.proof.certainty if self.proof else Certainty.LIKELY

    @property
    def broken_rung(self) -> Rung | None:
        rungs = self.proof.rungs if self.proof else ()
        return next((rung for rung in rungs if not rung.held), None)

    @property
    def reproduce_command(self) -> str:
        """That of the proof, else the first that a finding has."""
        found = [result.outcome.reported_finding for result in self.results]
        commands = [finding.reproduce_command for finding in (self.proof, *found) if finding]
        return next(filter(None, commands), "")

    @property
    def incident(self) -> str:
        return next((result.incident for result in self.results if result.incident), "")

    @property
    def owners(self) -> tuple[str, ...]:
        """Of all its promises, the lead's first."""
        return tuple(dict.fromkeys(result.owner for result in self.results if result.owner))

    @property
    def is_failing(self) -> bool:
        """It fails the run, or would with --strict-verdicts."""
        return self.lead.outcome.counts_as is not Verdict.HELD

    @property
    def is_of_target(self) -> bool:
        """It says something of the target, not of the suite."""
        return self.lead.verdict not in (Verdict.UNKNOWN, Verdict.NOT_RUN)


def group(results: Iterable[Result], onsets: Mapping[str, Onset] = NO_ONSETS) -> tuple[Block, ...]:
    """Blocks of all results that have something to say: new breaks before older ones, then by how
    many promises they break. What fails nothing comes last: known to a gate, accepted.
    """
    by_cause: dict[Identity, list[Result]] = {}
    for result in results:
        if result.verdict in NOTEWORTHY:
            by_cause.setdefault(_identity(result), []).append(result)
    blocks = [
        replace(_block(found, onsets), services=services)
        for services, found in _at_many_services(by_cause)
    ]
    return tuple(sorted(blocks, key=_order))


def _at_many_services(
    by_cause: Mapping[Identity, list[Result]],
) -> Iterable[tuple[tuple[str, ...], list[Result]]]:
    """The groups, those as one that differ in nothing but the service that their cause names, with
    these services.
    """
    causes = {identity: _likely_cause(found[0]) for identity, found in by_cause.items()}
    services_of = services_by_identity(causes)
    merged: dict[Identity, tuple[tuple[str, ...], list[Result]]] = {}
    for identity, found in by_cause.items():
        services = services_of.get(identity, ())
        same = (identity[0], shape(causes[identity])) if services else identity
        merged.setdefault(same, (services, []))[1].extend(found)
    return merged.values()


def _likely_cause(result: Result) -> str:
    """Empty where it is proven, or there is none."""
    finding = result.outcome.reported_finding
    if finding is None or finding.certainty is Certainty.PROVEN:
        return ""
    return "" if finding.cause in _NO_CAUSE else finding.cause


def _identity(result: Result) -> Identity:
    """Results with the same one stand in one block, whether a fact proves its cause or not."""
    outcome, finding = result.outcome, result.outcome.reported_finding
    excuse = (outcome.is_known, outcome.accepted and (outcome.accepted.why, outcome.accepted.until))
    if finding is None:
        return excuse, result.id
    no_cause = finding.cause in _NO_CAUSE
    return excuse, (finding.code, "") if no_cause else finding.cause.partition(PROVEN_BY)[0]


def _block(results: Iterable[Result], onsets: Mapping[str, Onset]) -> Block:
    by_symptom: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        finding = result.outcome.reported_finding
        code = str(finding.code) if finding else ""
        observed = finding.observed if finding and finding.code in _ONE_CODE_FOR_MANY else ""
        by_symptom.setdefault((code, observed), []).append(result)
    symptoms = [Symptom(code, tuple(found)) for (code, *_), found in by_symptom.items()]
    symptoms.sort(key=lambda symptom: (_rank(symptom.example), -len(symptom.results)))
    known = [onsets[r.id] for s in symptoms for r in s.results if r.id in onsets]
    is_new = sum(onset.is_new for onset in known) * 2 > len(known)
    older = [onset.began_at for onset in known if onset.began_at and not onset.is_new]
    since = 0.0 if is_new else min(older, default=0.0)
    return Block(tuple(symptoms), is_new, since)


def _rank(result: Result) -> int:
    return WORST_FIRST.index(result.verdict)


def _strength(finding: Finding) -> tuple[bool, bool]:
    broke = any(not rung.held for rung in finding.rungs)
    return finding.certainty is Certainty.PROVEN, broke


def _order(block: Block) -> tuple[bool, bool, int, bool, int]:
    lead = block.lead
    return (
        lead.outcome.accepted is not None,
        lead.outcome.is_known,
        _rank(lead),
        not block.is_new,
        -len(block.results),
    )


def blocks(run: Run, histories: Mapping[str, History]) -> tuple[Block, ...]:
    """The blocks of a run; what the state store knows of the last run counts for more than what
    folders beside this one say.
    """
    onsets = onsets_of_histories(histories, run.scenarios)
    if run.previous:
        onsets |= onsets_of_previous(run.previous, run.scenarios)
    return group(run.scenarios, onsets)


def onsets_of_previous(previous: PreviousRun, results: Iterable[Result]) -> dict[str, Onset]:
    """{scenario: onset} of what is broken, by what the state store has of the last run."""
    if not previous.ran or previous.problem:
        return {}
    broken = [result.id for result in results if result.verdict is Verdict.BROKEN]
    old = {name: previous.failures[name].since for name in broken if previous.was_broken(name)}
    return {name: Onset(name not in old, old.get(name, 0.0)) for name in broken}


def onsets_of_histories(
    histories: Mapping[str, History], results: Iterable[Result]
) -> dict[str, Onset]:
    """{scenario: onset} of what is broken and was asked by an earlier run, too."""
    onsets = {}
    for result in results:
        history = histories.get(result.id)
        if history is None or not history.since or result.verdict is not Verdict.BROKEN:
            continue
        if history.asked_before:
            onsets[result.id] = Onset(history.runs == 1, history.since.timestamp())
    return onsets
