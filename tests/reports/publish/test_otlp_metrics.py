"""Metrics by OTLP: only where metrics are asked for by name, and nobody's yes but a collector's
counts.
"""

import os
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from reports.model.run import Run
from reports.publish.metrics import METRICS, samples
from reports.publish.otlp_metrics import endpoint, send
from reports.publish.sending import send_within
from tests.reports.conftest import Written, red
from tests.support.otlp_receiver import Receiver, receiving


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with receiving() as receiver:
        receiver.answers["*"] = (200, "application/x-protobuf", b"")
        yield receiver


@pytest.fixture
def run(written: Written) -> Run:
    return red(written).load()


BASE, EXACT, WHICH = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_METRICS_EXPORTER",
)


@pytest.mark.parametrize(
    ("environ", "to"),
    [
        ({}, ""),
        ({BASE: "http://c:4318"}, ""),
        ({BASE: "http://c:4318/", WHICH: "otlp"}, "http://c:4318/v1/metrics"),
        ({EXACT: "http://c/in", BASE: "http://c:4318"}, "http://c/in"),
        ({EXACT: "http://c/in", WHICH: "none"}, ""),
        ({BASE: "http://c:4318", WHICH: "prometheus, OTLP"}, "http://c:4318/v1/metrics"),
        ({WHICH: "otlp"}, ""),
        ({EXACT: "http://c/in", "OTEL_SDK_DISABLED": "true"}, ""),
    ],
)
def test_metrics_are_sent_where_metrics_are_asked_for(environ: dict[str, str], to: str) -> None:
    """A collector that is there for spans, as weAlist's, is not sent what it cannot take."""
    assert endpoint(environ) == to


def test_a_collector_gets_every_sample(collector: Receiver, run: Run) -> None:
    """All values, with their labels; the environment is the resource's, and nothing in it changes
    from run to run.
    """
    assert send(run, f"{collector.url}/v1/metrics", {}) == ""
    [asked] = collector.asked
    [resource] = ExportMetricsServiceRequest.FromString(asked.body).resource_metrics
    about = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert about["service.name"] == "wealist-probes"
    assert about["deployment.environment.name"] == "replica"
    assert "service.instance.id" not in about
    metrics = {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}
    assert set(metrics) <= {metric.otlp_name for metric in METRICS}
    sent = [point for metric in metrics.values() for point in metric.gauge.data_points]
    assert len(sent) == len(list(samples(run)))
    verdicts = metrics["wealist.probes.scenario.verdict"].gauge.data_points
    labels = [a for point in verdicts for a in point.attributes]
    codes = {a.value.string_value for a in labels if a.key == "wealist.probes.code"}
    assert "edge-html-fallback" in codes


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, "text/plain", b""), "the collector answered 404"),
        ((302, "text/plain", b""), "the collector answered 302"),
        ((200, "text/html", b"<html>"), "the collector answered 200"),
    ],
)
def test_who_does_not_take_it_is_named(
    collector: Receiver, run: Run, answer: tuple[int, str, bytes], said: str
) -> None:
    """A page or a redirect is no yes."""
    collector.answers["*"] = answer
    assert send_within(lambda: send(run, f"{collector.url}/v1/metrics", {}), 30) == said


def test_another_protocol_is_told(run: Run) -> None:
    """GRPC is not spoken, and that is said in place of silence."""
    said = send(run, "http://127.0.0.1:1", {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert said == "OTLP over grpc was asked for; say http/protobuf"


def test_nobody_there_is_told(run: Run) -> None:
    """In a bounded time, whatever the exporter would like to try again."""
    said = send_within(lambda: send(run, "http://127.0.0.1:1/v1/metrics", {}), 30)
    assert said == "the collector could not be asked"
