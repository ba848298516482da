"""Runs of made-up scenarios, without a target and without pytest's machinery."""

import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

from probes.config.environment import Hosts, Target, Workspace
from probes.config.timeouts import Timeouts
from probes.finding import Broken, Code, Finding
from probes.recording import journal
from probes.recording.recorder import Recorder, RunEvidence
from probes.results import Outcome, Scenario
from probes.runner.attempt import Call, Refine
from probes.runner.scheduler import Run

SCHEMA = json.loads((Path(journal.__file__).parent / "journal.schema.json").read_text())
VALID = jsonschema.Draft202012Validator(SCHEMA)
FOUND = Finding(Code.UPLOAD_LOST, "the file is gone", "storage-service")
TARGET = Target(
    "test", Hosts("https://a", "https://b"), Workspace("w"), {}, timeouts=Timeouts(retry_delay_s=0)
)
MANY = [f"edge/{letter}" for letter in "abcdef"]


def scenario(name: str, **changes: Any) -> Scenario:
    usual: dict[str, Any] = {
        "title": "T.",
        "file": "f.py",
        "line": 1,
        "classname": "f",
        "name": "test_x",
    }
    usual |= {"owner": "storage", "area": "edge", "incident": "V6", "deadline_s": 60.0}
    return Scenario(id=name, **(usual | changes))


async def as_it_is(finding: Finding, _: Recorder) -> Finding:
    return finding


@dataclass
class Stage:
    """A run in the making; `told` is what was announced."""

    evidence: RunEvidence
    told: dict[str, Outcome] = field(default_factory=dict)

    def begin(
        self,
        calls: Mapping[str, Call | tuple[Scenario, Call]],
        target: Target = TARGET,
        refine: Refine = as_it_is,
        head_start: Coroutine[Any, Any, None] | None = None,
        **how: Any,
    ) -> Run:
        made = Run(
            target,
            self.evidence,
            self.evidence.tracing.start("run"),
            refine,
            announce=lambda scenario, outcome: self.told.update({scenario.id: outcome}),
            **({"concurrency": 9, "confirm": True} | how),
        )
        given = {
            name: it if isinstance(it, tuple) else (scenario(name), it)
            for name, it in calls.items()
        }
        made.start(given, head_start)
        return made

    async def outcome(
        self, call: Call, target: Target = TARGET, refine: Refine = as_it_is, **how: Any
    ) -> Outcome:
        """Of a run of one scenario, edge/x."""
        outcome = await self.begin({"edge/x": call}, target, refine, **how).outcome("edge/x")
        assert self.told == {"edge/x": outcome}
        return outcome

    def journal(self, *kinds: str) -> list[dict[str, Any]]:
        events = list(journal.read(self.evidence.folder))
        for event in events:
            VALID.validate(event)
        return [event for event in events if not kinds or event["event"] in kinds]


def doing(*ends: BaseException | Finding | None) -> Call:
    """A scenario that ends so, attempt by attempt."""
    left = list(ends)

    async def call() -> None:
        end = left.pop(0)
        if isinstance(end, Finding):
            raise Broken(end)
        if end:
            raise end

    return call
