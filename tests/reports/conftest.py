"""Journals written by hand: what a run leaves in its folder, without a run."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from jsonschema import Draft202012Validator

from probes.recording import journal
from reports.model.run import Run, load

ROOT = Path(__file__).parent.parent.parent
GOLDEN = Path(__file__).parent / "golden"
SCHEMA = Draft202012Validator(
    json.loads((ROOT / "probes/recording/journal.schema.json").read_text())
)
BEGAN = 1_790_000_000.0


def finding(code: str, observed: str, cause: str, **more: Any) -> dict[str, Any]:
    empty = {"runbook": f"docs/runbooks/{code}.md", "reproduce_command": "", "rungs": []}
    return {"code": code, "observed": observed, "cause": cause} | empty | more


def expected(scenario: str, **more: Any) -> dict[str, Any]:
    area, _, slug = scenario.partition("/")
    return {
        "scenario": scenario,
        "title": f"The promise of {scenario} is kept",
        "file": f"scenarios/test_{area}.py",
        "line": 7,
        "classname": f"scenarios.test_{area}",
        "name": f"test_{slug.replace('-', '_')}",
        "owner": "platform",
        "area": area,
        "incident": "",
    } | more


HTML = finding(
    "edge-html-fallback",
    "GET /api/storage/folders/contents answered 200 text/html where JSON was promised",
    "storage base path: the service serves /api/storage, the gateway sends /storage",
    reproduce_command='curl -sS -i -H "Authorization: Bearer $TOKEN" https://wealist.co.kr/api/storage/folders/contents?workspaceId=1',
    rungs=[
        {"name": "dns", "held": True, "detail": "127.0.0.1"},
        {"name": "service", "held": False, "detail": "404 on api, 200 JSON with /api in front"},
    ],
)


def parsed(xml: str) -> Element:
    return fromstring(xml)  # noqa: S314 - our own file


class Written:
    """A journal that grows line by line, one second each; every line obeys the schema unless it is
    to be odd.
    """

    def __init__(self, folder: Path, began: float = BEGAN) -> None:
        self.folder = folder
        self._at = began
        self._journal = journal.Journal(folder)

    def write(self, event: str, *, odd: bool = False, **fields: Any) -> "Written":
        if not odd:
            SCHEMA.validate({"event": event, "at": self._at, **fields})
        self._journal.write(event, **{"at": self._at} | fields)
        self._at += 1
        return self

    def raw(self, line: bytes) -> "Written":
        with (self.folder / journal.NAME).open("ab") as file:
            file.write(line)
        return self

    def started(self, *scenarios: str | dict[str, Any], **more: Any) -> "Written":
        run = {
            "run": "run-1",
            "version": "0.1.0",
            "environment": "replica",
            "apex": "wealist.co.kr",
        }
        entries = [s if isinstance(s, dict) else expected(s) for s in scenarios]
        fields: dict[str, Any] = run | {"deadline": 60.0, "trace": "ab" * 16, "expected": entries}
        return self.write("run-started", **fields | more)

    def begun(self, scenario: str, attempt: int = 1) -> "Written":
        return self.write("attempt-started", scenario=scenario, attempt=attempt)

    def tried(
        self, scenario: str, verdict: str, found: dict[str, Any] | None = None, attempt: int = 1
    ) -> "Written":
        self.begun(scenario, attempt)
        fields: dict[str, Any] = {"verdict": verdict, "duration": 0.4, "finding": found}
        return self.write("attempt-finished", scenario=scenario, attempt=attempt, **fields)

    def became(
        self, scenario: str, verdict: str, found: dict[str, Any] | None = None, **more: Any
    ) -> "Written":
        usual = {"duration": 0.4, "attempts": 1, "accepted": None, "reason": ""}
        return self.write(
            "scenario-finished", scenario=scenario, verdict=verdict, finding=found, **usual | more
        )

    def held(self, *scenarios: str) -> "Written":
        for scenario in scenarios:
            self.tried(scenario, "held").became(scenario, "held")
        return self

    def broken(self, scenario: str, found: dict[str, Any] = HTML, **more: Any) -> "Written":
        self.tried(scenario, "broken", found).tried(scenario, "broken", found, attempt=2)
        return self.became(scenario, "broken", found, **{"attempts": 2, "duration": 0.9} | more)

    def exchange(self, scenario: str | None, **more: Any) -> "Written":
        message = {"headers": {"accept": "*/*"}, "body": ""}
        fields: dict[str, Any] = {
            "kind": "http",
            "method": "GET",
            "url": "https://wealist.co.kr/",
            "status": 200,
            "duration": 0.02,
            "attempt": 1,
        }
        fields |= {"request": message, "response": message, "error": None, "span": "cd" * 8}
        return self.write("exchange", scenario=scenario, **fields | more)

    def ended(self, how: str = "completed") -> "Written":
        self.write("spans", kept=9, exported=0, lost=0, reason="")
        return self.write("run-finished", ended=how, duration=8.25)

    def close(self) -> None:
        self._journal.close()

    def load(self) -> Run:
        return load(self.folder)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """An empty journal in a folder that reports name the same on every machine."""
    monkeypatch.chdir(tmp_path)
    mine = Written(Path("reports/runs/run-1"))
    yield mine
    mine.close()


def green(written: Written) -> Written:
    names = (
        "edge/the-app-shell-loads",
        "storage/a-file-comes-back[apex]",
        "storage/a-file-comes-back[api]",
    )
    written.started(*names, "edge/the-certificate-is-valid").write(
        "fact", name="build", value="2f1c9e0"
    )
    written.held(*names).exchange(names[0])
    return written.became(
        "edge/the-certificate-is-valid", "skipped", reason="no https here", attempts=0
    ).ended()


def red(written: Written) -> Written:
    broken = ("storage/folder-contents-are-json[apex]", "storage/a-file-comes-back")
    expiring = finding("tls-expiring", "the certificate ends in 10 days", "certificate")
    lost = finding("upload-lost", "PUT answered 200, then GET answered 404", "confirm")
    silent = finding("unknown", "no password for bob; set PROBES_BOB_PASSWORD", "the suite itself")
    written.started(
        expected(broken[0], incident="V6 section 1"),
        *broken[1:],
        "edge/health",
        "edge/tls",
        "presign/board",
        "edge/bob",
        "edge/lost",
    )
    written.write("note", scenario=broken[0], attempt=1, text="build 2f1c9e0 is served")
    written.exchange(broken[0], status=404).exchange(
        broken[0], status=None, error="ReadTimeout: 5 s"
    )
    written.write(
        "artifact",
        scenario=broken[0],
        attempt=2,
        name="screenshot",
        path="artifacts/page-2-1-screenshot.png",
    )
    written.broken(broken[0]).broken(broken[1]).held("edge/health")
    written.tried("edge/tls", "degraded", expiring).became("edge/tls", "degraded", expiring)
    accepted = {"why": "fixed in the next release", "until": "2026-12-01"}
    written.broken("presign/board", lost, accepted=accepted)
    written.tried("edge/bob", "unknown", silent).became("edge/bob", "unknown", silent)
    return written.ended()


def intermittent(written: Written) -> Written:
    name = "edge/the-app-shell-loads"
    stalled = finding("service-stalled", "no answer within 5 s", "user service")
    observed = "no answer within 5 s; the whole scenario failed 1 of 2 times"
    at_times = finding("intermittent", observed, "user service")
    written.started(name, "edge/health").held("edge/health").tried(name, "broken", stalled).tried(
        name, "held", attempt=2
    )
    return written.became(name, "degraded", at_times, attempts=2, duration=5.5).ended()


def killed(written: Written) -> Written:
    names = (
        "edge/health",
        "edge/the-app-shell-loads",
        "storage/a-file-comes-back",
        "storage/deletion-is-final",
    )
    written.started(*names).held(names[0]).begun(names[1]).exchange(names[1])
    return written.raw(b'{"event": "scenario-finished", "at": 17900')


SAMPLES = {each.__name__: each for each in (green, red, intermittent, killed)}


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest, written: Written) -> tuple[str, Run]:
    """Each of the runs that the golden files show, by name."""
    return request.param, SAMPLES[request.param](written).load()


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a golden file, or write it anew where PROBES_GOLDEN=write says so."""

    def compare(name: str, text: str) -> None:
        if os.environ.get("PROBES_GOLDEN") == "write":
            (GOLDEN / name).write_text(text, "utf-8")
        assert text == (GOLDEN / name).read_text("utf-8")

    return compare
