"""The doctor as it is run: a line for each thing, an exit code for an init step, and no secret in
any of it.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from probes.doctor.checks import Check
from probes.doctor.command import main, run_checks
from probes.finding import EXIT_BAD_INPUT, EXIT_HELD, EXIT_UNKNOWN, CannotAsk
from tests.conftest import ROOT, Replica

VARIABLES = (
    "PROBES_PUSHGATEWAY_URL",
    "PROBES_NOTICE_URLS",
    "PROBES_STATE",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
)


@pytest.fixture(autouse=True)
def _our_own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def words(said: str) -> dict[str, str]:
    """{check: ok, warn or FAIL}."""
    return {line[6:19].strip(): line[:5].strip() for line in said.splitlines()}


def test_it_is_a_command(replica: Replica) -> None:
    """A process of its own, as an init step starts it: all is well with a replica, and 0 says
    so.
    """
    environ = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "-m", "probes", "doctor", "--env", str(replica.environment)]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (EXIT_HELD, ""), done.stdout
    names = [
        "environment",
        "browser",
        "secrets",
        "state store",
        "dns",
        "clock",
        "users",
        "livekit",
        "collector",
        "pushgateway",
        "notices",
    ]
    assert words(done.stdout) == dict.fromkeys(names, "ok")


def test_what_stands_beside_a_run_does_not_stop_it(
    replica: Replica, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dead Pushgateway is a warning, told without the password in its address; so is a variable
    that names no authority.
    """
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")
    monkeypatch.setenv("PROBES_PUSHGATEWAY_URL", "http://probes:s3cret@127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    assert main(["--env", str(replica.environment)]) == EXIT_HELD
    said = capsys.readouterr().out
    assert (words(said)["pushgateway"], words(said)["collector"]) == ("warn", "warn")
    assert words(said)["trust"] == "warn"
    assert "s3cret" not in said


def test_what_a_run_needs_stops_it(
    replica: Replica,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """No browser and a store that cannot be read: both are told at once, and the pod stops with
    10.
    """
    (tmp_path / "state.json").mkdir()
    file = tmp_path / "mine.toml"
    text = replica.environment.read_text()
    file.write_text(text.replace("[identity]", f'[identity]\nstate = "file:{tmp_path}/state.json"'))
    monkeypatch.setenv("PROBES_CHROMIUM", "/nowhere/chromium")
    assert main(["--env", str(file)]) == EXIT_UNKNOWN
    said = capsys.readouterr().out
    assert [name for name, word in words(said).items() if word == "FAIL"] == [
        "browser",
        "state store",
    ]
    assert "PROBES_CHROMIUM names /nowhere/chromium" in said


def test_a_bad_environment_is_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """4 and one sentence, as for a run; nothing else is looked at."""
    (tmp_path / "mine.toml").write_text("[hosts]\napex = 3\n")
    assert main(["--env", str(tmp_path / "mine.toml")]) == EXIT_BAD_INPUT
    assert main(["--env", "nowhere"]) == EXIT_BAD_INPUT
    said = capsys.readouterr().out
    assert [line[:5] for line in said.splitlines()] == ["FAIL ", "FAIL "]
    assert "apex in [hosts] must be a text" in said


def test_a_target_that_is_started_for_a_run_needs_little(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of the replica nothing is known before it is there, and that is no fault."""
    assert main([]) == EXIT_HELD
    assert set(words(capsys.readouterr().out)) == {
        "environment",
        "browser",
        "collector",
        "pushgateway",
        "notices",
    }


def test_a_mistyped_option_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    """Not argparse's 2, which nobody here knows."""
    with pytest.raises(SystemExit) as ended:
        main(["--enviroment", "prod"])
    assert ended.value.code == EXIT_BAD_INPUT
    assert "say: python -m probes doctor --env NAME" in capsys.readouterr().err


def test_no_check_is_waited_for_longer_than_agreed() -> None:
    """One that hangs says that it did, and the others what they saw; a check that is wrong hides
    none.
    """
    released = threading.Event()

    def hangs() -> str:
        released.wait()
        return "too late"

    def is_missing() -> str:
        raise CannotAsk("put it there")

    def is_wrong() -> str:
        raise KeyError("s3cret")

    checks = [
        Check("a", hangs),
        Check("b", lambda: "fine"),
        Check("c", is_missing),
        Check("d", is_wrong),
    ]
    seen = {check.name: (result.ok, result.detail) for check, result in run_checks(checks, 0.3)}
    released.set()
    assert seen["a"][0] is False
    assert seen["a"][1].startswith("no answer within")
    assert seen["b"] == (True, "fine")
    assert seen["c"] == (False, "put it there")
    assert seen["d"] == (False, "the check itself failed with KeyError; tell the suite's owner")
