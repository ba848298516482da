"""junit.xml as those read it who have to: GitLab, Jenkins, GitHub's reporters, Testkube, and a
parser of xunit 2.

What is allowed is what testmoapp/junitxml lists as understood by common tools, with the elements
for reruns of Maven Surefire 3 (surefire-test-report.xsd), which Jenkins' xunit plugin and
junitparser know too.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from junitparser import xunit2

from reports.model.run import Run
from reports.render import junit
from tests.reports.conftest import HTML, SAMPLES, Written, finding, intermittent, parsed, red

# element: (attributes that it must have, that it may have, children that it may have)
KNOWN: dict[str, tuple[str, str, str]] = {
    "testsuites": ("name tests failures errors", "skipped time", "testsuite"),
    "testsuite": ("name tests failures errors skipped time timestamp", "", "properties testcase"),
    "properties": ("", "", "property"),
    "property": ("name value", "", ""),
    "testcase": (
        "classname name time",
        "file line",
        (
            "properties failure error skipped rerunFailure rerunError flakyFailure flakyError "
            "system-out"
        ),
    ),
    "failure": ("message type", "", ""),
    "error": ("message type", "", ""),
    "skipped": ("message", "", ""),
    **dict.fromkeys(
        ("rerunFailure", "rerunError", "flakyFailure", "flakyError"),
        ("type", "message", "stackTrace"),
    ),
    "stackTrace": ("", "", ""),
    "system-out": ("", "", ""),
}
OUTCOMES = {"failure", "error", "skipped"}
GITLAB_LARGEST = 30_000_000  # bytes of one file, gitlab.com's limit
SUREFIRE_TIME = re.compile(r"\d{1,3}(,\d{3})*\.\d{3}|\d+\.\d{3}")


def document(run: Run) -> Element:
    path = run.folder / "junit.xml"
    junit.write(run, path)
    return parsed(path.read_text("utf-8"))


def test_there_is_nothing_that_a_reader_does_not_know(sample: tuple[str, Run]) -> None:
    """Every element stands where tools look for it and has what they need; nothing is invented."""
    root = document(sample[1])
    assert root.tag == "testsuites"
    for element in root.iter():
        must, may, children = (set(names.split()) for names in KNOWN[element.tag])
        assert must <= set(element.attrib), element.tag
        assert set(element.attrib) <= must | may, element.tag
        assert {child.tag for child in element} <= children, element.tag


def test_a_case_has_one_outcome(sample: tuple[str, Run]) -> None:
    """GitLab and dorny/test-reporter take the first of several, so there is never a second; reruns
    are no outcomes.
    """
    for case in document(sample[1]).iter("testcase"):
        assert sum(child.tag in OUTCOMES for child in case) <= 1
        again = [child.tag for child in case if child.tag.startswith("rerun")]
        assert not again or case.find("failure") is not None or case.find("error") is not None
        assert not (case.findall("flakyFailure") and case.find("failure") is not None)


def test_times_and_counts_are_numbers_as_surefire_writes_them(sample: tuple[str, Run]) -> None:
    """Seconds with a point; a sum that Jenkins can show."""
    for element in document(sample[1]).iter():
        assert SUREFIRE_TIME.fullmatch(element.attrib.get("time", "0.000"))
        for name in ("tests", "failures", "errors", "skipped", "line"):
            assert element.attrib.get(name, "0").isdigit()


def test_gitlab_keeps_every_case(sample: tuple[str, Run]) -> None:
    """It drops the second of two cases with one classname and name, so all differ."""
    named = [
        (case.attrib["classname"], case.attrib["name"])
        for case in document(sample[1]).iter("testcase")
    ]
    assert len(set(named)) == len(named) == len(sample[1].scenarios)


def test_gitlab_takes_the_file_however_much_is_broken(written: Written) -> None:
    """Ten broken promises with long exchanges are so small that four hundred stay below its
    limit.
    """
    names = [f"edge/a-promise-of-common-length[{number}]" for number in range(10)]
    written.started(*names)
    for name in names:
        for _ in range(junit.EXCHANGES + 1):
            written.exchange(name, url="https://wealist.co.kr/" + "x" * 400)
        written.broken(name, HTML)
    junit.write(written.ended().load(), written.folder / "junit.xml")
    assert (written.folder / "junit.xml").stat().st_size * 40 < GITLAB_LARGEST


def test_jenkins_and_gitlab_find_what_is_attached(written: Written) -> None:
    """The mark stands alone on its line of system-out, and the path leads to the file from where
    the report lies.
    """
    root = document(red(written).load())
    lines = [
        line
        for out in root.iter("system-out")
        for line in (out.text or "").splitlines()
        if "ATTACHMENT" in line
    ]
    assert lines == ["[[ATTACHMENT|artifacts/page-2-1-screenshot.png]]"]


@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
def test_github_finds_the_file(written: Written, make: object) -> None:
    """Annotations need a path inside of the checkout and a line in it."""
    assert callable(make)
    make(written)
    for case in document(written.load()).iter("testcase"):
        path = PurePosixPath(case.attrib["file"])
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert int(case.attrib["line"]) > 0


def test_an_intermittent_promise_passes_and_is_seen_to_be_one(written: Written) -> None:
    """junitparser, mikepenz/action-junit-report and Jenkins count it as passed, with the attempt
    that failed.
    """
    run = intermittent(written).load()
    document(run)
    suites: Any = xunit2.JUnitXml.fromfile(str(Path(run.folder, "junit.xml")))
    (case,) = [case for suite in suites for case in suite if case.flaky_failures()]
    assert case.is_passed
    assert case.flaky_failures()[0].type == "service-stalled"
    assert "no answer within 5 s" in case.flaky_failures()[0].stack_trace


def test_a_promise_that_broke_twice_is_one_failure_with_a_rerun(written: Written) -> None:
    """Nobody counts it as two, or takes the rerun for a pass."""
    lost = finding("upload-lost", "gone", "confirm")
    written.started("edge/a").broken("edge/a", lost).ended()
    document(written.load())
    suites: Any = xunit2.JUnitXml.fromfile(str(written.folder / "junit.xml"))
    (suite,) = suites
    (case,) = suite
    assert [result.type for result in case.result] == ["upload-lost"]
    assert [rerun.type for rerun in case.rerun_failures()] == ["upload-lost"]
    assert (suite.tests, suite.failures, suite.errors) == (1, 1, 0)
