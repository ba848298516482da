"""The test cases of a JUnit report, read by another parser than wrote them."""

from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree

from junitparser import JUnitXml


def cases(path: Path) -> dict[str, Element]:
    """The test cases of a JUnit report by scenario, once another parser has counted them."""
    claimed = JUnitXml.fromfile(str(path))
    numbers = (claimed.tests, claimed.failures, claimed.errors, claimed.skipped)
    claimed.update_statistics()  # type: ignore[no-untyped-call]
    assert numbers == (claimed.tests, claimed.failures, claimed.errors, claimed.skipped)
    return {
        properties(case)["scenario"]: case
        for case in ElementTree(file=path).iterfind("testsuite/testcase")
    }


def properties(case: Element) -> dict[str, str]:
    return {p.attrib["name"]: p.attrib["value"] for p in case.iterfind("properties/property")}


def problems(case: Element) -> list[str]:
    return [child.tag for child in case if child.tag not in {"properties", "system-out"}]
