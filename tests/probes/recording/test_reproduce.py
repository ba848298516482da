"""The reproduce line: what a shell can repeat is repeated, all else is asked as the whole promise,
and no secret is in either.
"""

import shlex
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from probes.config.proxies import Proxy
from probes.recording.ask_again import AskAgain
from probes.recording.recorder import Exchange, Recorder, RunEvidence
from probes.recording.reproduce import promise_command, reproduce_command
from tests.support.planted import token
from tests.support.site import recorder_of

ALICES, NOBODYS = token(), token(subject="somebody else's")
WORKSPACE = "0f0e0d0c-0000-4000-8000-000000000001"
MADE = "0f0e0d0c-0000-4000-8000-00000000dead"  # by the run
APEX = "https://wealist.co.kr"
LIST = f"{APEX}/api/svc/storage/files?workspaceId={WORKSPACE}"
JSON = {"content-type": "application/json"}
SIGNED = {"Authorization": f"Bearer {ALICES}"}
PROMISE = "python -m probes ask edge/it-answers --env mine.toml"


def again(**more: Any) -> AskAgain:
    owner = {ALICES: "alice"}
    return AskAgain(
        "mine.toml", ids=frozenset({WORKSPACE}), owner=lambda sent: owner.get(sent, ""), **more
    )


@pytest.fixture
def recorder(evidence: RunEvidence) -> Recorder:
    for secret in (ALICES, NOBODYS):
        evidence.redactor.remember(secret)
    return recorder_of(replace(evidence, again=again()))


def sent(
    recorder: Recorder,
    url: str = LIST,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    kind: str = "http",
    status: int | None = 500,
) -> Exchange:
    """An exchange that has been recorded."""
    with recorder.exchange(kind, method, url) as exchange:
        exchange.set_request(headers or {}, body)
        if status:
            exchange.set_response(status, {})
    return exchange


def test_what_anybody_may_ask_is_a_curl_line(recorder: Recorder) -> None:
    """Nobody needs weAlist probes to run it."""
    sent(recorder)
    assert reproduce_command(recorder) == f"curl -sS -i '{LIST}'"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"{APEX}/a?filter[name]={{x,y}}", ["-g", f"{APEX}/a?filter[name]={{x,y}}"]),
        (f"{APEX}/it's $HOME!`id`%20", [f"{APEX}/it's%20$HOME!`id`%20"]),
    ],
)
def test_a_line_asks_for_the_very_url(recorder: Recorder, url: str, words: list[str]) -> None:
    """Neither the shell nor curl makes something else of it."""
    sent(recorder, url)
    assert shlex.split(reproduce_command(recorder)) == ["curl", "-sS", "-i", *words]


def test_a_user_is_signed_in_by_the_line_itself(recorder: Recorder) -> None:
    """Where the token of a test user was sent, no token is left to be filled in."""
    body = f'{{"workspaceId": "{WORKSPACE}"}}'
    sent(recorder, f"{APEX}/api/x", "POST", SIGNED | JSON, body.encode())
    assert shlex.split(reproduce_command(recorder)) == [
        *("python", "-m", "probes", "ask", f"{APEX}/api/x", "--env", "mine.toml", "--as", "alice"),
        *("-X", "POST", "-H", "content-type: application/json", "--data", body),
    ]


@pytest.mark.parametrize(
    ("kind", "url", "more"), [("socket", "wss", []), ("stream", "https", ["--stream"])]
)
def test_a_token_in_the_url_has_its_place_there(
    recorder: Recorder, kind: str, url: str, more: list[str]
) -> None:
    """A refused socket or stream is opened again, by who signs in for it."""
    sent(recorder, f"{APEX}/ws?token={quote(ALICES, '')}", kind=kind, status=403)
    words = shlex.split(reproduce_command(recorder))
    assert words[4] == f"{url}://wealist.co.kr/ws?token=$TOKEN"
    assert words[5:] == ["--env", "mine.toml", "--as", "alice", *more]


@pytest.mark.parametrize(
    "exchange",
    [
        {"headers": {"Authorization": f"Bearer {NOBODYS}"}},
        {"headers": {"Authorization": "Bearer "}},
        {"headers": {"x-internal-api-key": "planted-internal-api-key-77"}},
        {"headers": {"cookie": "SESSION=0123456789abcdef0123"}},
        {"url": f"{APEX}/file?X-Amz-Signature={'f' * 64}"},
        {"url": f"{APEX}/api/files/{MADE}"},
        {"method": "POST", "headers": JSON, "body": b'{"password": "hunter2-hunter2"}'},
        {"method": "POST", "headers": JSON, "body": f'{{"chatId": "{MADE}"}}'.encode()},
        {"method": "POST", "headers": {"content-type": "image/png"}, "body": b"\x89PNG"},
        {"method": "DELETE"},
        {"kind": "socket", "status": 101},
        {"kind": "stream", "status": 200},
        {"kind": "page", "method": "NAVIGATE", "status": 200},
    ],
)
def test_what_a_shell_cannot_repeat_is_asked_whole(
    recorder: Recorder, exchange: dict[str, Any]
) -> None:
    """Somebody's token, a secret, what is gone, bytes, a talk over a socket, a page."""
    sent(recorder, **exchange)
    assert reproduce_command(recorder) == PROMISE


def test_a_page_that_is_refused_is_a_curl_line(recorder: Recorder) -> None:
    """Its document alone shows what is wrong."""
    sent(recorder, f"{APEX}/storage", "NAVIGATE", kind="page", status=503)
    assert reproduce_command(recorder) == f"curl -sS -i {APEX}/storage"


def test_a_call_of_a_page_is_repeated_only_where_it_is_blamed(recorder: Recorder) -> None:
    """The last thing that a page asked for need not be what is wrong with it."""
    sent(recorder, f"{APEX}/storage", "NAVIGATE", kind="page", status=200)
    call = sent(recorder, headers=SIGNED, kind="page", status=404)
    assert reproduce_command(recorder) == PROMISE
    recorder.subject = call
    assert reproduce_command(recorder).endswith("--env mine.toml --as alice")


def test_a_step_of_a_journey_is_asked_whole(recorder: Recorder) -> None:
    """What is asked after a sign-in tells nothing without it."""
    sent(recorder, headers={"cookie": "SESSION=0123456789abcdef0123"}, status=302)
    sent(recorder, f"{APEX}/api/health")
    assert reproduce_command(recorder) == PROMISE


def test_a_target_that_ends_with_the_run_is_started_again(recorder: Recorder) -> None:
    """Its ports are nobody's by then: the line starts it with the same faults."""
    evidence = recorder.evidence
    started = again(ends_with_run=True, faults=("service-hangs",))
    mine = recorder_of(replace(evidence, again=started))
    sent(mine)
    assert reproduce_command(mine) == f"{PROMISE} --fault service-hangs"


def test_a_scenario_of_ones_own_is_found(recorder: Recorder) -> None:
    """The line names its file."""
    own = again(files={"edge/it-answers": "/my own/test_edge.py"})
    mine = recorder_of(replace(recorder.evidence, again=own))
    assert promise_command(mine) == f"{PROMISE} --file '/my own/test_edge.py'"


def test_nobody_can_ask_again_without_an_environment(evidence: RunEvidence) -> None:
    """A recorder by itself promises no command that does not exist."""
    recorder = recorder_of(evidence)
    assert (promise_command(recorder), reproduce_command(recorder)) == ("", "")


def test_a_line_asks_by_the_way_that_the_run_has_asked(evidence: RunEvidence) -> None:
    """Through [proxy], with its password left in its variable; and directly where that is named."""
    proxy = Proxy("http://proxy:3128", "OUR_PROXY", direct=("wealist.example.org",))
    recorder = recorder_of(replace(evidence, again=again(proxy=proxy)))
    sent(recorder)
    line = f"curl -sS -i --proxy http://proxy:3128 --proxy-user \"$OUR_PROXY\" '{LIST}'"
    assert reproduce_command(recorder) == line
    sent(recorder, "https://wealist.example.org/")
    assert reproduce_command(recorder) == "curl -sS -i https://wealist.example.org/"
