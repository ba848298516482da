"""Spans of a run: what is kept, how it is named, and when it leaves."""

import json
from pathlib import Path

import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from probes.finding import Code, Finding, Verdict
from probes.recording import span_attributes
from probes.recording import spans as telemetry
from probes.recording.spans import ExportResult
from tests.support.finished_spans import attributes, lines, spans, traced


def test_every_span_is_a_whole_line_as_soon_as_it_ends(tmp_path: Path) -> None:
    """A kill loses only what was still open."""
    tracing = traced(tmp_path)
    run = tracing.start("run")
    tracing.start("scenario", parent=run).end()
    assert list(spans(tmp_path)) == ["scenario"]
    run.end()
    assert list(spans(tmp_path)) == ["scenario", "run"]
    tracing.finish()


def test_a_line_is_otlp_json(tmp_path: Path) -> None:
    """Ids are hex, enumerations are numbers, and the rest is what protobuf's own reader
    understands.
    """
    tracing = traced(tmp_path)
    run = tracing.start("run")
    tracing.start("GET", "client", {"server.port": 443}, run).end()
    span = spans(tmp_path)["GET"]
    assert span["traceId"] == telemetry.trace_id(run)
    assert span["parentSpanId"] == telemetry.span_id(run)
    assert span["kind"] == 3
    for name in ("traceId", "spanId", "parentSpanId"):
        del span[name]
    read = Parse(
        json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}),
        ExportTraceServiceRequest(),
    )
    assert read.resource_spans[0].scope_spans[0].spans[0].attributes[0].value.int_value == 443
    tracing.finish()


def test_a_start_in_the_past_is_kept(tmp_path: Path) -> None:
    """A page's navigation is reported after it happened."""
    tracing = traced(tmp_path)
    tracing.start("GET", start_time_ns=1_700_000_000_000_000_000).end()
    assert spans(tmp_path)["GET"]["startTimeUnixNano"] == "1700000000000000000"
    tracing.finish()


def test_what_a_cut_short_run_left_open_is_ended_by_finish(tmp_path: Path) -> None:
    """Children never hang in the air, and spans that end later are nobody's trouble."""
    tracing = traced(tmp_path)
    run = tracing.start("run")
    tracing.start("child", parent=run).end()
    assert tracing.finish() == ExportResult(2, 0, 0, "")
    run.end()
    tracing.start("late").end()
    assert set(spans(tmp_path)) == {"child", "run"}
    assert tracing.finish().kept == 2


def test_text_that_protobuf_refuses_is_kept_escaped(tmp_path: Path) -> None:
    """A lone surrogate, as a page may send one, costs neither the span nor the attribute."""
    tracing = traced(tmp_path)
    span = tracing.start("a\ud800", attributes={"url.full": "b\udfff"})
    span_attributes.end_scenario(
        span, Verdict.BROKEN, Finding(Code.UPLOAD_LOST, "c\ud800", "confirm")
    )
    kept = spans(tmp_path)["a\\ud800"]
    assert attributes(kept)["url.full"] == "b\\udfff"
    assert kept["status"] == {"message": "upload-lost: c\\ud800", "code": 2}
    tracing.finish()


def test_the_resource_says_who_we_are(tmp_path: Path) -> None:
    """Service, version, run and environment, as an observer groups them."""
    tracing = traced(tmp_path)
    tracing.start("run").end()
    said = attributes(lines(tmp_path)[0]["resourceSpans"][0]["resource"])
    assert said["service.name"] == "wealist-probes"
    assert said["service.version"] == "0.1.0"
    assert said["service.instance.id"] == "run-1"
    assert said["deployment.environment.name"] == "replica"
    assert said["telemetry.sdk.language"] == "python"
    tracing.finish()


def test_the_operator_has_the_last_word_on_the_resource(tmp_path: Path) -> None:
    """OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over ours; a malformed pair is passed
    over.
    """
    said = "k8s.cronjob.name=probes, deployment.environment.name=staging%2C2,nonsense"
    tracing = traced(tmp_path, {"OTEL_SERVICE_NAME": "mine", "OTEL_RESOURCE_ATTRIBUTES": said})
    tracing.start("run").end()
    found = attributes(lines(tmp_path)[0]["resourceSpans"][0]["resource"])
    assert found["service.name"] == "mine"
    assert found["k8s.cronjob.name"] == "probes"
    assert found["deployment.environment.name"] == "staging,2"
    tracing.finish()


def test_sampling_and_a_disabled_sdk_cost_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is evidence: what turns exports off does not turn it off."""
    environ = {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_SAMPLER": "always_off"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    tracing = traced(tmp_path, environ)
    tracing.start("run").end()
    assert tracing.finish() == ExportResult(1, 0, 0, "")
    assert list(spans(tmp_path)) == ["run"]


def test_traceparent_names_trace_and_span(tmp_path: Path) -> None:
    """By it the target's own spans join ours."""
    tracing = traced(tmp_path)
    span = tracing.start("GET")
    version, trace, parent, flags = telemetry.traceparent(span).split("-")
    assert (version, trace, parent) == ("00", telemetry.trace_id(span), telemetry.span_id(span))
    assert int(flags, 16) & 1, "the sampled flag"
    tracing.finish()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}, "http://a:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318/"}, "http://a:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a/exact"}, "http://a/exact"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_TRACES_EXPORTER": "none"}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_TRACES_EXPORTER": "console"}, ""),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_TRACES_EXPORTER": "console,otlp"},
            "http://a/v1/traces",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_TRACES_EXPORTER": ""},
            "http://a/v1/traces",
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "True"}, ""),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "false"},
            "http://a/v1/traces",
        ),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ""),
    ],
)
def test_only_the_standard_variables_ask_for_an_export(
    environ: dict[str, str], expected: str
) -> None:
    """Each combination leads where the OpenTelemetry specification says."""
    assert telemetry.endpoint(environ) == expected


def test_a_protocol_that_we_do_not_speak_is_said(tmp_path: Path) -> None:
    """An operator who asks for gRPC learns why nothing arrived."""
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    }
    tracing = traced(tmp_path, environ)
    tracing.start("run").end()
    assert tracing.finish() == ExportResult(
        1, 0, 1, "OTLP over grpc was asked for; say http/protobuf"
    )
