"""`python -m probes ask`: what is answered is shown without its secrets, and each wrong way to ask
gets a sentence.
"""

import json
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from probes.doctor import ask
from probes.finding import EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN
from tests.support.planted import token
from tests.support.site import Said, Site, js

SECRET = token(expires=4_000_000_000)
PATH = "/api/svc/user/me"


@pytest.fixture
def environment(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An environment whose alice has a token in a variable."""
    monkeypatch.setenv("ALICES", SECRET)
    path = tmp_path / "mine.toml"
    path.write_text(
        f'[hosts]\napex = "{site.origin("apex")}"\napi = "{site.origin("api")}"\n'
        '[workspace]\nid = "w-1"\n[identity]\nway = "static"\n'
        '[users.alice]\nid = "b0395e6e-8a5f-4f7e-9c64-0c5d3a1b2c3d"\ntoken = "ALICES"\n'
        '[users.bob]\nid = "u-2"\n[timeouts]\nanswer_s = 5\n'
    )
    return str(path)


def test_a_user_asks(site: Site, environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With their token, and what was said; the answer is shown, and the token in it is not."""
    site.says[f"POST apex{PATH}"] = js({"id": "u-1", "accessToken": SECRET}, 403)
    line = f"{site.origin('apex')}{PATH} -X POST -H 'x-workspace-id: w-1' --data '{{}}' --as alice"
    assert ask.main([*shlex.split(line), "--env", environment]) == EXIT_HELD
    (request,) = site.asked
    assert (request.headers["authorization"], request.body) == (f"Bearer {SECRET}", b"{}")
    assert request.headers["x-workspace-id"] == "w-1"
    shown = capsys.readouterr().out
    assert shown.startswith("HTTP 403\n")
    assert '"id": "u-1"' in shown
    assert SECRET not in shown


def test_a_stream_is_shown_as_it_comes(
    site: Site, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its token stands where $TOKEN stood, and each event is a line."""
    events = Said(200, b"event: connected\ndata: hello\n\n", "text/event-stream")
    site.says["GET apex/stream"] = events
    url = f"{site.origin('apex')}/stream?token=$TOKEN"
    assert ask.main([url, "--env", environment, "--as", "alice", "--stream"]) == EXIT_HELD
    assert site.asked[0].path == f"/stream?token={SECRET}"
    shown = capsys.readouterr().out
    assert "data: hello\n" in shown
    assert shown.endswith("(it ended)\n")


@pytest.fixture
def socket_port() -> Iterator[int]:
    """A socket that repeats the query it was opened with, and closes with 4401."""

    def greet(connection: ServerConnection) -> None:
        assert connection.request
        connection.send(json.dumps({"path": connection.request.path}))
        connection.close(4401, "go away")

    with serve(greet, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield int(server.socket.getsockname()[1])
        server.shutdown()
        thread.join()


def test_a_socket_is_listened_to(
    environment: str, socket_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its frames, and how it was closed, without the token that it was opened with."""
    url = f"ws://127.0.0.1:{socket_port}/ws?token=$TOKEN"
    assert ask.main([url, "--env", environment, "--as", "alice"]) == EXIT_HELD
    shown = capsys.readouterr().out
    assert shown.startswith("HTTP 101\n")
    assert '{"path": "/ws?token=' in shown
    assert "4401" in shown
    assert SECRET not in shown


def test_a_refused_socket_shows_why(
    site: Site, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status that a browser hides behind 1006."""
    site.says["GET apex/ws"] = Said(400, b"no upgrade here", "text/plain")
    url = f"{site.origin('apex')}/ws?token=$TOKEN".replace("http", "ws", 1)
    assert ask.main([url, "--env", environment, "--as", "alice"]) == EXIT_HELD
    shown = capsys.readouterr().out
    assert shown.startswith("HTTP 400\n")
    assert "no upgrade here" in shown


def test_no_answer_is_named(environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As a finding names it, with its exit code."""
    assert ask.main(["http://127.0.0.1:9/", "--env", environment]) == EXIT_BROKEN
    assert capsys.readouterr().out.startswith("no answer: ")


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("http://127.0.0.1:9/ --as carol", EXIT_BAD_INPUT, "test users are alice, bob"),
        ("http://127.0.0.1:9/ -H nonsense", EXIT_BAD_INPUT, "write 'name: value'"),
        ("http://127.0.0.1:9/ --as bob", EXIT_UNKNOWN, "no token for bob: add token"),
        ("http://127.0.0.1:9/ -H x:\u00fc", EXIT_BAD_INPUT, "write 'name: value'"),
        ("http://127.0.0.1:9/ -H :y", EXIT_BAD_INPUT, "write 'name: value'"),
        ("http://127.0.0.1:9/ -X g\u00e9t", EXIT_BAD_INPUT, "is no method; write one like POST"),
        ("http://127.0.0.1:99999/", EXIT_BAD_INPUT, "cannot be asked: Port out of range"),
        ("ftp://me:planted@h/", EXIT_BAD_INPUT, "ftp://…@h/ cannot be asked: it is neither http"),
        ("wsx://h/", EXIT_BAD_INPUT, "wsx://h/ cannot be asked: it is neither http nor https"),
        ("https://", EXIT_BAD_INPUT, "cannot be asked: it names no host"),
        ("nowhere/a-promise", EXIT_BAD_INPUT, "there is no scenario 'nowhere/a-promise'"),
    ],
)
def test_what_cannot_be_asked_gets_a_sentence(
    environment: str, capsys: pytest.CaptureFixture[str], line: str, code: int, sentence: str
) -> None:
    """It says what to correct, and is no verdict."""
    assert ask.main([*line.split(), "--env", environment]) == code
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", ["--no-such-option", "--seconds=nan", "--seconds=inf", "--seconds=-1"]
)
def test_a_mistyped_option_is_bad_input(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """4, as everywhere, and not argparse's 2."""
    with pytest.raises(SystemExit) as ended:
        ask.main(["http://127.0.0.1:9/", option])
    assert ended.value.code == EXIT_BAD_INPUT
    assert "python -m probes ask --help" in capsys.readouterr().err


def test_a_replica_that_is_gone_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its environment starts it for a run only; one URL needs it running."""
    path = tmp_path / "startable.toml"
    path.write_text('start = ["python", "-m", "replica"]\nrunning = "nowhere.toml"\n')
    assert ask.main(["http://127.0.0.1:9/", "--env", str(path)]) == EXIT_BAD_INPUT
    assert "start it in another terminal: python -m replica" in capsys.readouterr().err


def test_a_promise_is_asked_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By pytest, in its own file, with the faults; nobody is notified of it."""
    called: list[tuple[list[str], dict[str, str]]] = []

    def call(command: list[str], env: dict[str, str]) -> int:
        called.append((command, env))
        return EXIT_BROKEN

    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setenv("PROBES_NOTICE_URLS", "json://somebody")
    monkeypatch.setenv("PROBES_PUSHGATEWAY_URL", "http://somebody")
    file = tmp_path / "test_mine.py"
    file.touch()
    name = "mine/it-is-there[a-b_c]"
    words = [name, "--env", "replica", "--fault", "service-hangs", "--file", str(file)]
    assert ask.main(words) == EXIT_BROKEN
    ((command, environ),) = called
    assert command[:3] == [sys.executable, "-m", "pytest"]
    assert f"{file}::test_it_is_there[a-b_c]" in command
    assert command[-4:] == ["--fault", "service-hangs", "--env", "replica"]
    assert not {"PROBES_NOTICE_URLS", "PROBES_PUSHGATEWAY_URL"} & set(environ)
