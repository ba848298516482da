"""Export against real loopback collectors of every temper: counts are exact and nobody is waited
for.
"""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import trustme
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from probes.recording import otlp_export
from probes.recording.spans import ExportResult, Tracing

PROTOBUF = "application/x-protobuf"
OK = (200, PROTOBUF, b"")


@pytest.fixture(autouse=True)
def _our_own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the machine's proxy nor its collector's settings are meant for these collectors."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


class Collector(ThreadingHTTPServer):
    """A loopback OTLP/HTTP receiver that answers as it is told to."""

    daemon_threads = True

    def __init__(self, answer: Callable[["Collector"], tuple[int, str, bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.received: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.asked, self.released = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        request = ExportTraceServiceRequest.FromString(body)
        scopes = [scope for resource in request.resource_spans for scope in resource.scope_spans]
        self.server.received += [span.name for scope in scopes for span in scope.spans]
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.server.asked.set()
        status, kind, content = self.server.answer(self.server)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collector(answer: Callable[[Collector], tuple[int, str, bytes]]) -> Iterator[Collector]:
    with Collector(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
            for sending in [each for each in threading.enumerate() if each.name == "otlp-export"]:
                sending.join()


def hang(server: Collector) -> tuple[int, str, bytes]:
    server.released.wait()
    return OK


def exported(folder: Path, url: str, spans: int = 3, budget: float = 30.0) -> ExportResult:
    tracing = Tracing(folder, "run-1", "replica", "0.1.0", {"OTEL_EXPORTER_OTLP_ENDPOINT": url})
    for number in range(spans):
        tracing.start(f"span {number}").end()
    return tracing.finish(budget)


def test_a_willing_collector_gets_every_span_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All arrive, in batches, with the headers that the standard variable adds."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=probes")
    with collector(lambda _: OK) as server:
        assert exported(tmp_path, server.url, spans=otlp_export.BATCH + 3) == ExportResult(
            otlp_export.BATCH + 3, otlp_export.BATCH + 3, 0, ""
        )
        assert sorted(server.received) == sorted(
            f"span {number}" for number in range(otlp_export.BATCH + 3)
        )
        assert [each["x-tenant"] for each in server.headers] == ["probes", "probes"]


def test_what_is_partly_taken_is_counted_so(tmp_path: Path) -> None:
    """A partial success is an answer of 200, and still loses spans."""
    partial = ExportTracePartialSuccess(rejected_spans=2, error_message="quota\x1b[31m")
    body = ExportTraceServiceResponse(partial_success=partial).SerializeToString()
    with collector(lambda _: (200, PROTOBUF, body)) as server:
        assert exported(tmp_path, server.url) == ExportResult(
            3, 1, 2, "the collector rejected 2 spans: quota[31m"
        )


def test_a_collector_may_speak_json(tmp_path: Path) -> None:
    """Its partial success is understood, and so is one that claims more than we sent."""
    body = b'{"partialSuccess": {"rejectedSpans": "9"}}'
    with collector(lambda _: (200, "application/json", body)) as server:
        reason = "the collector rejected 9 spans: no reason given"
        assert exported(tmp_path, server.url) == ExportResult(3, 0, 3, reason)


@pytest.mark.parametrize("kind", [PROTOBUF, "application/json"])
def test_a_garbled_yes_is_a_yes(tmp_path: Path, kind: str) -> None:
    """The status counts where the body makes no sense."""
    with collector(lambda _: (200, kind, b"\xff{")) as server:
        assert exported(tmp_path, server.url) == ExportResult(3, 3, 0, "")


@pytest.mark.parametrize("status", [302, 400, 401, 500])
def test_a_refusal_loses_all_and_is_not_repeated(tmp_path: Path, status: int) -> None:
    """The reason carries the status; a redirect is no success, whatever the SDK believes."""
    with collector(lambda _: (status, "text/plain", b"no")) as server:
        assert exported(tmp_path, server.url) == ExportResult(
            3, 0, 3, f"the collector answered {status}"
        )
        assert len(server.headers) == 1


def test_a_web_page_is_no_collector(tmp_path: Path) -> None:
    """A wrong address that answers 200 with HTML has taken nothing."""
    with collector(lambda _: (200, "text/html; charset=utf-8", b"<html>")) as server:
        reason = "the collector answered a web page: is this its address?"
        assert exported(tmp_path, server.url) == ExportResult(3, 0, 3, reason)


def test_a_collector_that_is_busy_for_ever_loses_all(tmp_path: Path) -> None:
    """503 may be retried, but only while the budget lasts."""
    with collector(lambda _: (503, "text/plain", b"")) as server:
        assert exported(tmp_path, server.url, budget=3) == ExportResult(
            3, 0, 3, "the collector answered 503"
        )


def test_a_collector_that_was_busy_once_loses_nothing(tmp_path: Path) -> None:
    """A retry that succeeds counts each span once."""
    answers = iter([(503, "text/plain", b""), OK])
    with collector(lambda _: next(answers)) as server:
        assert exported(tmp_path, server.url) == ExportResult(3, 3, 0, "")
        assert len(server.headers) == 2


def test_nobody_waits_for_a_collector_that_hangs(tmp_path: Path) -> None:
    """`finish` returns while the collector still holds the request."""
    with collector(hang) as server:
        gone = exported(tmp_path, server.url, budget=0.2)
        assert not server.released.is_set()
        assert (gone.kept, gone.exported, gone.lost) == (3, 0, 3)
        assert gone.reason


def test_what_was_taken_before_a_hang_is_counted(tmp_path: Path) -> None:
    """The first batch was answered, the second never: the number says just that."""
    second = threading.Event()

    def first_only(server: Collector) -> tuple[int, str, bytes]:
        if len(server.headers) == 1:
            return OK
        second.set()
        return hang(server)

    with collector(first_only) as server:
        tracing = Tracing(tmp_path, "run-1", "replica", "0.1.0", {})
        for number in range(otlp_export.BATCH + 3):
            tracing.start(f"span {number}").end()
        spans = tracing._keeper.close()
        sending = otlp_export.ExportThread(spans, f"{server.url}/v1/traces", time.monotonic() + 30)
        sending.start()
        assert second.wait(30)
        assert sending.exported_count == otlp_export.BATCH


def test_a_refusing_port_is_named() -> None:
    """Nobody listens: the reason is the operating system's own, from the first try on."""
    session = otlp_export._CollectorSession()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        with pytest.raises(requests.ConnectionError):
            session.post(f"http://127.0.0.1:{taken.getsockname()[1]}", timeout=30)
    assert session.reason == "the collector could not be asked: Connection refused"


@pytest.mark.parametrize("url", ["collector:4318", "ftp://127.0.0.1"])
def test_an_address_that_is_none_loses_all_with_a_reason(tmp_path: Path, url: str) -> None:
    """A typing error in a variable never raises."""
    gone = exported(tmp_path, url)
    assert (gone.kept, gone.exported, gone.lost) == (3, 0, 3)
    assert gone.reason.startswith("the collector could not be asked: ")


def test_a_certificate_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad path in a variable is a lost export that says so, not an error of the run."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "another.pem")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", "missing.pem")
    gone = exported(tmp_path, "https://127.0.0.1:9")
    assert (gone.exported, gone.lost) == (0, 3)
    assert "missing.pem" in gone.reason


def test_an_exporter_that_breaks_loses_all_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the library raises stays in its thread."""

    def breaks(**_: object) -> None:
        raise ValueError("middle-out")

    monkeypatch.setattr(otlp_export, "OTLPSpanExporter", breaks)
    gone = exported(tmp_path, "http://127.0.0.1:9")
    assert gone == ExportResult(3, 0, 3, "the exporter could not be set up: middle-out")


def test_the_process_ends_while_the_collector_hangs(tmp_path: Path) -> None:
    """No exit hook and no thread of ours or the SDK's waits for the answer."""
    script = (
        "import os, sys; from pathlib import Path; from probes.recording.spans import Tracing\n"
        "tracing = Tracing(Path(sys.argv[1]), 'r', 'e', 'v', "
        "{'OTEL_EXPORTER_OTLP_ENDPOINT': sys.argv[2]})\n"
        "tracing.start('run').end(); print(tracing.finish(0.2).lost)"
    )
    with collector(hang) as server:
        command = [sys.executable, "-c", script, str(tmp_path), server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert not server.released.is_set()
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_a_run_that_exports_nothing_does_not_load_the_exporter() -> None:
    """100 ms at start are for those who asked for them."""
    script = "import sys, probes.recording.spans; print('requests' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_a_collector_is_trusted_by_the_same_authorities_as_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL's own variable names them; a proxy variable changes nothing."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("localhost").configure_cert(context)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    server = Collector(lambda _: OK)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        url = f"https://localhost:{server.server_port}"
        with pytest.raises(requests.exceptions.SSLError):
            otlp_export._CollectorSession().post(url, data=b"", timeout=9)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        session = otlp_export._CollectorSession()
        assert session.post(url, data=b"", timeout=9).status_code == 200
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
