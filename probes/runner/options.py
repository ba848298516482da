"""What the command line asked of a run, and the folder that the run gets."""

import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from probes.finding import CannotAsk
from probes.runner.sharding import Share
from reports.render.languages import ENGLISH, Words


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asked for.

    `most_failures`: the run ends after so many, 0 for never. `trace_url`: as
    probes.recording.trace_link has it. `known`: all scenarios that exist, where all of the share
    are asked; else empty.
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
    known: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        return bool(self.known)

    def is_gone(self, scenario: str) -> bool:
        """Whether it is of our share and exists no longer, as far as this run can know."""
        return self.whole and self.share.holds(scenario) and scenario not in self.known

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
