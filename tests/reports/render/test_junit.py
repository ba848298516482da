"""junit.xml: what CI systems count, keep and show, read back by a parser that is not ours."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from junitparser import JUnitXml

from reports.model.run import Run
from reports.render import junit
from tests.reports.conftest import HTML, Written, expected, finding, killed, parsed, red

EXPIRING = finding("tls-expiring", "10 days", "certificate")


def written_xml(run: Run, *, strict: bool = False) -> str:
    path = run.folder / "junit.xml"
    junit.write(run, path, strict=strict)
    return path.read_text("utf-8")


def cases(run: Run, *, strict: bool = False) -> dict[str, Element]:
    found = parsed(written_xml(run, strict=strict)).findall("testsuite/testcase")
    return {properties(case)["scenario"]: case for case in found}


def properties(parent: Element) -> dict[str, str]:
    return {p.attrib["name"]: p.attrib["value"] for p in parent.findall("properties/property")}


def outcome(case: Element) -> list[str]:
    return [child.tag for child in case if child.tag not in {"properties", "system-out"}]


def test_a_run_reads_like_its_golden_file(
    sample: tuple[str, Run], golden: Callable[[str, str], None]
) -> None:
    """PROBES_GOLDEN=write writes them anew; the difference is for a person to judge."""
    name, run = sample
    golden(f"{name}.xml", written_xml(run))


def test_counts_are_those_of_the_elements(sample: tuple[str, Run]) -> None:
    """Another parser counts the cases and finds what the suite claims."""
    _, run = sample
    written_xml(run)
    claimed = JUnitXml.fromfile(str(run.folder / "junit.xml"))
    numbers = (claimed.tests, claimed.failures, claimed.errors, claimed.skipped)
    claimed.update_statistics()  # type: ignore[no-untyped-call]
    assert numbers == (claimed.tests, claimed.failures, claimed.errors, claimed.skipped)
    assert numbers[0] == len(run.scenarios)


def test_each_verdict_has_its_element(written: Written) -> None:
    """The target's fault is a failure, the suite's own an error, an accepted or degraded promise
    passes.
    """
    found = cases(red(written).load())
    assert {name: outcome(case) for name, case in found.items()} == {
        "storage/folder-contents-are-json[apex]": ["failure", "rerunFailure"],
        "storage/a-file-comes-back": ["failure", "rerunFailure"],
        "edge/health": [],
        "edge/tls": [],
        "presign/board": [],
        "edge/bob": ["error"],
        "edge/lost": ["error"],
    }
    assert found["edge/lost"].find("error").attrib["type"] == "not-run"  # type: ignore[union-attr]
    assert properties(found["edge/tls"])["verdict"] == "degraded"
    assert properties(found["presign/board"])["accepted.why"] == "fixed in the next release"


def test_a_failing_case_says_who_what_and_where(written: Written) -> None:
    """File and line for the reader's editor; owner, code, cause, runbook and trace for whoever is
    woken.
    """
    case = cases(red(written).load())["storage/folder-contents-are-json[apex]"]
    assert (case.attrib["file"], case.attrib["line"], case.attrib["time"]) == (
        "scenarios/test_storage.py",
        "7",
        "0.900",
    )
    said = properties(case)
    assert (
        said.items()
        >= {
            "owner": "platform",
            "area": "storage",
            "incident": "V6 section 1",
            "verdict": "broken",
            "attempts": "2",
            "code": "edge-html-fallback",
            "cause": HTML["cause"],
            "runbook": "docs/runbooks/edge-html-fallback.md",
            "trace-id": "ab" * 16,
        }.items()
    )
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib["type"] == "edge-html-fallback"
    assert HTML["reproduce_command"] in (failure.text or "")


def test_an_intermittent_promise_passes_in_surefire_s_form(written: Written) -> None:
    """The failed attempt is on record and counts as no failure; one that could not ask is a
    flakyError.
    """
    silent = finding("unknown", "no browser", "the suite itself")
    at_times = HTML | {"code": "intermittent"}
    written.started("edge/a").tried("edge/a", "broken", HTML)
    written.tried("edge/a", "unknown", silent, attempt=2).tried("edge/a", "held", attempt=3)
    written.became("edge/a", "degraded", at_times, attempts=3)
    [case] = cases(written.ended().load()).values()
    assert outcome(case) == ["flakyFailure", "flakyError"]
    assert HTML["cause"] in (case.findtext("flakyFailure/stackTrace") or "")
    assert properties(case)["code"] == "intermittent"


def test_attempts_that_broke_differently_are_all_told(written: Written) -> None:
    """First failure first, the rerun after it, each with its own code."""
    lost = finding("upload-lost", "gone", "confirm")
    written.started("edge/a").tried("edge/a", "broken", HTML).tried(
        "edge/a", "broken", lost, attempt=2
    )
    case = cases(written.became("edge/a", "broken", lost, attempts=2).ended().load())["edge/a"]
    kinds = [child.attrib["type"] for child in case if child.tag in {"failure", "rerunFailure"}]
    assert kinds == ["edge-html-fallback", "upload-lost"]


@pytest.mark.parametrize(("strict", "expected_outcome"), [(False, []), (True, ["failure"])])
def test_degraded_fails_only_the_strict(
    written: Written, strict: bool, expected_outcome: list[str]
) -> None:
    """As the exit code does."""
    written.started("edge/tls").tried("edge/tls", "degraded", EXPIRING).became(
        "edge/tls", "degraded", EXPIRING
    )
    assert outcome(cases(written.ended().load(), strict=strict)["edge/tls"]) == expected_outcome


def test_a_skipped_case_says_why(written: Written) -> None:
    """Its reason is its message."""
    written.started("edge/tls").became("edge/tls", "skipped", reason="no https here", attempts=0)
    skipped = cases(written.ended().load())["edge/tls"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "no https here"


def test_equal_names_are_told_apart(written: Written) -> None:
    """GitLab would keep the first and drop the others."""
    written.started(
        *(expected(f"edge/{n}", name="test_same", classname="same") for n in range(3))
    ).ended()
    named = [
        (case.attrib["classname"], case.attrib["name"]) for case in cases(written.load()).values()
    ]
    assert named == [
        ("same", "test_same"),
        ("same", "test_same (edge/1)"),
        ("same", "test_same (edge/2)"),
    ]


def test_attachments_stand_alone_and_are_found_from_the_file(
    written: Written, tmp_path: Path
) -> None:
    """Wherever junit.xml lies, the path leads from there to the artifact."""
    run = red(written).load()
    (run.folder / "artifacts").mkdir()
    (run.folder / run.scenarios[0].artifacts[0].path).touch()
    for path in (run.folder / "junit.xml", tmp_path / "elsewhere/junit.xml"):
        junit.write(run, path)
        out = parsed(path.read_text("utf-8")).findtext("testsuite/testcase/system-out") or ""
        (attached,) = re.findall(r"^\[\[ATTACHMENT\|(.*)\]\]$", out, re.MULTILINE)
        assert (path.parent / attached).is_file()


def test_the_last_exchanges_of_a_failing_promise_are_shown(written: Written) -> None:
    """What was asked last stands beside the failure; a promise that held stays silent."""
    written.started("edge/a", "edge/b")
    for number in range(60):
        written.exchange(
            "edge/a", url=f"https://wealist.co.kr/{number}", status=None, error="ReadTimeout: 5 s"
        )
    found = cases(written.exchange("edge/b").broken("edge/a").held("edge/b").ended().load())
    out = found["edge/a"].findtext("system-out") or ""
    assert "GET https://wealist.co.kr/59 -> ReadTimeout: 5 s in 0.020 s" in out
    assert "kr/9 " not in out
    assert found["edge/b"].find("system-out") is None


def test_any_text_makes_valid_xml(written: Written) -> None:
    """Control characters, lone surrogates, markup and unassigned planes, in every field there
    is.
    """
    nasty = (
        "".join(map(chr, range(32)))
        + "\x7f\x85\ud800\ufffe\uffff]]>&lt;<b a='\"'>위리스트\U0001f600"
    )
    fields = dict.fromkeys(
        ("title", "file", "classname", "name", "owner", "area", "incident"), nasty
    )
    rungs = [{"name": nasty, "held": False, "detail": nasty}]
    bad = finding("upload-lost", nasty, nasty, reproduce_command=nasty, rungs=rungs)
    written.started(expected("edge/a", **fields), expected(nasty, **fields), run=nasty, trace=nasty)
    written.write("fact", name=nasty, value=nasty).exchange(
        "edge/a", url=nasty, method=nasty, error=nasty
    )
    written.write("note", scenario="edge/a", attempt=1, text=nasty)
    written.write("artifact", scenario="edge/a", attempt=1, name=nasty, path=nasty)
    written.broken("edge/a", bad).became(nasty, "skipped", reason=nasty, attempts=0)
    xml = written_xml(written.load())
    root = parsed(xml)
    assert root.attrib["failures"] == "1"
    assert "위리스트\U0001f600" in xml
    assert len({(c.attrib["classname"], c.attrib["name"]) for c in root.iter("testcase")}) == 2


def test_a_finding_that_was_not_recorded_is_still_a_failure(written: Written) -> None:
    """A verdict without words stays a verdict."""
    case = cases(written.started("edge/a").became("edge/a", "broken").ended().load())["edge/a"]
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "unknown: no finding was recorded"


def test_no_half_file_lies_beside_it(written: Written) -> None:
    """A folder with junit.xml has the whole of it and nothing unfinished."""
    run = killed(written).load()
    assert written_xml(run) == written_xml(run)
    assert sorted(path.name for path in run.folder.iterdir()) == ["junit.xml", "run.jsonl"]
