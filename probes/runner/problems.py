"""What went wrong of ours during a run: never the target's fault, and never a green run."""

from dataclasses import dataclass, field
from typing import Any

MOST_SHOWN = 5


@dataclass(slots=True, eq=False)
class Problems:
    """A sentence each. Registered with pytest, it also hears what pytest itself could not do."""

    messages: list[str] = field(default_factory=list)

    def add(self, what: str, error: BaseException) -> None:
        self.messages.append(f"{what} failed with {describe(error)}")

    @property
    def summary(self) -> list[str]:
        """The first few, for people."""
        shown = [f"The suite itself: {problem}." for problem in self.messages[:MOST_SHOWN]]
        if more := self.messages[MOST_SHOWN:]:
            shown.append(f"The suite itself: {len(more)} more problems.")
        return shown

    # Hooks of pytest.

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.messages.append(f"{report.nodeid or 'a file'} could not be collected")

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A scenario's own failure carries a verdict; anything else is a fixture of ours."""
        if report.failed and not hasattr(report, "verdict"):
            self.messages.append(f"{report.when} of {report.nodeid} failed")

    def pytest_internalerror(self, excinfo: Any) -> None:
        self.add("pytest", excinfo.value)


def describe(error: BaseException) -> str:
    """For instance `OSError: No space left on device: 'run.jsonl'`, on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
