"""Spans of a run: kept as a file beside the journal, and exported where the standard OTEL_*
variables ask for it.

Names and attributes follow the OpenTelemetry semantic conventions 1.44. Spans are made where
evidence is recorded, after redaction: httpx auto-instrumentation leaves X-Amz-Credential and
X-Amz-Signature in span URLs.
"""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from google.protobuf.json_format import MessageToDict
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.environment_variables import (
    OTEL_EXPORTER_OTLP_ENDPOINT,
    OTEL_EXPORTER_OTLP_PROTOCOL,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
    OTEL_RESOURCE_ATTRIBUTES,
    OTEL_SDK_DISABLED,
    OTEL_SERVICE_NAME,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.semconv._incubating.attributes import cicd_attributes as cicd
from opentelemetry.semconv._incubating.attributes import test_attributes as test
from opentelemetry.semconv._incubating.attributes import user_agent_attributes as user_agent
from opentelemetry.semconv.attributes import (
    error_attributes,
    http_attributes,
    server_attributes,
    service_attributes,
    url_attributes,
)
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from probes.finding import Code, Finding, Verdict, exit_code

NAME = "spans.jsonl"
SERVICE = "wealist-probes"
METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
OTEL_TRACES_EXPORTER = "OTEL_TRACES_EXPORTER"
PORTS = {"http": 80, "https": 443}

Attributes = dict[str, str | int]

_SYNTHETIC: Attributes = {
    user_agent.USER_AGENT_SYNTHETIC_TYPE: user_agent.UserAgentSyntheticTypeValues.TEST.value
}
_STATUS = {
    Verdict.HELD: "pass",
    Verdict.BROKEN: "fail",
    Verdict.SKIPPED: "skip",
    Verdict.DEGRADED: "degraded",
}
_RESULT = {
    Verdict.HELD: "success",
    Verdict.BROKEN: "failure",
    Verdict.SKIPPED: "skip",
    Verdict.DEGRADED: "success",
}
_CUT_SHORT = {
    "deadline": "timeout",
    "stuck": "timeout",
    "SIGTERM": "cancellation",
    "SIGINT": "cancellation",
}
_SUITE_STATUS = {"success": "success", "failure": "failure", "timeout": "timed_out"}


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What became of a run's spans; `reason` says why some were lost, and is empty when none
    were.
    """

    kept: int
    exported: int
    lost: int
    reason: str


class Tracing:
    """The spans of one run: each is written as it ends, and `finish` exports them all."""

    def __init__(
        self, folder: Path, run: str, environment: str, version: str, environ: Mapping[str, str]
    ) -> None:
        self._environ = environ
        self._keeper = _SpanFile(folder)
        self._exported: ExportResult | None = None
        provider = TracerProvider(
            sampler=ALWAYS_ON,  # the file is evidence; OTEL_TRACES_SAMPLER must not thin it out
            resource=_resource(run, environment, version, environ),
            shutdown_on_exit=False,  # an exit must not wait for anything of ours
        )
        provider._disabled = False  # noqa: SLF001 - OTEL_SDK_DISABLED stops the export, not the file and not the ids
        provider.add_span_processor(self._keeper)
        self._tracer = provider.get_tracer(SERVICE, version, Schemas.V1_44_0.value)

    def start(
        self,
        name: str,
        kind: str = "internal",
        attributes: Attributes | None = None,
        parent: Span | None = None,
        start_time_ns: int | None = None,
    ) -> Span:
        """A span that lasts until its `end()`; without a parent it begins a trace."""
        context = set_span_in_context(parent, Context()) if parent else Context()
        kept = {
            key: _text(value) if isinstance(value, str) else value
            for key, value in (attributes or {}).items()
        }
        return self._tracer.start_span(
            _text(name), context, SpanKind[kind.upper()], kept, start_time=start_time_ns
        )

    def finish(self, budget: float = 2.0) -> ExportResult:
        """End what is still open and export, in `budget` seconds whatever the collector does."""
        if self._exported is None:
            self._exported = _export(self._keeper.close(), self._environ, time.monotonic() + budget)
        return self._exported


class _SpanFile(SpanProcessor):
    """Writes every ended span as one line of OTLP/JSON, in one system call, and keeps it for the
    export.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / NAME).open("ab", buffering=0)
        self._lock = threading.RLock()
        self._open: dict[int, Span] = {}
        self._kept: list[ReadableSpan] = []

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - the SDK's signature
        with self._lock:
            self._open[span.get_span_context().span_id] = span

    def on_end(self, span: ReadableSpan) -> None:
        with self._lock:
            if context := span.get_span_context():
                self._open.pop(context.span_id, None)
            if not self._file.closed:
                with contextlib.suppress(OSError):  # a full disk is told by the journal
                    self._file.write(otlp_json(span).encode() + b"\n")
                self._kept.append(span)

    def close(self) -> list[ReadableSpan]:
        """All spans; those that a killed run left open end now, or their children would hang in the
        air.
        """
        with self._lock:
            for span in list(self._open.values()):
                span.end()
            self._file.close()
            return self._kept


def otlp_json(span: ReadableSpan) -> str:
    """One line of the OTLP file format: enumerations as numbers, and ids in hex where protobuf's
    JSON has base64.
    """
    message = MessageToDict(encode_spans([span]), use_integers_for_enums=True)
    for scope in message["resourceSpans"][0]["scopeSpans"]:
        for each in scope["spans"]:
            for name in {"traceId", "spanId", "parentSpanId"} & each.keys():
                each[name] = base64.b64decode(each[name]).hex()
    return json.dumps(message, separators=(",", ":"))


def _text(text: str) -> str:
    """Protobuf refuses lone surrogates, and a page may have sent us one."""
    return text.encode("utf-8", "backslashreplace").decode()


def _resource(run: str, environment: str, version: str, environ: Mapping[str, str]) -> Resource:
    said = [
        item.partition("=")
        for item in environ.get(OTEL_RESOURCE_ATTRIBUTES, "").split(",")
        if "=" in item
    ]
    ours: dict[str, Any] = {
        service_attributes.SERVICE_NAME: SERVICE,
        service_attributes.SERVICE_VERSION: version,
        "service.instance.id": run,
        "deployment.environment.name": environment,
    }
    ours |= {name.strip(): unquote(value.strip()) for name, _, value in said}
    if name := environ.get(OTEL_SERVICE_NAME):
        ours[service_attributes.SERVICE_NAME] = name
    return Resource.create(ours, Schemas.V1_44_0.value)


def endpoint(environ: Mapping[str, str]) -> str:
    """Where the standard variables ask us to export to; empty when they do not ask."""
    exporters = {
        name.strip() for name in environ.get(OTEL_TRACES_EXPORTER, "").lower().split(",")
    } - {""}
    if environ.get(OTEL_SDK_DISABLED, "").strip().lower() == "true" or (
        exporters and "otlp" not in exporters
    ):
        return ""
    if exact := environ.get(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT):
        return exact
    base = environ.get(OTEL_EXPORTER_OTLP_ENDPOINT, "")
    return base and f"{base.removesuffix('/')}/v1/traces"


def _export(spans: list[ReadableSpan], environ: Mapping[str, str], deadline: float) -> ExportResult:
    kept, to = len(spans), endpoint(environ)
    if not to:
        return ExportResult(kept, 0, 0, "")
    protocol = environ.get(OTEL_EXPORTER_OTLP_TRACES_PROTOCOL) or environ.get(
        OTEL_EXPORTER_OTLP_PROTOCOL
    )
    if protocol not in {None, "", "http/protobuf"}:
        return ExportResult(kept, 0, kept, f"OTLP over {protocol} was asked for; say http/protobuf")
    from probes.recording.otlp_export import send  # noqa: PLC0415 - 100 ms that only an export is worth

    exported, reason = send(spans, to, deadline)
    return ExportResult(kept, exported, kept - exported, reason if exported < kept else "")


def traceparent(span: Span) -> str:
    """The W3C header by which the target's own spans join ours."""
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span, Context()))
    return carrier["traceparent"]


def trace_id(span: Span) -> str:
    return f"{span.get_span_context().trace_id:032x}"


def span_id(span: Span) -> str:
    return f"{span.get_span_context().span_id:016x}"


def run_attributes(run: str) -> Attributes:
    return _SYNTHETIC | {
        test.TEST_SUITE_NAME: SERVICE,
        cicd.CICD_PIPELINE_NAME: SERVICE,
        cicd.CICD_PIPELINE_RUN_ID: run,
        cicd.CICD_PIPELINE_ACTION_NAME: cicd.CicdPipelineActionNameValues.RUN.value,
    }


def scenario_attributes(scenario: str, owner: str, attempt: int) -> Attributes:
    return _SYNTHETIC | {
        test.TEST_SUITE_NAME: SERVICE,
        test.TEST_CASE_NAME: scenario,
        cicd.CICD_PIPELINE_TASK_NAME: scenario,
        cicd.CICD_PIPELINE_TASK_TYPE: cicd.CicdPipelineTaskTypeValues.TEST.value,
        "wealist.probes.attempt": attempt,
        "wealist.probes.owner": owner,
    }


def exchange_attributes(kind: str, method: str, url: str) -> tuple[str, Attributes]:
    """Name and attributes of a client span; `url` has been redacted. Of a TLS handshake only the
    server is said.
    """
    parts = urlsplit(url)
    ours: Attributes = _SYNTHETIC | {
        "wealist.probes.exchange": kind,
        server_attributes.SERVER_ADDRESS: parts.hostname or "",
    }
    if port := _port(parts):
        ours[server_attributes.SERVER_PORT] = port
    if kind == "tls":
        return "TLS", ours
    ours[url_attributes.URL_FULL] = url
    if method in METHODS:
        return method, ours | {http_attributes.HTTP_REQUEST_METHOD: method}
    original = {http_attributes.HTTP_REQUEST_METHOD_ORIGINAL: method}
    return "HTTP", ours | original | {http_attributes.HTTP_REQUEST_METHOD: "_OTHER"}


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or PORTS.get(parts.scheme)
    except ValueError:  # a presigned URL may be that broken, and then it is evidence
        return None


def end_exchange(span: Span, status: int | None, error: str | None) -> None:
    """End an exchange. A 4xx is no error by itself: probes ask to be refused; the scenario's span
    judges.
    """
    kind = (error or "").partition(":")[0]
    if status is not None:
        span.set_attribute(http_attributes.HTTP_RESPONSE_STATUS_CODE, status)
        kind = kind or (str(status) if status >= 500 else "")
    if kind and kind != "CancelledError":  # what we gave up on purpose is nobody's error
        span.set_attribute(error_attributes.ERROR_TYPE, _text(kind))
        span.set_status(Status(StatusCode.ERROR, _text(error) if error else None))
    span.end()


def end_scenario(span: Span, verdict: Verdict, finding: Finding | None) -> None:
    """End an attempt: unset status when the promise held, ERROR and the finding's code when not."""
    span.set_attribute(test.TEST_CASE_RESULT_STATUS, _STATUS.get(verdict, "error"))
    span.set_attribute(cicd.CICD_PIPELINE_TASK_RUN_RESULT, _RESULT.get(verdict, "error"))
    if verdict in {Verdict.BROKEN, Verdict.UNKNOWN}:
        span.set_attribute(
            error_attributes.ERROR_TYPE, str(finding.code if finding else Code.UNKNOWN)
        )
        span.set_status(
            Status(
                StatusCode.ERROR, _text(f"{finding.code}: {finding.observed}") if finding else None
            )
        )
    elif finding:
        span.set_attribute("wealist.probes.finding", str(finding.code))
    span.end()


def end_run(span: Span, verdicts: list[Verdict], ended: str) -> None:
    """End the run: `failure` is the target's, `error` the suite's own, as in
    cicd.pipeline.result.
    """
    result = _CUT_SHORT.get(ended) or {0: "success", 1: "failure"}.get(exit_code(verdicts), "error")
    span.set_attribute(cicd.CICD_PIPELINE_RESULT, result)
    span.set_attribute(test.TEST_SUITE_RUN_STATUS, _SUITE_STATUS.get(result, "aborted"))
    if result != "success":
        span.set_attribute(error_attributes.ERROR_TYPE, result)
        span.set_status(Status(StatusCode.ERROR, f"the run ended: {ended}"))
    span.end()
