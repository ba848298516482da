"""What a target sends has no say in how much memory a run takes."""

import contextlib
import re
import subprocess
import threading
from pathlib import Path

import pytest

from probes.finding import EXIT_BROKEN, EXIT_UNKNOWN
from probes.transport.bodies import LIMIT_BYTES
from tests.conftest import begin, ended
from tests.support.endless import STREAMS, EndlessHost, endless_host
from tests.support.session_tokens import token

MOST_MIB = 512
MANY = 10  # routes that must have been asked, or nothing was tried
# Each route and each socket, a dozen at a time as ever.
EACH_ROUTE = "(a_route_answers_json and apex) or a_good_token_opens_the_door"
# Three users with tokens of their own, short timeouts, and everything on one host.
ENVIRONMENT = """
name = "endless"
[hosts]
apex = "{origin}"
api = "{origin}"
[identity]
way = "static"
[workspace]
id = "0f0e0d0c-0000-4000-8000-000000000001"
project = "0f0e0d0c-0000-4000-8000-000000000002"
[users.alice]
id = "u-1"
token = "TOKEN_1"
[users.bob]
id = "u-2"
token = "TOKEN_2"
[users.stranger]
id = "u-3"
token = "TOKEN_3"
[timeouts]
answer_s = 6
scenario_s = 15
run_s = 45
retry_delay_s = 0.1
[realtime]
linger_seconds = 1
"""


class PeakMemory(threading.Thread):
    """The most that a process has had resident until it ended (VmHWM, proc(5))."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__()
        self._status, self._ended = Path(f"/proc/{process.pid}/status"), threading.Event()
        self._peak_kb = 0

    def run(self) -> None:
        while not self._ended.wait(0.2):
            with contextlib.suppress(OSError):  # it has ended
                text = self._status.read_text("ascii", "ignore")
                found = re.search(r"VmHWM:\s+(\d+) kB", text)
                self._peak_kb = int(found[1]) if found else self._peak_kb

    def stop(self) -> float:
        """MiB."""
        self._ended.set()
        self.join()
        return self._peak_kb / 1024


@pytest.mark.slow
def test_a_target_that_never_ends_takes_no_memory(tmp_path: Path) -> None:
    """Every route and socket answers for ever, packed and plain: the run's own process stays under
    512 MiB, and ends by itself. What it says of each is for other tests: on a busy machine it may
    not have had the time to hear enough.
    """
    with endless_host() as host:
        peak_mib = peak_of_a_run(host, tmp_path, EACH_ROUTE)
    assert host.requests >= MANY
    assert 0 < peak_mib < MOST_MIB


@pytest.mark.slow
@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_that_never_ends_takes_no_memory(tmp_path: Path, kind: str) -> None:
    """A stream of events that goes on for ever, and an event or a line that does, is read up to its
    limit and no further.
    """
    with endless_host(kind) as host:
        peak_mib = peak_of_a_run(host, tmp_path, "the_stream_stays_open")
    assert host.stream_bytes >= LIMIT_BYTES, "the stream was not read to its limit"
    assert 0 < peak_mib < MOST_MIB


def peak_of_a_run(host: EndlessHost, folder: Path, which: str) -> float:
    """MiB that a run of the scenarios `which` against `host` has held at most."""
    file, runs = folder / "endless.toml", folder / "runs"
    tokens = {f"TOKEN_{number}": token(user=f"u-{number}") for number in (1, 2, 3)}
    file.write_text(ENVIRONMENT.format(origin=host.origin))
    process = begin(runs, "--env", str(file), "--no-confirm", "-k", which, **tokens)
    memory = PeakMemory(process)
    memory.start()
    run = ended(process, runs)
    peak_mib = memory.stop()
    assert run.code in (EXIT_BROKEN, EXIT_UNKNOWN), run.output
    return peak_mib
