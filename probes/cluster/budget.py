"""How often one run may ask the cluster's API: it may not load the API server.

A part is kept for what the promises ask at first, so that neither a confirmation nor a diagnosis
takes it from them.
"""

from dataclasses import dataclass

from probes.finding import CannotAsk

REQUESTS_AT_MOST = 40


class BudgetSpentError(CannotAsk):
    """The run may ask the cluster no more."""


@dataclass
class Budget:
    """`reserve`: requests that are for first questions only. `is_open`: a run that waits for a
    roll-out asks its lists again until they are well, and is not counted.
    """

    reserve: int
    at_most: int = REQUESTS_AT_MOST
    is_open: bool = False
    request_count: int = 0

    def take(self, *, is_first: bool) -> None:
        """One request more. Raises BudgetSpentError."""
        if is_first and self.reserve:
            self.reserve -= 1
        elif not self.is_open and self.request_count + self.reserve >= self.at_most:
            raise BudgetSpentError(
                f"not asked: the run's {self.at_most} requests to the cluster are spent"
            )
        self.request_count += 1
