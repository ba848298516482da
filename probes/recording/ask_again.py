"""What a command line needs to know of a run to ask the same again."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from probes.config.proxies import Proxy

COMMAND = ("python", "-m", "probes", "ask")


def _nobody(_token: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """How this run was started, and what of it outlives it.

    `environment`: as --env names it; "" where nobody can ask again. `ends_with_run`: the target
    was started for the run. `ids`: those that the environment file names. `files`: where scenarios
    are that are not in scenarios/. `owner`: the test user whom an access token belongs to, or "".
    """

    environment: str = ""
    ca: str = ""
    faults: tuple[str, ...] = ()
    ends_with_run: bool = False
    ids: frozenset[str] = frozenset()
    proxy: Proxy = field(default_factory=Proxy)
    files: Mapping[str, str] = field(default_factory=dict)
    owner: Callable[[str], str] = _nobody

    def scenario_command(self, scenario: str) -> str:
        """A shell line that asks a whole promise again, and removes what it creates."""
        words = [*COMMAND, scenario, "--env", self.environment]
        for fault in self.faults:
            words += ["--fault", fault]
        if scenario in self.files:
            words += ["--file", self.files[scenario]]
        return shlex.join(words)
