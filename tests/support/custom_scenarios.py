"""Runs of scenarios of a user's own: outside the project's folder, with its settings, against a
replica.
"""

from pathlib import Path

from tests.conftest import Ended, Replica, begin, ended
from tests.test_stopped_runs import OWN, environment, scenario_file

IMPORTS = "from probes.finding import CannotAsk, Code, NotApplicable, broken_promise\n"
SOON = "answer_s = 5\nretry_delay_s = 0.01"  # a confirming rerun need not rest against a replica


def run_own(
    replica: Replica, folder: Path, text: str, *arguments: str, more: str = "", **variables: str
) -> Ended:
    """Run the scenarios of `text`, with `more` at the end of the environment file."""
    file = Path(environment(replica, folder, SOON))
    file.write_text(f"{file.read_text()}\n{more}")
    return run_with(str(file), folder, text, *arguments, **variables)


def run_with(
    environment_file: str, folder: Path, text: str, *arguments: str, **variables: str
) -> Ended:
    """Run the scenarios of `text` with an environment file as it is."""
    own = scenario_file(folder, IMPORTS + text)
    arguments = (*OWN, "--env", environment_file, *arguments)
    return ended(begin(folder / "runs", *arguments, scenarios=own, **variables), folder / "runs")
