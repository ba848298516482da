"""The reproduce line of a finding is a command that runs, copied from the report into a shell."""

import os
import subprocess
import sys
from pathlib import Path

from probes.finding import EXIT_BROKEN, EXIT_HELD
from tests.conftest import ROOT, Ended, Probe, Replica

FAULTS = [
    "certificate-expires-soon",
    "edge-cannot-reach-origin",
    "gateway-strips-upgrade",
    "page-throws-on-load",
]
SOCKET = "tokens/a-good-token-opens-the-socket[board]"
ROUTE = "edge/a-route-answers-json[user-health-apex]"
PAGE = "storage/the-page-shows-the-drive-that-the-api-holds"
CERTIFICATE = "edge/the-certificate-holds[api]"
SELECTED = (
    "(opens_the_socket and board) or user-health-apex or the_page_shows_the_drive or "
    "(certificate_holds and api)"
)


def command_of(run: Ended, scenario: str) -> str:
    (finding,) = (s.finding for s in run.report.scenarios if s.id == scenario)
    assert finding, run.output
    return finding.reproduce_command


def in_a_shell(command: str) -> subprocess.CompletedProcess[str]:
    """As somebody runs it who has activated the environment that the suite is installed in."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_kind_of_line_runs(replica: Replica, probe: Probe, tmp_path: Path) -> None:
    """A route, a socket, a page and a certificate: each line shows what its finding says."""
    replica.set_faults(FAULTS)
    run = probe("--env", str(replica.environment), "--no-confirm", "-k", SELECTED)
    assert set(run.codes) >= {SOCKET, ROUTE, PAGE, CERTIFICATE}, run.output
    route = in_a_shell(command_of(run, ROUTE))
    assert (route.returncode, route.stdout.splitlines()[0].split()[1]) == (0, "502"), route
    socket = in_a_shell(command_of(run, SOCKET))
    assert (socket.returncode, socket.stdout.splitlines()[0]) == (EXIT_HELD, "HTTP 400"), socket
    page = in_a_shell(f"{command_of(run, PAGE)} --runs {tmp_path}")
    assert page.returncode == EXIT_BROKEN, page.stdout
    assert run.codes[PAGE] in page.stdout
    certificate = in_a_shell(f"{command_of(run, CERTIFICATE)} --runs {tmp_path}")
    assert certificate.returncode == EXIT_HELD, certificate.stdout
    assert "tls-expiring" in certificate.stdout


def test_a_line_outlives_the_replica_that_was_started_for_the_run(
    probe: Probe, tmp_path: Path
) -> None:
    """It starts another one with the same fault, where a URL would lead nowhere."""
    run = probe("--env", "replica", "--fault", FAULTS[1], "--no-confirm", "-k", "user-health-apex")
    again = in_a_shell(f"{command_of(run, ROUTE)} --runs {tmp_path}")
    assert again.returncode == EXIT_BROKEN, again.stdout
    assert run.codes[ROUTE] in again.stdout
