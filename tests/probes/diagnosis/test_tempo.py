"""A trace is quoted where it shows who failed; one that is absent, late, broken or huge is not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from probes.config.tracing import TracingConfig
from probes.diagnosis import tempo
from probes.diagnosis.failed_span import FailedSpan
from probes.diagnosis.tempo import Tempo, diagnose_with_trace, with_span
from probes.finding import Certainty, Code, Finding, Rung
from probes.recording.recorder import Exchange, Recorder
from probes.transport.http import Web
from tests.probes.diagnosis.test_failed_span import batch, failed, span
from tests.support.site import Said, Site, js

FINDING = Finding(Code.SERVICE_UNAVAILABLE, "500", "noti-service")


@pytest.fixture
async def asked(web: Web, site: Site) -> AsyncIterator[Tempo]:
    config = TracingConfig(f"http://127.0.0.1:{site.port}", 20)
    tempo = Tempo(replace(web.target, tracing=config))
    yield tempo
    await tempo.close()


@pytest.fixture(autouse=True)
def _short_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempo, "ANSWER_LIMIT_BYTES", 2000)


def failing(recorder: Recorder, status: int | None = 500) -> Exchange:
    with recorder.exchange("http", "GET", "http://api.localhost/x") as exchange:
        exchange.set_request({"Traceparent": exchange.traceparent})
        exchange.status = status
    return exchange


def path_of(exchange: Exchange) -> str:
    return f"GET 127/api/traces/{exchange.traceparent.split('-')[1]}"


def trace_of(exchange: Exchange, service: str = "noti-service") -> Said:
    sent = exchange.traceparent.split("-")[2]
    own = span(f"{1:016x}", sent, "gorm.Query", 1, **failed(2, "too many clients"))
    return js({"batches": [batch(service, own)]})


@pytest.mark.parametrize("status", [500, 503, None])
async def test_the_first_span_in_error_is_quoted_with_its_service(
    asked: Tempo, site: Site, recorder: Recorder, status: int | None
) -> None:
    """Also where the trace comes a moment later, and where no answer came at all."""
    exchange = failing(recorder, status)
    site.first[path_of(exchange)] = [Said(404)]
    site.says[path_of(exchange)] = trace_of(exchange)
    found = await diagnose_with_trace(asked, FINDING, exchange, recorder)
    assert (found.cause, found.certainty) == (FINDING.cause, Certainty.PROVEN)
    assert "noti-service's span 'gorm.Query' ended in error: too many" in found.rungs[-1].detail
    assert site.asked[0].headers["accept"] == "application/json"


def test_another_service_that_failed_first_is_the_cause() -> None:
    """And a fact of the cluster says more than a span."""
    failed_first = FailedSpan("auth-service", "GET /validate", "")
    found = with_span(FINDING, failed_first, "curl")
    assert found.cause.startswith("auth-service; proven: auth-service's span 'GET /validate'")
    known = replace(FINDING, certainty=Certainty.PROVEN)
    assert with_span(known, failed_first, "curl").cause == FINDING.cause


def test_a_broken_rung_and_a_cause_without_a_service_keep_their_word() -> None:
    """A span says who failed, and not that the database is away."""
    failed_first = FailedSpan("auth-service", "GET /validate", "")
    broken = replace(FINDING, rungs=(Rung("service", held=False, detail="database down"),))
    for finding in (broken, replace(FINDING, cause="the bus between the pods")):
        found = with_span(finding, failed_first, "curl")
        assert (found.cause, found.certainty) == (finding.cause, Certainty.LIKELY)
        assert found.rungs[-1].name == "trace"


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (Said(200, b"{" + b" " * 3000 + b"}"), "longer than 2000 bytes"),
        (Said(200, b"<html>"), "is no JSON"),
        (Said(200, b"[" * 1900), "is no JSON"),
        (Said(500), "answers 500"),
        (Said(401), "answers 401"),
    ],
    ids=["huge", "page", "deep", "failing", "forbidden"],
)
async def test_what_is_no_trace_changes_nothing(
    asked: Tempo, site: Site, recorder: Recorder, said: Said, note: str
) -> None:
    """And a note says why."""
    exchange = failing(recorder)
    site.says[path_of(exchange)] = said
    assert await diagnose_with_trace(asked, FINDING, exchange, recorder) == FINDING
    recorder.evidence.journal.close()
    journal = (recorder.evidence.folder / "run.jsonl").read_text()
    assert "the trace proves nothing" in journal
    assert note in journal


async def test_a_trace_that_is_absent_changes_nothing(
    web: Web, site: Site, recorder: Recorder
) -> None:
    """The collector keeps one in ten of those without an error."""
    config = TracingConfig(f"http://127.0.0.1:{site.port}", 0.1)
    asked = Tempo(replace(web.target, tracing=config))
    found = await diagnose_with_trace(asked, FINDING, failing(recorder), recorder)
    await asked.close()
    assert found == FINDING


async def test_a_tempo_that_hangs_or_is_down_changes_nothing(web: Web, recorder: Recorder) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        for port in (server.sockets[0].getsockname()[1], 9):
            config = TracingConfig(f"http://127.0.0.1:{port}", 0.2)
            asked = Tempo(replace(web.target, tracing=config))
            found = await diagnose_with_trace(asked, FINDING, failing(recorder), recorder)
            await asked.close()
            assert found == FINDING


async def test_what_has_not_failed_is_not_looked_up(
    asked: Tempo, web: Web, site: Site, recorder: Recorder
) -> None:
    """Nor what bore no trace, what the suite could not ask, and where no Tempo is named."""
    exchange = failing(recorder)
    bare = replace(exchange, request_headers={})
    unknown = replace(FINDING, code=Code.UNKNOWN)
    for finding, each in (
        (FINDING, failing(recorder, 404)),
        (FINDING, bare),
        (FINDING, None),
        (unknown, exchange),
    ):
        assert await diagnose_with_trace(asked, finding, each, recorder) == finding
    assert await diagnose_with_trace(Tempo(web.target), FINDING, exchange, recorder) == FINDING
    assert site.asked == []


async def test_a_run_reads_few_traces(asked: Tempo, site: Site, recorder: Recorder) -> None:
    """A hundred failed requests may not wait for a hundred of them."""
    exchange = failing(recorder)
    site.says[path_of(exchange)] = trace_of(exchange)
    for _ in range(2 * tempo.TRACES_AT_MOST):
        await diagnose_with_trace(asked, FINDING, exchange, recorder)
    assert len(site.asked) == tempo.TRACES_AT_MOST
