"""What the command line asked of a run, and the folder that the run gets."""

import os
import secrets
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from probes.config.environment import Target
from probes.finding import CannotAsk
from probes.recording.trace_link import trace_url
from probes.runner import retries
from probes.runner.sharding import Share
from reports.publish import publishers
from reports.render import languages
from reports.render.languages import ENGLISH, Words

PageTraces = Literal["rerun", "always", "never"]
Tier = Literal["quick", "full"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asked for.

    `most_failures`: the run ends after so many, 0 for never. `trace_url`: as
    probes.recording.trace_link has it. `all_scenarios`: all scenarios that exist, where all of the
    share are asked; else empty. `environment` and `faults` as the command line names them.
    """

    folder: Path
    concurrency: int
    confirm: bool
    most_failures: int = 0
    strict: bool = False
    junit: Path | None = None
    words: Words = ENGLISH
    trace_url: str = ""
    gate: bool = False
    stabilization_window_s: float = 0.0
    share: Share = field(default_factory=Share)
    all_scenarios: frozenset[str] = frozenset()
    page_traces: PageTraces = "rerun"
    tier: Tier = "full"
    environment: str = ""
    faults: tuple[str, ...] = ()

    @property
    def can_settle(self) -> bool:
        """Whether the run waits for a roll-out."""
        return self.stabilization_window_s > 0

    @property
    def traced_from(self) -> int:
        """The attempt of a scenario from which on its pages are traced; 0 for none. Where none is
        asked again, a trace must begin with the first.
        """
        if self.page_traces == "never":
            return 0
        has_reruns = self.confirm or self.can_settle
        return 2 if self.page_traces == "rerun" and has_reruns else 1

    @property
    def limits_entry(self) -> dict[str, str]:
        """That only a tier or a share was asked, as the journal carries it."""
        limits = {}
        if self.tier == "quick":
            limits["tier"] = "quick"
        if self.share.of > 1:
            limits["shard"] = str(self.share)
        return limits

    @property
    def whole(self) -> bool:
        return bool(self.all_scenarios)

    def is_gone(self, scenario: str) -> bool:
        """Whether it is of our share and exists no longer, as far as this run can know."""
        return self.whole and self.share.holds(scenario) and scenario not in self.all_scenarios

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise CannotAsk(f"--probe-concurrency must be at least 1, not {self.concurrency}")


def writable_folder(option: str, folder: Path) -> Path:
    """`folder`, made if need be: a report that cannot be written is reported before the run.

    Raises CannotAsk.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CannotAsk(
            f"{option} names {folder}, where nothing can be written: {error.strerror}"
        ) from error
    return folder


def new_run_name() -> str:
    """The name of a run's folder; names sort by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def expect_possible(options: RunOptions, target: Target, environ: Mapping[str, str]) -> None:
    """Raise CannotAsk for options that can never be met, before anything is asked."""
    if not target.identity.state and (options.gate or environ.get(publishers.NOTICES)):
        asks = "--gate" if options.gate else publishers.NOTICES
        raise CannotAsk(
            f"{asks} needs to know how the last run ended; name a store in state of [identity]"
        )
    window_s, run_s = options.stabilization_window_s, target.timeouts.run_s
    if window_s >= run_s:
        limit = f"the {run_s:g} s that [timeouts] gives the run"
        raise CannotAsk(
            f"--settle {window_s:g}s does not fit into {limit}; say less, or raise run_s"
        )


def read_options(
    option: Callable[[str], Any],
    number: int,
    share: Share,
    known: Collection[str],
    environment: str,
) -> RunOptions:
    """The options of a run of `number` scenarios; `option` answers a command line option by name.

    Raises CannotAsk where one of them cannot be.
    """
    return RunOptions(
        folder=writable_folder("--runs", option("runs")) / new_run_name(),
        concurrency=option("probe_concurrency") or number,
        confirm=not option("no_confirm"),
        most_failures=option("maxfail"),
        strict=option("strict_verdicts"),
        junit=_junit(option("xmlpath")),
        words=languages.words(option("lang")),
        trace_url=trace_url(os.environ),
        gate=option("gate"),
        stabilization_window_s=retries.seconds(option("settle")),
        share=share,
        all_scenarios=frozenset(known),
        page_traces=option("page_traces"),
        tier=option("tier"),
        environment=environment,
        faults=tuple(option("fault")),
    )


def _junit(path: str | None) -> Path | None:
    """Where --junitxml wants our report."""
    if not path:
        return None
    return writable_folder("--junitxml", Path(path).parent) / Path(path).name
