"""What the suite needs from outside: mistaken commands, missing secrets, and whom it tells what it
saw.
"""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from probes.finding import EXIT_BAD_INPUT, EXIT_HELD, EXIT_UNKNOWN
from tests.conftest import Ended, Probe, Replica, begin, ended
from tests.support.custom_scenarios import run_own, run_with
from tests.test_stopped_runs import OWN, PROMISE


def check_complaint(run: Ended, sentence: str) -> None:
    """One sentence, exit code 4, no traceback, no run folder."""
    complaints = [line for line in run.output.splitlines() if line.startswith("ERROR: ")]
    assert (run.code, run.folder) == (EXIT_BAD_INPUT, None), run.output
    assert len(complaints) == 1, run.output
    assert sentence in complaints[0]
    assert "Traceback" not in run.output
    assert "INTERNALERROR" not in run.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--env", "nowhere"], "there is no environment 'nowhere'; known are dev, prod, replica"),
        (["--env", "replika"], "there is no environment 'replika'; did you mean replica?"),
        (
            ["--env", "/nowhere.toml"],
            "there is no environment file /nowhere.toml; give a path to a TOML file that",
        ),
        (["--env", ""], "there is no environment ''; known are dev, prod, replica"),
        (["--env", f"{'a' * 300}.toml"], "aaa.toml; give a path to a TOML file that exists"),
        (
            ["--env", "dev", "--fault", "service-hangs"],
            "--fault is for targets that are started for the run; dev.toml",
        ),
        (["--fault", "service-hang"], "unknown fault 'service-hang': did you mean service-hangs"),
        (
            ["--runs", "/dev/null/runs"],
            "--runs names /dev/null/runs, where nothing can be written: ",
        ),
        (
            ["--junitxml", "/dev/null/junit.xml"],
            "--junitxml names /dev/null, where nothing can be written: ",
        ),
        (["--probe-concurrency", "-1"], "--probe-concurrency must be at least 1, not -1"),
    ],
)
def test_a_mistaken_command_gets_one_sentence(
    arguments: list[str], sentence: str, probe: Probe, tmp_path: Path
) -> None:
    """Exit code 4 says that nothing was asked, and nothing is left over: no run folder, no
    temporary file.
    """
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    check_complaint(probe(*arguments, TMPDIR=str(scratch)), sentence)
    assert list(scratch.iterdir()) == []


def test_a_mistaken_trace_link_gets_one_sentence(probe: Probe) -> None:
    """A page without a place for the trace is told before anything is asked."""
    check_complaint(
        probe(PROBES_TRACE_URL="grafana"),
        "PROBES_TRACE_URL must look like https://grafana.example.org/",
    )


HOSTS = '[hosts]\napex = "http://localhost:1"\napi = "http://localhost:1"\n[workspace]\nid = "w"\n'
KNOWN = '[[accepted]]\ncode = "upload-lost"\nwhy = "known"\nuntil = 2000-01-01\nscenario = '


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "name = ",
            (
                "mistaken.toml is not valid TOML: Invalid value (at end of document); correct it "
                "and run again"
            ),
        ),
        ('hsots = "x"\n' + HOSTS, "mistaken.toml: unknown key 'hsots'; did you mean hosts?"),
        (
            HOSTS.replace("apex", "apx"),
            "mistaken.toml: unknown key 'apx' in [hosts]; did you mean apex?",
        ),
        (
            HOSTS + '[skip]\n"storage/no-such" = "x"\n',
            "[skip] names 'storage/no-such', which is no scenario",
        ),
        (
            HOSTS + KNOWN + '"edge/no-such"',
            "[[accepted]] names 'edge/no-such', which is no scenario",
        ),
    ],
)
def test_a_mistaken_environment_gets_one_sentence(
    text: str, sentence: str, probe: Probe, tmp_path: Path
) -> None:
    """It says where the mistake is, before anything is asked."""
    file = tmp_path / "mistaken.toml"
    file.write_text(text)
    check_complaint(probe("--env", str(file)), sentence)


@pytest.mark.parametrize(
    ("names", "scenario", "sentence"),
    [
        (
            ["own"],
            "def test_plain():\n    pass\n",
            "scenario own/plain is a plain function; write async def test_plain",
        ),
        (
            ["own"],
            "async def test_lost(drvie):\n    pass\n",
            "scenario own/lost asks for 'drvie', which is no fixture",
        ),
        (
            ["a/same", "b/same"],
            "async def test_one():\n    pass\n",
            "two scenarios are called same/one; rename one",
        ),
    ],
)
def test_a_mistaken_scenario_gets_one_sentence(
    names: list[str], scenario: str, sentence: str, tmp_path: Path
) -> None:
    """Who writes a scenario is told what is wrong with it, and not by a run that blames the
    suite.
    """
    file = tmp_path / "any.toml"
    file.write_text(HOSTS)
    paths = [tmp_path / "own" / Path(name).parent / f"test_{Path(name).name}.py" for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PROMISE + scenario)
    runs = tmp_path / "runs"
    process = begin(runs, *OWN, "--env", str(file), *map(str, paths[1:]), scenarios=str(paths[0]))
    check_complaint(ended(process, runs), sentence)


SIGNS_IN = """
async def test_alice_has_a_token(user):
    "Alice can sign in."
    assert await user("alice").token() == "planted.token.ofalice"
"""


@pytest.mark.parametrize(
    ("token", "code"), [("", EXIT_UNKNOWN), ("planted.token.ofalice", EXIT_HELD)]
)
def test_a_missing_secret_is_named(token: str, code: int, tmp_path: Path) -> None:
    """Without the variable the scenario is UNKNOWN and names it; with it, its value is used and
    told to nobody.
    """
    file = tmp_path / "static.toml"
    cast = '[identity]\nway = "static"\n[users.alice]\nid = "u"\ntoken = "PROBES_PLANTED_TOKEN"\n'
    file.write_text(HOSTS + cast)
    run = run_with(str(file), tmp_path, SIGNS_IN, PROBES_PLANTED_TOKEN=token)
    missing = (
        "no token for alice: the variable PROBES_PLANTED_TOKEN is not set; put an access token "
        "there"
    )
    assert run.code == code, run.output
    assert (missing in " ".join(run.output.split())) == (not token)


class Listener(ThreadingHTTPServer):
    """Says yes to everything and remembers who asked: {path: headers, names in lower case}."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Yes)
        self.asked: dict[str, dict[str, str]] = {}
        self.origin = f"http://127.0.0.1:{self.server_port}"


class Yes(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        self.server.asked[self.path] = {name.lower(): value for name, value in self.headers.items()}
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815 - the name that the standard library looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


ASKS = """
async def test_both_kinds_are_asked(web, browser, target):
    "The API and S3 answer, and so does the page."
    await web.ask("GET", target.hosts.apex + "/api/svc/storage/health")
    await web.ask("GET", target.hosts.apex + "/object", kind="s3")
    async with browser.visit("/page") as visit:
        await visit.page.title()
"""


def test_requests_can_be_traced_and_told_from_users(listener: Listener, tmp_path: Path) -> None:
    """The API gets the run's trace and a request id, S3 gets neither (they are not signed); all
    know who asks.
    """
    file = tmp_path / "listener.toml"
    file.write_text(HOSTS.replace("http://localhost:1", listener.origin))
    run = run_with(str(file), tmp_path, ASKS)
    assert run.code == EXIT_HELD, run.output
    api, s3, page = (
        listener.asked[path] for path in ("/api/svc/storage/health", "/object", "/page")
    )
    assert re.fullmatch(f"00-{run.report.trace}-[0-9a-f]{{16}}-0[13]", api["traceparent"])
    assert api["x-request-id"].startswith(f"{run.report.id}-")
    assert not {"traceparent", "x-request-id", "authorization"} & s3.keys()
    assert all(
        re.search(r"wealist-probes/\S+ \(synthetic\)", asked["user-agent"])
        for asked in (api, s3, page)
    )


HOLDS = """
async def test_this_holds():
    "This is kept."
"""
NO_PROXY = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def test_exported_spans_are_counted(listener: Listener, replica: Replica, tmp_path: Path) -> None:
    """With a collector the last lines say how many spans it took, which is all of them."""
    run = run_own(replica, tmp_path, HOLDS, OTEL_EXPORTER_OTLP_ENDPOINT=listener.origin, **NO_PROXY)
    assert run.code == EXIT_HELD, run.output
    assert "/v1/traces" in listener.asked
    assert re.search(r"^spans: ([1-9]\d*) kept, \1 exported, 0 lost$", run.output, re.MULTILINE), (
        run.output
    )


def test_lost_spans_are_counted_and_change_nothing(replica: Replica, tmp_path: Path) -> None:
    """A collector that takes no connection is told with its reason; the exit code is about the
    target alone.
    """
    run = run_own(
        replica, tmp_path, HOLDS, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", **NO_PROXY
    )
    assert run.code == EXIT_HELD, run.output
    lost = (
        r"^spans: ([1-9]\d*) kept, 0 exported, \1 lost \(the collector could not be asked: "
        r"Connection refused\)$"
    )
    assert re.search(lost, run.output, re.MULTILINE), run.output
