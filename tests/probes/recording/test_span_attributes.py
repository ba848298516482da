"""What a span says of a scenario, a run and an exchange."""

from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.trace import Span

from probes.finding import Code, Finding, Verdict
from probes.recording import span_attributes
from tests.support.finished_spans import attributes, spans, traced


def ended(tmp_path: Path, conclude: Callable[[Span], None]) -> dict[str, object]:
    """A span as the file has it, after `conclude` ended it."""
    tracing = traced(tmp_path)
    conclude(tracing.start("span"))
    tracing.finish()
    return spans(tmp_path)["span"]


LOST = Finding(Code.UPLOAD_LOST, "the file is gone", "confirm")


EXPIRING = Finding(Code.TLS_EXPIRING, "10 days left", "certificate")


@pytest.mark.parametrize(
    ("verdict", "finding", "status", "error", "result"),
    [
        (Verdict.HELD, None, {}, None, ("pass", "success")),
        (Verdict.SKIPPED, None, {}, None, ("skip", "skip")),
        (Verdict.DEGRADED, EXPIRING, {}, None, ("degraded", "success")),
        (
            Verdict.BROKEN,
            LOST,
            {"code": 2, "message": "upload-lost: the file is gone"},
            "upload-lost",
            ("fail", "failure"),
        ),
        (Verdict.UNKNOWN, None, {"code": 2}, "unknown", ("error", "error")),
    ],
)
def test_a_scenario_s_span_says_how_it_ended(  # noqa: PLR0917 - a table
    tmp_path: Path,
    verdict: Verdict,
    finding: Finding | None,
    status: dict[str, object],
    error: str | None,
    result: tuple[str, str],
) -> None:
    """Status is unset on success; a broken promise carries its code as error.type; our own fault is
    an `error`.
    """
    span = ended(tmp_path, lambda span: span_attributes.end_scenario(span, verdict, finding))
    said = attributes(span)
    assert span["status"] == status
    assert said.get("error.type") == error
    assert (said["test.case.result.status"], said["cicd.pipeline.task.run.result"]) == result


@pytest.mark.parametrize(
    ("verdicts", "how", "result", "suite"),
    [
        ([Verdict.HELD], "completed", "success", "success"),
        ([Verdict.BROKEN, Verdict.UNKNOWN], "completed", "failure", "failure"),
        ([Verdict.UNKNOWN], "completed", "error", "aborted"),
        ([Verdict.HELD], "deadline", "timeout", "timed_out"),
        ([Verdict.HELD], "SIGTERM", "cancellation", "aborted"),
    ],
)
def test_the_run_s_span_tells_the_target_s_failure_from_the_suite_s(
    tmp_path: Path, verdicts: list[Verdict], how: str, result: str, suite: str
) -> None:
    """`failure` is the target's and `error` our own, as in cicd.pipeline.result."""
    said = attributes(ended(tmp_path, lambda span: span_attributes.end_run(span, verdicts, how)))
    assert (said["cicd.pipeline.result"], said["test.suite.run.status"]) == (result, suite)
    assert said.get("error.type") == (None if result == "success" else result)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (200, None, None),
        (403, None, None),
        (503, None, "503"),
        (None, "ConnectTimeout: too slow", "ConnectTimeout"),
        (None, "CancelledError", None),
    ],
)
def test_a_refusal_is_no_error_of_its_exchange(
    tmp_path: Path, status: int | None, error: str | None, expected: str | None
) -> None:
    """Probes ask to be refused; only a 5xx, or no answer that we still wanted, marks the
    exchange.
    """
    span = ended(tmp_path, lambda span: span_attributes.end_exchange(span, status, error))
    assert attributes({"attributes": [], **span}).get("error.type") == expected
    said: dict[str, object] = span["status"]  # type: ignore[assignment]
    assert said.get("code") == (2 if expected else None)
    assert said.get("message") == (error if expected else None)


def test_an_exchange_names_its_server() -> None:
    """Method, URL, host and port are where the semantic conventions for HTTP client spans want
    them.
    """
    assert span_attributes.exchange_attributes(
        "http", "GET", "https://api.wealist.co.kr/api/x?a=1"
    ) == (
        "GET",
        {
            "user_agent.synthetic.type": "test",
            "wealist.probes.exchange": "http",
            "http.request.method": "GET",
            "url.full": "https://api.wealist.co.kr/api/x?a=1",
            "server.address": "api.wealist.co.kr",
            "server.port": 443,
        },
    )


@pytest.mark.parametrize(
    ("kind", "method", "url", "name", "port", "known"),
    [
        ("http", "BREW", "http://localhost:81/", "HTTP", 81, "_OTHER"),
        ("tls", "TLS", "https://localhost", "TLS", 443, None),
        ("s3", "PUT", "http://[::1]:9000/bucket", "PUT", 9000, "PUT"),
        ("s3", "PUT", "http://localhost:port/", "PUT", None, "PUT"),
        ("page", "GET", "data:,", "GET", None, "GET"),
    ],
)
def test_odd_exchanges_have_honest_spans(  # noqa: PLR0917 - a table
    kind: str, method: str, url: str, name: str, port: int | None, known: str | None
) -> None:
    """Unknown methods and broken URLs are evidence, not errors of ours."""
    called, said = span_attributes.exchange_attributes(kind, method, url)
    assert (called, said.get("server.port"), said.get("http.request.method")) == (name, port, known)
    assert said.get("http.request.method_original") == (method if known == "_OTHER" else None)


def test_run_and_scenario_are_named_by_convention() -> None:
    """Suite, case, task and owner are found under their names, all marked synthetic."""
    run = span_attributes.run_attributes("run-1")
    scenario = span_attributes.scenario_attributes("edge/a", "platform", 2)
    assert run["cicd.pipeline.run.id"] == "run-1"
    assert scenario["test.case.name"] == scenario["cicd.pipeline.task.name"] == "edge/a"
    assert (scenario["wealist.probes.attempt"], scenario["wealist.probes.owner"]) == (2, "platform")
    assert run["user_agent.synthetic.type"] == scenario["user_agent.synthetic.type"] == "test"
