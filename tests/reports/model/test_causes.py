"""Which findings stand together as one cause, and which cause stands first."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from probes.finding import Certainty, Code, Finding, Rung, Verdict, with_fact
from probes.results import Accepted, OngoingFailure, Outcome, PreviousRun
from reports.model.causes import (
    Block,
    Onset,
    group,
    onsets_of_histories,
    onsets_of_previous,
)
from reports.model.history import History, Seen
from reports.model.run import Result

NEW, OLD = Onset(is_new=True), Onset(is_new=False, began_at=100.0)
PATH, EDGE = "storage base path", "CloudFront error response"
KNOWN = Accepted("*", "*", "a fix is on its way", date(2027, 1, 1))


def finding(code: Code, cause: str, **more: Any) -> Finding:
    return Finding(code, f"{code} was seen", cause, **more)


def result(
    name: str, found: Finding | None, verdict: Verdict = Verdict.BROKEN, **how: Any
) -> Result:
    promise = {"title": "T.", "file": "f.py", "line": 1, "classname": "f", "name": "test_x"}
    whose = {"owner": "storage", "area": "edge", "incident": ""}
    return Result(id=name, **promise, **whose, outcome=Outcome(verdict, found, **how))  # type: ignore[arg-type]


ROUTE = finding(Code.ROUTE_BROKEN, PATH)
HTML = finding(Code.EDGE_HTML_FALLBACK, PATH)
MASKED = finding(Code.EDGE_MASKS_ERRORS, EDGE)
EXPIRING = finding(Code.TLS_EXPIRING, PATH)
BROWSERLESS = Finding(Code.UNKNOWN, "no browser", "the suite itself")
LATE = Finding(Code.UNKNOWN, "not done within 60 s", "the suite itself")
UNEXPLAINED = finding(Code.UNEXPLAINED, "unknown")


def names(blocks: tuple[Block, ...]) -> list[list[str]]:
    return [block_names(block) for block in blocks]


def block_names(block: Block) -> list[str]:
    return [each.id for each in block.results]


@pytest.mark.parametrize(
    ("results", "blocks"),
    [
        ([], []),
        ([result("a", None, Verdict.HELD), result("b", None, Verdict.SKIPPED)], []),
        ([result("a", ROUTE), result("b", HTML)], [["a", "b"]]),
        ([result("a", ROUTE), result("b", MASKED)], [["a"], ["b"]]),
        ([result("a", EXPIRING, Verdict.DEGRADED), result("b", ROUTE)], [["b", "a"]]),
        ([result("a", ROUTE), result("b", ROUTE, accepted=KNOWN)], [["a"], ["b"]]),
        ([result("a", ROUTE, is_known=True), result("b", ROUTE)], [["b"], ["a"]]),
        ([result("a", UNEXPLAINED), result("b", UNEXPLAINED)], [["a", "b"]]),
        ([result("a", UNEXPLAINED), result("b", replace(ROUTE, cause=""))], [["a"], ["b"]]),
        (
            [result("a", LATE, Verdict.UNKNOWN), result("b", BROWSERLESS, Verdict.NOT_RUN)],
            [["a", "b"]],
        ),
        ([result("a", None), result("b", None)], [["a"], ["b"]]),
    ],
)
def test_what_names_one_cause_is_one_block(results: list[Result], blocks: list[list[str]]) -> None:
    """Whatever the code; what is excused, and what names no cause, stands apart."""
    assert names(group(results)) == blocks


@pytest.mark.parametrize(
    ("results", "order"),
    [
        ([result("a", BROWSERLESS, Verdict.UNKNOWN), result("b", ROUTE)], ["b", "a"]),
        ([result("a", MASKED), result("b", ROUTE), result("c", HTML)], ["b", "a"]),
        ([result("a", MASKED, accepted=KNOWN), result("b", ROUTE, is_known=True)], ["b", "a"]),
    ],
)
def test_the_worst_stands_first(results: list[Result], order: list[str]) -> None:
    """By verdict, then by how many promises a cause breaks; what fails nothing comes last."""
    assert [block.lead.id for block in group(results)] == order


@pytest.mark.parametrize(
    ("onsets", "first"),
    [
        ({}, EDGE),
        ({"a": OLD, "b": OLD, "c": NEW}, PATH),
        ({"a": NEW, "b": NEW, "c": OLD}, EDGE),
        ({"a": OLD, "b": NEW, "c": NEW}, PATH),  # half of a cause that was there is no new cause
    ],
)
def test_a_new_break_stands_before_an_old_one(onsets: dict[str, Onset], first: str) -> None:
    """However many promises the old one breaks: the new one is what somebody just did."""
    blocks = group([result("a", MASKED), result("b", MASKED), result("c", ROUTE)], onsets)
    assert blocks[0].cause == first


def test_a_block_says_since_when_it_is_there() -> None:
    """The oldest of its breaks counts, and a new block has no since."""
    older = Onset(is_new=False, began_at=50.0)
    results = [result("a", ROUTE), result("b", HTML)]
    [old] = group(results, {"a": OLD, "b": older})
    [new] = group(results, {"a": NEW, "b": NEW})
    assert (old.is_new, old.began_at, new.is_new, new.began_at) == (False, 50.0, True, 0.0)


def test_symptoms_are_counted_by_code_with_an_example_each() -> None:
    """Most first, and the worst of them lead the block."""
    results = [result("a", ROUTE), result("b", HTML), result("c", HTML)]
    [block] = group([result("x", EXPIRING, Verdict.DEGRADED), *results])
    symptoms = [(s.code, len(s.results), s.example.id, s.observation) for s in block.symptoms]
    assert symptoms == [
        ("edge-html-fallback", 2, "b", "edge-html-fallback was seen"),
        ("route-broken", 1, "a", "route-broken was seen"),
        ("tls-expiring", 1, "x", "tls-expiring was seen"),
    ]
    assert (block.code, block.lead.id) == ("edge-html-fallback", "b")


def test_what_could_not_be_asked_is_counted_by_its_reason() -> None:
    """One code stands for many mishaps of ours."""
    results = [result(name, LATE, Verdict.UNKNOWN) for name in "ab"]
    [block] = group([result("c", BROWSERLESS, Verdict.UNKNOWN), *results])
    assert [(s.observation, len(s.results)) for s in block.symptoms] == [
        ("not done within 60 s", 2),
        ("no browser", 1),
    ]
    assert not block.is_of_target


def test_the_ladder_that_proves_most_is_the_proof() -> None:
    """A finding with a broken rung says more than one without, a proven cause more than both."""
    broke = (Rung("dns", True, "1"), Rung("rule", False, "2"))
    climbed = replace(HTML, rungs=broke, reproduce_command="curl b")
    proven = replace(HTML, certainty=Certainty.PROVEN, rungs=broke[1:])
    plain = replace(ROUTE, reproduce_command="curl a", rungs=broke[:1])
    [block] = group([result("a", plain), result("b", climbed)])
    assert (block.proof, block.certainty) == (climbed, Certainty.LIKELY)
    assert (block.broken_rung, block.reproduce_command) == (broke[1], "curl b")
    [block] = group([result("a", plain), result("b", climbed), result("c", proven)])
    assert (block.proof, block.certainty) == (proven, Certainty.PROVEN)
    assert block.reproduce_command == "curl b"  # the first that has one


def test_a_cause_that_is_proven_once_is_proven_for_all_who_name_it() -> None:
    """However many only guess it."""
    proven = with_fact(HTML, "ConfigMap storage-service-config has no SERVER_BASE_PATH")
    [block] = group([result("a", HTML), result("b", HTML), result("c", proven)])
    assert (block.cause, block.certainty) == (proven.cause, Certainty.PROVEN)


def test_a_block_names_every_owner_once() -> None:
    """The lead's first; an incident of any of its promises is its incident."""
    first = replace(result("a", ROUTE), owner="platform")
    others = [replace(result(name, HTML), owner="storage", incident="V6") for name in "bc"]
    [block] = group([first, *others])
    assert (block.owners, block.incident) == (("storage", "platform"), "V6")


def test_a_finding_that_nobody_recorded_is_not_made_up() -> None:
    """A block without a code has neither cause nor proof."""
    [block] = group([result("a", None)])
    assert (block.code, block.cause, block.proof, block.reproduce_command) == ("", "", None, "")


@pytest.mark.parametrize(
    ("previous", "onsets"),
    [
        (PreviousRun(), {}),
        (PreviousRun(ran=1.0, problem="the Secret answers 403"), {}),
        (PreviousRun(ran=1.0), {"a": NEW}),
        (PreviousRun(1.0, {"a": OngoingFailure("upload-lost", 100.0)}), {"a": OLD}),
        (PreviousRun(1.0, {"a": OngoingFailure("unknown", 100.0)}), {"a": NEW}),
    ],
)
def test_the_state_store_tells_new_from_old(
    previous: PreviousRun, onsets: dict[str, Onset]
) -> None:
    """What it does not know is neither; what could not be asked was not known broken."""
    results = [result("a", ROUTE), result("b", None, Verdict.HELD)]
    assert onsets_of_previous(previous, results) == onsets


@pytest.mark.parametrize(
    ("verdicts", "runs", "onsets"),
    [
        (["broken"], 1, {}),
        (["unknown", "broken"], 1, {}),
        (["held", "broken"], 1, {"a": Onset(is_new=True, began_at=100.0)}),
        (["held", "broken", "broken"], 2, {"a": OLD}),
    ],
)
def test_earlier_runs_tell_new_from_old(
    verdicts: list[str], runs: int, onsets: dict[str, Onset]
) -> None:
    """A promise that no earlier run has asked is not called new."""
    at = datetime.fromtimestamp(100.0, UTC)
    seen = tuple(Seen("r", at, Verdict(verdict), 0.1) for verdict in verdicts)
    history = History(seen, None, at, runs, "")
    results = [result("a", ROUTE), result("b", None, Verdict.HELD)]
    assert onsets_of_histories({"a": history, "b": history}, results) == onsets
