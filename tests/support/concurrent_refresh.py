"""One of two runs at once: signs in as alice with the refresh token of the state, once for each
line that it is told.

`python -m tests.support.concurrent_refresh ENVIRONMENT-FILE` answers each line with the access
token that it got, or with what was wrong.
"""

import asyncio
import sys
from pathlib import Path

from probes.auth.users import Users
from probes.config import environment_file as targets
from probes.config.environment import Target
from probes.finding import CannotAsk
from probes.recording import spans
from probes.recording.journal import Journal
from probes.recording.recorder import Recorder, RunEvidence, recording
from probes.recording.redactor import Redactor
from probes.transport.http import Web


async def _round(target: Target, evidence: RunEvidence) -> str:
    web = Web(target)
    try:
        with recording(Recorder(evidence, None, 1, evidence.tracing.start("round"))):
            return f"token {await Users(target, web, evidence.redactor).user('alice').token()}"
    except CannotAsk as error:
        return f"error {error}"
    finally:
        await web.close()


def _main(file: Path) -> None:
    target = targets.build(targets.parse(file), str(file))
    folder = file.parent / f"run-{file.stem}"
    evidence = RunEvidence(
        "run", folder, Journal(folder), Redactor(), spans.Tracing(folder, "run", "test", "0", {})
    )
    print("ready", flush=True)
    for _ in sys.stdin:
        print(asyncio.run(_round(target, evidence)), flush=True)
    evidence.journal.close()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
