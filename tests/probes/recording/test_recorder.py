"""What was sent and seen is kept as it happens, for the right scenario, and without a secret."""

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from probes.finding import Code, Finding
from probes.recording import journal, spans
from probes.recording.recorder import Exchange, Recorder, RunEvidence, current, recording
from probes.recording.reproduce import curl
from tests.support.site import recorder_of

SCHEMA = json.loads((Path(journal.__file__).parent / "journal.schema.json").read_text())
SECRET = "planted-s3cret-value"
URL = f"https://apex.localhost:8443/api/svc/storage/x?X-Amz-Signature={SECRET}"


def events(evidence: RunEvidence, kind: str) -> list[dict[str, Any]]:
    found = list(journal.read(evidence.folder))
    for event in found:
        jsonschema.validate(event, SCHEMA)
    return [event for event in found if event["event"] == kind]


@pytest.fixture
def careful(evidence: RunEvidence) -> RunEvidence:
    """Knows the secret, as it would have been told when it was read."""
    evidence.redactor.remember(SECRET)
    return evidence


def test_an_exchange_is_one_line_without_its_secrets(careful: RunEvidence) -> None:
    """Its URL, headers, bodies and error have been redacted; in memory it stays as it was."""
    recorder = recorder_of(careful)
    with recorder.exchange("http", "POST", URL) as exchange:
        exchange.set_request(
            {"authorization": f"Bearer {SECRET}"}, f'{{"password": "{SECRET}"}}'.encode()
        )
        exchange.set_response(
            201, {"content-type": "application/json", "x-build": "7"}, b'{"a": 1}'
        )
    [line] = events(careful, "exchange")
    assert (line["scenario"], line["attempt"], line["kind"], line["method"]) == (
        "edge/it-answers",
        1,
        "http",
        "POST",
    )
    assert (line["status"], line["error"], line["response"]["body"]) == (201, None, '{"a": 1}')
    assert line["response"]["headers"]["x-build"] == "7"
    assert line["request"]["headers"].keys() == {"authorization"}
    assert line["span"] == f"{exchange.span.get_span_context().span_id:016x}"
    assert line["duration"] >= 0
    assert recorder.last is exchange
    assert exchange.url == URL
    left = "".join(path.read_text() for path in careful.folder.iterdir())
    assert SECRET not in left
    assert "X-Amz-Signature" in left


def test_an_exception_ends_an_exchange_and_goes_on(careful: RunEvidence) -> None:
    """What happened is kept, and its span tells the type."""
    recorder = recorder_of(careful)
    with pytest.raises(OSError, match="planted"), recorder.exchange("s3", "PUT", URL):
        raise OSError(f"token={SECRET}")
    [line] = events(careful, "exchange")
    assert line["status"] is None
    assert line["error"].startswith("OSError: ")
    assert SECRET not in line["error"]
    span = (careful.folder / spans.NAME).read_text()
    assert '"OSError"' in span
    assert SECRET not in span


@pytest.mark.parametrize(
    ("kept", "told"), [(None, "TimeoutError"), ("ConnectTimeout: x", "ConnectTimeout: x")]
)
def test_what_a_verb_said_of_an_error_stays(
    evidence: RunEvidence, kept: str | None, told: str
) -> None:
    """It has seen the library's exception; the one that leaves the block is ours."""
    exchanging = recorder_of(evidence).exchange("http", "GET", URL)
    exchanging.__enter__().error = kept
    assert not exchanging.__exit__(TimeoutError, TimeoutError(), None)
    assert events(evidence, "exchange")[0]["error"] == told


def test_an_exchange_of_somebody_else_has_their_times(evidence: RunEvidence) -> None:
    """The page reports what it asked when it has the answer."""
    recorder = recorder_of(evidence)
    exchange = recorder.begin("page", "GET", URL, 1_700_000_000_000_000_000)
    exchange.set_response(200, {})
    recorder.record(exchange, 1.25)
    assert events(evidence, "exchange")[0]["duration"] == 1.25
    assert '"1700000000000000000"' in (evidence.folder / spans.NAME).read_text()


def test_what_an_answer_brings_is_not_in_the_url_that_it_answers(evidence: RunEvidence) -> None:
    """Cookies of each Set-Cookie header, and userinfo, are known before anything of the exchange is
    written: its URL in the journal and in the span, its body, and what is noted later.
    """
    cookie, password = "c00kie-0f-the-provider", "pa55-0f-the-store"
    url = f"http://u:{password}@apex.localhost/back?to={cookie}"
    recorder = recorder_of(evidence)
    with recorder.exchange("http", "GET", url) as exchange:
        headers = {"set-cookie": f"A=1; Path=/\nB={cookie}; Secure"}
        exchange.set_response(200, headers, f"{password} {cookie}".encode())
    recorder.note(f"{password} {cookie}")
    left = "".join(path.read_text() for path in evidence.folder.iterdir())
    assert cookie not in left
    assert password not in left
    span = json.loads((evidence.folder / spans.NAME).read_text())
    assert '"apex.localhost"' in json.dumps(span)


def test_notes_and_facts_are_redacted(careful: RunEvidence) -> None:
    """They quote the target and the browser's console."""
    recorder = recorder_of(careful)
    recorder.note(f"console: {SECRET}")
    recorder.fact("build", f"v7 {SECRET}")
    [note], [fact] = events(careful, "note"), events(careful, "fact")
    assert note["text"].startswith("console: <")
    assert (fact["name"], fact["value"].partition(" ")[0]) == ("build", "v7")
    assert SECRET not in fact["value"]


@pytest.mark.parametrize(
    ("scenario", "stem"),
    [("storage/a-file[apex]", "storage-a-file-apex-1-1-screenshot.png"), (None, "run-1-1-")],
)
def test_an_artifact_has_a_place_of_its_own(
    evidence: RunEvidence, scenario: str | None, stem: str
) -> None:
    """In the run's folder, under a name that every file system takes."""
    recorder = recorder_of(evidence, scenario)
    first, second = (recorder.artifact("screenshot", ".png") for _ in range(2))
    assert first != second
    assert first.name.startswith(stem)
    first.write_bytes(b"")
    lines = events(evidence, "artifact")
    assert [(evidence.folder / line["path"], line["name"]) for line in lines] == [
        (first, "screenshot"),
        (second, "screenshot"),
    ]


def test_what_degrades_a_promise_is_kept_in_order(evidence: RunEvidence) -> None:
    """The scenario goes on."""
    recorder, finding = recorder_of(evidence), Finding(Code.TLS_EXPIRING, "o", "s")
    recorder.degrade(finding)
    assert recorder.degradations == [finding]
    assert recorder.last is None


async def test_tasks_record_for_the_scenario_that_started_them(evidence: RunEvidence) -> None:
    """However many run at once."""
    both = asyncio.Barrier(2)

    async def meet() -> Recorder:
        await both.wait()
        return current()

    async def scenario(name: str) -> tuple[str | None, str]:
        with recording(recorder_of(evidence, name)):
            return (await asyncio.create_task(meet())).scenario, name

    for seen, name in await asyncio.gather(scenario("edge/a"), scenario("edge/b")):
        assert seen == name


def test_recorders_are_stacked(evidence: RunEvidence) -> None:
    """The one before is back after the block."""
    outer, inner = recorder_of(evidence, "edge/a"), recorder_of(evidence, None)
    with recording(outer):
        with recording(inner):
            assert current() is inner
        assert current() is outer
    with pytest.raises(LookupError):
        current()


def asked(
    evidence: RunEvidence, method: str, url: str, headers: dict[str, str], body: bytes = b""
) -> Exchange:
    exchange = recorder_of(evidence).begin("http", method, url)
    exchange.set_request(headers, body)
    exchange.span.end()
    return exchange


@pytest.mark.parametrize(
    ("request_line", "headers", "line"),
    [
        (
            "GET https://wealist.co.kr/a?b=1&c=2",
            {"user-agent": "x"},
            "'https://wealist.co.kr/a?b=1&c=2'",
        ),
        (
            "DELETE https://wealist.co.kr/a",
            {"Authorization": f"Bearer {SECRET}", "X-Workspace-Id": "w-1"},
            "-X DELETE -H 'x-workspace-id: w-1' -H \"Authorization: Bearer $TOKEN\" https://wealist.co.kr/a",
        ),
        (
            "GET https://api.localhost:8443/a",
            {},
            "--resolve api.localhost:8443:127.0.0.1 https://api.localhost:8443/a",
        ),
        (
            "GET https://api.localhost/a",
            {},
            "--resolve api.localhost:443:127.0.0.1 https://api.localhost/a",
        ),
        (
            "GET http://api.localhost/a",
            {},
            "--resolve api.localhost:80:127.0.0.1 http://api.localhost/a",
        ),
    ],
)
def test_a_shell_line_shows_it_again(
    evidence: RunEvidence, request_line: str, headers: dict[str, str], line: str
) -> None:
    """With what the answer may hang on, and the token left out."""
    method, url = request_line.split(" ")
    assert curl(asked(evidence, method, url, headers), evidence.redactor) == f"curl -sS -i {line}"


@pytest.mark.parametrize(
    ("kind", "method", "url", "manner"),
    [
        ("page", "NAVIGATE", "https://wealist.co.kr/storage", "-i"),
        ("tls", "HANDSHAKE", "https://wealist.co.kr/", "-v -o /dev/null"),
        ("http", "HEAD", "https://wealist.co.kr/", "-I"),
        ("stream", "GET", "https://wealist.co.kr/s", "-i -N -m 9 --http1.1"),
    ],
)
def test_a_shell_line_can_be_run_whatever_was_asked(
    evidence: RunEvidence, kind: str, method: str, url: str, manner: str
) -> None:
    """Words of ours for what a browser or a handshake did are no methods of HTTP."""
    exchange = recorder_of(evidence).begin(kind, method, url)
    assert curl(exchange, evidence.redactor) == f"curl -sS {manner} {url}"


def test_a_shell_line_trusts_whom_the_environment_trusts(evidence: RunEvidence) -> None:
    """Its authority is a file, whatever its name."""
    line = curl(
        asked(evidence, "GET", "https://wealist.co.kr/", {}), evidence.redactor, "my ca.pem"
    )
    assert line == "curl -sS -i --cacert 'my ca.pem' https://wealist.co.kr/"


def test_a_shell_line_sends_what_was_sent(careful: RunEvidence) -> None:
    """As far as it is text and no secret."""
    sent = {"content-type": "application/json"}
    line = curl(
        asked(careful, "POST", URL, sent, f'{{"a": 1, "token": "{SECRET}"}}'.encode()),
        careful.redactor,
    )
    assert (
        "-X POST --resolve apex.localhost:8443:127.0.0.1 "
        "-H 'content-type: application/json' --data-raw" in line
    )
    assert '"a": 1' in line
    assert SECRET not in line
    assert "X-Amz-Signature=" in line
    assert "--data-raw" not in curl(
        asked(careful, "PUT", URL, {"content-type": "text/plain"}, b"x"), careful.redactor
    )
