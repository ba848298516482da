"""Spans of a run: kept as a file beside the journal, and exported where the standard OTEL_*
variables ask for it.

Names and attributes follow the OpenTelemetry semantic conventions 1.44. Spans are made where
evidence is recorded, after redaction: httpx auto-instrumentation leaves X-Amz-Credential and
X-Amz-Signature in span URLs.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from opentelemetry.context import Context
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
from opentelemetry.semconv.attributes import (
    service_attributes,
)
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import Span, SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from probes import proxy_variables
from probes.recording.otlp_json import SpanLines
from probes.recording.span_attributes import SERVICE, Attributes, encodable

# It logs the headers for a collector that it cannot read, and a key may be one.
logging.getLogger("opentelemetry.util.re").disabled = True

NAME = "spans.jsonl"
OTEL_TRACES_EXPORTER = "OTEL_TRACES_EXPORTER"


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
            key: encodable(value) if isinstance(value, str) else value
            for key, value in (attributes or {}).items()
        }
        return self._tracer.start_span(
            encodable(name), context, SpanKind[kind.upper()], kept, start_time=start_time_ns
        )

    def finish(self, timeout_s: float = 2.0) -> ExportResult:
        """End what is still open and export, in `timeout_s` seconds whatever the collector does."""
        if self._exported is None:
            self._exported = _export(
                self._keeper.close(), self._environ, time.monotonic() + timeout_s
            )
        return self._exported


class _SpanFile(SpanProcessor):
    """Writes every ended span as one line of OTLP/JSON, in one system call, and keeps it for the
    export.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / NAME).open("ab", buffering=0)
        self._lock, self._lines = threading.RLock(), SpanLines()
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
                    self._file.write(self._lines.line(span).encode() + b"\n")
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


def _resource(run: str, environment: str, version: str, environ: Mapping[str, str]) -> Resource:
    pairs = [
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
    ours |= {name.strip(): unquote(value.strip()) for name, _, value in pairs}
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


def _export(
    spans: list[ReadableSpan], environ: Mapping[str, str], deadline_at: float
) -> ExportResult:
    kept, to = len(spans), endpoint(environ)
    if not to:
        return ExportResult(kept, 0, 0, "")
    protocol = environ.get(OTEL_EXPORTER_OTLP_TRACES_PROTOCOL) or environ.get(
        OTEL_EXPORTER_OTLP_PROTOCOL
    )
    if protocol not in {None, "", "http/protobuf"}:
        return ExportResult(kept, 0, kept, f"OTLP over {protocol} was asked for; say http/protobuf")
    from probes.recording.otlp_export import send  # noqa: PLC0415 - 100 ms that only an export is worth

    exported, reason = send(spans, to, deadline_at, proxy_variables.url_for(environ, to))
    if exported >= kept:
        reason = ""
    return ExportResult(kept, exported, kept - exported, reason)


def traceparent(span: Span) -> str:
    """The W3C header by which the target's own spans join ours."""
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span, Context()))
    return carrier["traceparent"]


def trace_id(span: Span) -> str:
    return f"{span.get_span_context().trace_id:032x}"


def span_id(span: Span) -> str:
    return f"{span.get_span_context().span_id:016x}"
