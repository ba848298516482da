"""JUnit XML of a run, for CI systems: one test case a promise, and nothing that makes a reader drop
or misread one.

The target's fault is a failure, the suite's own an error. What is intermittent takes the form of
Maven Surefire. GitLab keeps only the first of two cases with equal names, so names are unique; a
half-written file never exists under its own name.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from probes.finding import Code, Finding, Verdict
from probes.results import Attempt
from reports.model.run import Result, Run
from reports.render import cause_rows, wording
from reports.render.writing import replace

SUITE = "wealist-probes"
EXCHANGES = 50  # of a failing promise, the last ones

# All but the Char production of XML 1.0, section 2.2: no parser takes these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(run: Run, path: Path, *, strict: bool = False) -> None:
    """Write or replace `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = tostring(tree(run, path.parent, strict=strict), "utf-8", xml_declaration=True)
    replace(path, document.decode())


def tree(run: Run, beside: Path, *, strict: bool = False) -> Element:
    """The document; attachments are named as seen from the folder `beside`."""
    root = Element("testsuites", name=SUITE)
    suite = SubElement(root, "testsuite", name=SUITE)
    _properties(suite, [*_of_run(run), *run.facts])
    seen: Counter[tuple[str, str]] = Counter()
    for scenario in run.scenarios:
        _case(suite, run, scenario, _unique(scenario, seen), beside, strict=strict)
    _sum_up(root, suite, run)
    indent(root)
    return root


def _of_run(run: Run) -> list[tuple[str, str]]:
    names = ("id", "version", "environment", "apex", "trace", "ended")
    return [(f"run.{name}", getattr(run, name)) for name in names]


def _sum_up(root: Element, suite: Element, run: Run) -> None:
    for element in (root, suite):
        element.set("tests", str(len(suite.findall("testcase"))))
        for plural, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            element.set(plural, str(len(suite.findall(f"testcase/{child}"))))
        element.set("time", f"{run.duration_s:.3f}")
    suite.set("timestamp", datetime.fromtimestamp(run.began_at, UTC).isoformat(timespec="seconds"))


def _unique(scenario: Result, seen: Counter[tuple[str, str]]) -> str:
    seen[scenario.classname, scenario.name] += 1
    number = seen[scenario.classname, scenario.name]
    return scenario.name if number == 1 else f"{scenario.name} ({scenario.id})"


def _case(
    suite: Element, run: Run, scenario: Result, name: str, beside: Path, *, strict: bool
) -> None:
    case = SubElement(suite, "testcase", classname=clean(scenario.classname), name=clean(name))
    if scenario.file:
        case.set("file", clean(scenario.file))
        case.set("line", str(scenario.line))
    case.set("time", f"{scenario.outcome.duration_s:.3f}")
    _properties(case, _of_scenario(run, scenario))
    _outcome(case, scenario, strict=strict)
    if output := list(_output(run, scenario, beside)):
        SubElement(case, "system-out").text = clean("\n".join(output))


def _properties(parent: Element, pairs: Iterable[tuple[str, str]]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in pairs:
        if value:
            SubElement(properties, "property", name=clean(name), value=clean(value))


def _of_scenario(run: Run, scenario: Result) -> list[tuple[str, str]]:
    finding, accepted = scenario.outcome.reported_finding, scenario.outcome.accepted
    return [
        ("scenario", scenario.id),
        ("promise", scenario.title),
        ("owner", scenario.owner),
        ("area", scenario.area),
        ("incident", scenario.incident),
        ("verdict", scenario.verdict),
        ("attempts", str(len(scenario.outcome.attempts))),
        ("code", finding.code if finding else ""),
        ("cause", finding.cause if finding else ""),
        ("certainty", finding.certainty if finding and finding.code != Code.UNKNOWN else ""),
        ("runbook", finding.runbook if finding else ""),
        ("accepted.until", accepted.until.isoformat() if accepted else ""),
        ("accepted.why", accepted.why if accepted else ""),
        ("trace-id", run.trace),
    ]


def _outcome(case: Element, scenario: Result, *, strict: bool) -> None:
    verdict = scenario.outcome.counts_as
    if verdict is Verdict.SKIPPED:
        SubElement(case, "skipped", message=clean(scenario.outcome.reason))
    elif verdict is Verdict.NOT_RUN:
        _problem(case, "error", scenario.finding, scenario, kind="not-run")
    elif verdict is Verdict.UNKNOWN:
        _add_failure(case, "error", "rerunError", scenario)
    elif verdict is Verdict.BROKEN or (strict and verdict is Verdict.DEGRADED):
        _add_failure(case, "failure", "rerunFailure", scenario)
    elif _held_at_last(scenario):
        for attempt in _unkept(scenario):
            kind = "flakyError" if attempt.verdict is Verdict.UNKNOWN else "flakyFailure"
            _surefire(case, kind, attempt.finding, scenario)


def _add_failure(case: Element, first: str, again: str, scenario: Result) -> None:
    """The first attempt is the failure and the others are its reruns, as Surefire has it."""
    tries: Sequence[Finding | None] = [a.finding for a in _unkept(scenario)] or [scenario.finding]
    _problem(case, first, tries[0] or scenario.finding, scenario)
    for finding in tries[1:]:
        _surefire(case, again, finding, scenario)


def _held_at_last(scenario: Result) -> bool:
    finding, attempts = scenario.finding, scenario.outcome.attempts
    return finding is not None and finding.code is Code.INTERMITTENT and len(attempts) > 1


def _unkept(scenario: Result) -> list[Attempt]:
    return [a for a in scenario.outcome.attempts if a.verdict is not Verdict.HELD and a.finding]


def _problem(
    case: Element, tag: str, finding: Finding | None, scenario: Result, kind: str = ""
) -> Element:
    code, observed = (
        (finding.code, finding.observed) if finding else ("unknown", "no finding was recorded")
    )
    problem = SubElement(case, tag, message=clean(f"{code}: {observed}"), type=kind or code)
    problem.text = clean("\n".join(["", *_label_lines(scenario, finding), ""]))
    return problem


def _surefire(case: Element, tag: str, finding: Finding | None, scenario: Result) -> None:
    problem = _problem(case, tag, finding, scenario)
    SubElement(problem, "stackTrace").text, problem.text = problem.text, None


def _label_lines(result: Result, finding: Finding | None) -> list[str]:
    return [f"{label:<10}{text}" for label, text in cause_rows.result_rows(result, finding)]


def _output(run: Run, scenario: Result, beside: Path) -> Iterable[str]:
    """What CI shows beside the case; an attachment must stand alone on its line."""
    if scenario.outcome.counts_as in (Verdict.HELD, Verdict.DEGRADED) and scenario.finding:
        yield from _label_lines(scenario, scenario.finding)
    if scenario.outcome.reported_finding:
        yield from (wording.one_line(note) for note in scenario.notes)
        yield from (wording.exchange_line(exchange) for exchange in scenario.exchanges[-EXCHANGES:])
    for artifact in scenario.artifacts:
        path = os.path.relpath(run.folder / artifact.path.replace("\0", ""), beside)
        yield f"[[ATTACHMENT|{wording.escape(Path(path).as_posix())}]]"


def clean(text: str) -> str:
    return _NOT_XML.sub("", text)
