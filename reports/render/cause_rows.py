"""One cause, or one promise, in labelled rows: what the terminal, the gate's pane, annotations and
JUnit say of it.
"""

from collections.abc import Iterator, Mapping

from rich.cells import cell_len

from probes.finding import Finding
from reports.model.causes import Block, Symptom
from reports.model.history import History
from reports.model.run import Result
from reports.render import wording
from reports.render.languages import ENGLISH, Words

SYMPTOMS = 4  # of one block; report.html has them all
_RUNG = 8  # columns of a rung's name

# The key of a label (`label.<key>` in reports/render/texts; empty: as above) and a text.
Rows = list[tuple[str, str]]


def heading(block: Block, words: Words = ENGLISH) -> str:
    """Verdict, codes and number of promises, and why it fails nothing or that it is new."""
    parts = [_codes(block, words)]
    if len(block.results) > 1:
        parts.append(words.text("heading.promises", number=len(block.results)))
    return " ".join([f"{badge(block, words)}  {', '.join(parts)}", *_marks(block, words)])


def _codes(block: Block, words: Words) -> str:
    code = block.code or words.text("heading.no-finding")
    others = len({symptom.code for symptom in block.symptoms}) - 1
    if not others:
        return code
    key = "heading.codes-two" if others == 1 else "heading.codes"
    return words.text(key, code=code, number=others)


def badge(block: Block, words: Words = ENGLISH) -> str:
    """The verdict of the worst promise."""
    return words.verdict(block.lead.verdict)


def _marks(block: Block, words: Words) -> Iterator[str]:
    outcome = block.lead.outcome
    if outcome.accepted:
        yield words.text("heading.accepted", until=outcome.accepted.until)
    if outcome.is_known:
        yield words.text("heading.known")
    if block.is_new:
        yield words.text("heading.new")


def block_rows(
    block: Block, words: Words = ENGLISH, history: Mapping[str, History] = wording.NO_HISTORY
) -> Rows:
    """Everything that a reader needs about one cause, label by label, each once."""
    return [
        *_cause_rows(block, words),
        *ladder_rows(block.proof, words),
        ("promise", wording.one_line(words.promise(block.lead.title))),
        *_symptom_rows(block, words),
        *_since_rows(block, words, history),
        *_whom_rows(block, words),
        *_command_rows(block.reproduce_command),
    ]


def _cause_rows(block: Block, words: Words) -> Rows:
    if not block.cause:
        return []
    cause = wording.one_line(words.cause(block.cause))
    says_so = "proven: " in block.cause  # with the fact that proves it
    if says_so or not block.is_of_target:
        return [("cause", cause)]
    return [("cause", words.text(f"certainty.{block.certainty}", cause=cause))]


def _symptom_rows(block: Block, words: Words) -> Iterator[tuple[str, str]]:
    single = len(block.results) == 1
    for index, symptom in enumerate(block.symptoms[:SYMPTOMS]):
        example = wording.one_line(symptom.example.id)
        label = "scenario" if single else "symptoms"
        name = example if single else _symptom_name(symptom, example, words)
        yield ("" if index else label), name
        observed = wording.one_line(symptom.observation) or words.text("rows.no-finding")
        yield ("observed" if single else ""), observed
    if len(block.symptoms) > SYMPTOMS:
        yield "", words.text("rows.more", number=len(block.symptoms) - SYMPTOMS)


def _symptom_name(symptom: Symptom, example: str, words: Words) -> str:
    code = symptom.code or words.text("heading.no-finding")
    return words.text("rows.symptom", code=code, number=len(symptom.results), example=example)


def _since_rows(block: Block, words: Words, history: Mapping[str, History]) -> Rows:
    """By the folders of earlier runs, which know how often; else by the state store."""
    known = history.get(block.lead.id)
    if known and known.asked_before:
        return [("since", known.sentence)]
    text = wording.onset(block, words)
    return [("since", text)] if text else []


def _whom_rows(block: Block, words: Words) -> Rows:
    rows: Rows = []
    if accepted := block.lead.outcome.accepted:
        text = words.text("rows.accepted", until=accepted.until, why=accepted.why)
        rows.append(("accepted", wording.one_line(text)))
    if block.incident:
        rows.append(("incident", wording.one_line(block.incident)))
    if block.owners:
        rows.append(("owner", wording.one_line(", ".join(block.owners))))
    if block.code:
        rows.append(("runbook", words.runbook_path(block.code)))
    return rows


def result_rows(result: Result, finding: Finding | None, words: Words = ENGLISH) -> Rows:
    """One promise and one of its findings, for a report in which every promise stands alone."""
    rows: Rows = [
        ("promise", wording.one_line(words.promise(result.title))),
        ("", wording.one_line(result.id)),
    ]
    if finding is None:
        rows.append(("observed", words.text("rows.no-finding")))
    else:
        rows.append(("observed", wording.one_line(finding.observed)))
        rows.append(("cause", wording.one_line(words.cause(finding.cause))))
        rows += ladder_rows(finding, words)
    code, command = (finding.code, finding.reproduce_command) if finding else ("", "")
    alone = Block((Symptom(code, (result,)),))
    return [*rows, *_whom_rows(alone, words), *_command_rows(command)]


def _command_rows(command: str) -> Rows:
    return [("reproduce_command", wording.escape(command))] if command else []


def ladder_rows(finding: Finding | None, words: Words) -> Rows:
    """A row for each rung, under one label."""
    rungs = finding.rungs if finding else ()
    lines = [rung_line(rung.name, rung.detail, words, held=rung.held) for rung in rungs]
    return [("" if index else "ladder", line) for index, line in enumerate(lines)]


def rung_line(name: str, detail: str, words: Words, *, held: bool) -> str:
    outcome = wording.pad(words.text(f"rung.{'held' if held else 'broke'}"), _outcomes(words))
    return f"{wording.one_line(name):<{_RUNG}} {outcome}  {wording.one_line(detail)}".rstrip()


def rung_indent(words: Words) -> int:
    """Columns of a rung's line before what was seen there."""
    return _RUNG + 1 + _outcomes(words) + 2


def _outcomes(words: Words) -> int:
    return max(cell_len(words.text(f"rung.{outcome}")) for outcome in ("held", "broke"))
