"""Export of a run's spans by OTLP over HTTP: counts what the collector really took, and waits no
longer than agreed.

The SDK's `force_flush` answers True when every export failed, and its exporter takes a redirect for
a yes.
"""

import logging
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import requests
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from requests.adapters import HTTPAdapter

from probes.config import authorities

BATCH = 512
WORDS = 200  # of a collector's own message

# What its loggers say at the end of a run, our reason says better, and once.
logging.getLogger("opentelemetry.exporter").addHandler(logging.NullHandler())


def send(
    spans: Sequence[ReadableSpan], endpoint: str, deadline_at: float, proxy: str = ""
) -> tuple[int, str]:
    """How many spans the collector took by `deadline_at` on the monotonic clock, and why not all of
    them. `proxy`: the URL of the proxy that leads there, if any.
    """
    sending = ExportThread(spans, endpoint, deadline_at, proxy)
    sending.start()
    sending.join(max(0.0, deadline_at - time.monotonic()))
    return (
        sending.exported_count,
        sending.reason or sending.session.reason or "the collector did not answer in time",
    )


class ExportThread(threading.Thread):
    """A daemon: neither a collector that hangs nor one that drips can hold up the end of the
    process.
    """

    def __init__(
        self, spans: Sequence[ReadableSpan], endpoint: str, deadline_at: float, proxy: str = ""
    ) -> None:
        super().__init__(name="otlp-export", daemon=True)
        self._spans, self._endpoint, self._deadline_at = spans, endpoint, deadline_at
        self.session = _CollectorSession(proxy)
        self.exported_count = 0
        self.reason = ""

    def run(self) -> None:
        try:
            with self.session:
                for start in range(0, len(self._spans), BATCH):
                    self._send_batch(self._spans[start : start + BATCH])
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here must not change a verdict
            self.reason = f"the exporter could not be set up: {error}"

    def _send_batch(self, batch: Sequence[ReadableSpan]) -> None:
        left = self._deadline_at - time.monotonic()
        if left <= 0:
            self.reason = self.reason or "the collector was too slow"
            return
        exporter = OTLPSpanExporter(endpoint=self._endpoint, session=self.session, timeout=left)
        if exporter.export(batch) is SpanExportResult.SUCCESS and self.session.took_it:
            self.exported_count += len(batch) - min(self.session.rejected, len(batch))
        self.reason = self.reason or self.session.reason


class _TrustingAdapter(HTTPAdapter):
    """Trusts what every client of a run trusts."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        options["ssl_context"] = authorities.trust(os.environ)
        super().init_poolmanager(*arguments, **options)


class _CollectorSession(requests.Session):
    """Remembers what the collector answered last, which the exporter keeps to itself."""

    took_it = False
    rejected = 0
    reason = ""

    def __init__(self, proxy: str = "") -> None:
        super().__init__()
        self.trust_env = False  # no client of a run obeys the machine's proxy variables
        self.proxies = {"http": proxy, "https": proxy} if proxy else {}
        self.mount("https://", _TrustingAdapter())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        try:
            answer = super().send(request, **kwargs)
        except Exception as error:
            self.reason = f"the collector could not be asked: {root_cause(error)}"
            raise
        self.took_it, self.rejected, self.reason = read_response(answer)
        return answer


def read_response(answer: requests.Response) -> tuple[bool, int, str]:
    """Whether the batch was taken, how many of its spans were rejected all the same, and the
    reason.
    """
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status_code // 100 != 2:
        return False, 0, f"the collector answered {answer.status_code}"
    if kind == "text/html":
        return False, 0, "the collector answered a web page: is this its address?"
    reply = _partial_success(answer.content, kind)
    if not reply.rejected_spans:
        return True, 0, ""
    words = "".join(filter(str.isprintable, reply.error_message))[:WORDS]
    return (
        True,
        reply.rejected_spans,
        f"the collector rejected {reply.rejected_spans} spans: {words or 'no reason given'}",
    )


def _partial_success(body: bytes, kind: str) -> Any:
    reply = ExportTraceServiceResponse()
    try:
        if kind == "application/json":
            Parse(body, reply, ignore_unknown_fields=True)
        elif kind == "application/x-protobuf":
            reply.ParseFromString(body)
    except (DecodeError, ParseError, ValueError):  # taken, and badly said
        return ExportTraceServiceResponse().partial_success
    return reply.partial_success


def root_cause(error: BaseException) -> str:
    """What the operating system said, below three layers of libraries; never their text, which
    holds the URL.
    """
    at: BaseException | None = error
    reply = (
        str(error) if type(error) is OSError else type(error).__name__
    )  # requests' word for a missing certificate
    while at is not None:
        if isinstance(at, OSError) and at.strerror:
            reply = at.strerror
        at = at.__cause__ or at.__context__
    return reply
