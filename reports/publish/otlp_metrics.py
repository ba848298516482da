"""Metrics by OTLP over HTTP, where the standard OTEL_* variables ask for metrics by name.

OTEL_EXPORTER_OTLP_ENDPOINT alone asks for spans: weAlist's collector has a pipeline for traces and
none for metrics (contract 9.5), and would refuse them after every run.
"""

import logging
from collections.abc import Mapping
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource

from reports.model.run import Run
from reports.publish.metrics import METRICS, Sample, samples
from reports.publish.sending import TIMEOUT_S
from reports.publish.trusting_adapter import TrustingAdapter

SERVICE = "wealist-probes"
logging.getLogger("opentelemetry.exporter").addHandler(logging.NullHandler())


def endpoint(environ: Mapping[str, str]) -> str:
    """Where to; empty where nobody asks for metrics."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ""
    exporters = {
        name.strip() for name in environ.get("OTEL_METRICS_EXPORTER", "").lower().split(",")
    } - {""}
    exact = environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "")
    base = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").removesuffix("/")
    if exporters and "otlp" not in exporters:
        return ""
    return exact or (f"{base}/v1/metrics" if base and exporters else "")


def send(run: Run, to: str, environ: Mapping[str, str]) -> str:
    """Empty when the collector took all; else what was wrong. Raises what requests raises."""
    protocol = environ.get("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL") or environ.get(
        "OTEL_EXPORTER_OTLP_PROTOCOL"
    )
    if protocol not in {None, "", "http/protobuf"}:
        return f"OTLP over {protocol} was asked for; say http/protobuf"
    session = _Listening()
    exporter = OTLPMetricExporter(endpoint=to, session=session, timeout=TIMEOUT_S)
    try:
        result = exporter.export(_collect(run), timeout_millis=TIMEOUT_S * 1000)
    finally:
        session.close()
    taken = result is MetricExportResult.SUCCESS and not session.reason
    return "" if taken else session.reason or "the collector could not be asked"


class _Listening(requests.Session):
    """Remembers what the collector answered, which the exporter keeps to itself."""

    reason = ""

    def __init__(self) -> None:
        super().__init__()
        self.mount("https://", TrustingAdapter())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        answer = super().send(request, **kwargs | {"allow_redirects": False})
        html = "html" in answer.headers.get("content-type", "")
        self.reason = (
            f"the collector answered {answer.status_code}"
            if answer.status_code // 100 != 2 or html
            else ""
        )
        return answer


def _collect(run: Run) -> Any:
    ours = {
        "service.name": SERVICE,
        "service.version": run.version,
        "deployment.environment.name": run.environment,
    }
    attributes = Resource.create(
        ours
        | {"wealist.probes.tier": run.tier}
        | ({"wealist.probes.shard": run.shard} if run.shard else {})
    ).attributes
    # The SDK makes an id for each process, and every run would be another set of series.
    resource = Resource(
        {name: value for name, value in attributes.items() if name != "service.instance.id"}
    )
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter, values = provider.get_meter(SERVICE, run.version), list(samples(run))
    for metric in METRICS:
        mine = [sample for sample in values if sample.metric is metric]
        meter.create_observable_gauge(
            metric.otlp_name, [_observing(mine)], metric.unit, metric.says
        )
    data = reader.get_metrics_data()
    provider.shutdown()
    return data


def _observing(mine: list[Sample]) -> Any:
    def observe(_: CallbackOptions) -> list[Observation]:
        return [Observation(sample.value, _attributes(sample)) for sample in mine]

    return observe


def _attributes(sample: Sample) -> dict[str, str]:
    return {f"wealist.probes.{name}": value for name, value in sample.label_values.items()}
