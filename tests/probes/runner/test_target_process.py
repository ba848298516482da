"""A target that is started for a run is waited for, told of its faults, and gone with the run."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from probes.finding import BadEnvironment
from probes.runner import target_process
from probes.runner.target_process import Started, running, start_target
from tests.support.site import Site

Program = Callable[[str], list[str]]
READY = """
file = pathlib.Path(sys.argv[-1])
file.with_name("draft").write_text(' '.join(sys.argv[1:-1]))
file.with_name("draft").rename(file)  # it appears whole
"""
FOREVER = "signal.pause()\n"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    def written(text: str) -> list[str]:
        (tmp_path / "program.py").write_text("import pathlib, signal, sys\n" + text)
        return ["python", str(tmp_path / "program.py")]

    return written


def test_a_target_is_ready_when_its_file_is_there(program: Program) -> None:
    """It was told where to write it and which faults to have; both are gone after it was
    stopped.
    """
    started = Started(program(READY + FOREVER), ["service-hangs", "redis-not-configured"])
    said = started.wait().read_text()
    assert said == "--fault service-hangs --fault redis-not-configured --environment"
    started.stop()
    started.stop()
    assert not started.environment.exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "print('starting'); sys.exit('there is no fault x; did you mean y?')",
            "there is no fault x; did you mean y?",
        ),
        ("", "the target ended before it was ready, and said nothing"),
    ],
)
def test_a_target_that_ends_too_soon_has_the_last_word(
    program: Program, text: str, complaint: str
) -> None:
    """It knows best what was wrong."""
    started = Started(program(text), [])
    with pytest.raises(BadEnvironment) as said:
        started.wait()
    assert str(said.value) == complaint
    assert not started.environment.parent.exists()


@pytest.mark.parametrize(("text", "words"), [("print('soon', flush=True)\n", "soon"), ("", "none")])
def test_a_target_that_is_never_ready_is_stopped(
    program: Program, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    """After a while."""
    timeout_s = 2.0 if text else 0.0
    monkeypatch.setattr(target_process, "READY_TIMEOUT_S", timeout_s)
    started = Started(program(text + FOREVER), [])
    with pytest.raises(
        BadEnvironment, match=f"^the target was not ready within . s; its last words: {words}$"
    ):
        started.wait()


def test_an_interrupted_start_leaves_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A signal comes while the target is not ready yet: neither its process nor its folder stay."""
    started: list[Started] = []

    def interrupted(self: Started) -> Path:
        started.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(Started, "wait", interrupted)
    file = tmp_path / "startable.toml"
    file.write_text(f"start = {json.dumps(program(FOREVER))}\n")
    with pytest.raises(KeyboardInterrupt):
        start_target(str(file), [])
    assert not started[0].environment.parent.exists()
    assert started[0]._process.returncode is not None


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("python -m replica", "start must be a list of words, as in "),
        ([], "start must be a list of words, as in "),
        (["python", 3], "start must be a list of words, as in "),
        (
            ["no-such-program"],
            "no-such-program of the start line cannot be started: No such file or directory",
        ),
    ],
)
def test_a_start_line_that_is_none_gets_a_sentence(command: list[str], complaint: str) -> None:
    """It stands in an environment file that somebody wrote."""
    with pytest.raises(BadEnvironment) as said:
        Started(command, [])
    assert str(said.value).startswith(complaint)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_a_target_ends_with_a_run_that_is_killed(program: Program, tmp_path: Path) -> None:
    """Outright, so that the run cannot stop it."""
    words = program(READY + FOREVER)
    parent = f"""
import sys
from probes.runner.target_process import Started
started = Started({words!r}, [])
started.wait()
print(started._process.pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        cwd=target_process.ROOT,
        env={"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
    assert process.returncode == -signal.SIGKILL
    try:
        child.wait(60)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def environment(path: Path, text: str) -> dict[str, str]:
    path.write_text(text)
    return {"running": str(path)}


def test_a_target_that_runs_already_is_found(tmp_path: Path, site: Site) -> None:
    """Its file is there, and its apex takes connections."""
    file = tmp_path / "environment.toml"
    assert running(environment(file, f'[hosts]\napex = "{site.origin("apex")}"')) == file


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[hosts",
        "hosts = 3",
        "[hosts]\napex = 3",
        '[hosts]\napex = "http://localhost:port"',
        '[hosts]\napex = "http://localhost:99999"',
    ],
)
def test_a_file_that_is_none_of_ours_is_passed_over(tmp_path: Path, text: str) -> None:
    """A new target is started in its place."""
    assert running(environment(tmp_path / "environment.toml", text)) is None


def test_a_target_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    """A kill leaves its file behind."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        text = f'[hosts]\napex = "http://apex.localhost:{bound.getsockname()[1]}"'
        assert running(environment(tmp_path / "environment.toml", text)) is None


def test_an_environment_may_have_nothing_that_runs(tmp_path: Path) -> None:
    """It says nothing, or names a file that is not there."""
    assert running({}) is None
    assert running({"running": str(tmp_path / "missing.toml")}) is None
