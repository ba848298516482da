"""Which span of a trace failed first, below the request that a probe sent: pure.

Sources: OTLP's trace.proto (JSON has hex ids and numbers of enums), Tempo's GET /api/traces/{id}
(`batches`, ids in base64, names of enums; its v2 has `trace` around `resourceSpans`).
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probes.cluster.parsing import at, rows, text

ID_BYTES = 8
ERROR = ("2", "STATUS_CODE_ERROR")
QUOTED_CHARS = 200  # characters of a service's own words
SPANS_AT_MOST = 50_000


@dataclass(frozen=True, slots=True)
class FailedSpan:
    """`words`: what the span says of its error; empty where it says nothing."""

    service: str
    name: str
    words: str

    def __str__(self) -> str:
        message = f": {self.words}" if self.words else ""
        return f"{self.service}'s span {self.name!r} ended in error{message}"


@dataclass(frozen=True, slots=True)
class _Span:
    service: str
    body: Mapping[str, Any]

    @property
    def id(self) -> bytes:
        return span_id(text(self.body, "spanId"))

    @property
    def parent(self) -> bytes:
        return span_id(text(self.body, "parentSpanId"))

    @property
    def end_ns(self) -> int:
        found = text(self.body, "endTimeUnixNano")
        return int(found) if found.isdecimal() else 0

    @property
    def is_failed(self) -> bool:
        return text(self.body, "status", "code") in ERROR


def first_failure(trace: Any, sent: str) -> FailedSpan | None:
    """The span in error that ended first among those below the span `sent` (its id in hex): who
    failed before its callers did. None where none has failed, and where the trace is none.
    """
    below = _below([*_spans(trace)], span_id(sent))
    failed = [span for span in below if span.is_failed and span.service]
    if not failed:
        return None
    first = min(failed, key=lambda span: span.end_ns)
    name = text(first.body, "name")[:QUOTED_CHARS]
    return FailedSpan(first.service, name, _words(first.body)[:QUOTED_CHARS])


def span_id(written: str) -> bytes:
    """Eight bytes, written in hex or in base64; empty where it is neither."""
    try:
        if len(written) == 2 * ID_BYTES:
            return bytes.fromhex(written)
        found = base64.b64decode(written, validate=True)
    except (ValueError, binascii.Error):
        return b""
    return found if len(found) == ID_BYTES else b""


def _spans(trace: Any) -> Iterator[_Span]:
    found = at(trace, "trace") or trace
    for batch in (*rows(found, "batches"), *rows(found, "resourceSpans")):
        service = _attribute(rows(batch, "resource", "attributes"), "service.name")
        for scope in (
            *rows(batch, "scopeSpans"),
            *rows(batch, "instrumentationLibrarySpans"),
        ):
            for span in rows(scope, "spans"):
                if isinstance(span, Mapping):
                    yield _Span(service, span)


def _below(spans: list[_Span], root: bytes) -> list[_Span]:
    """What descends from `root`; a span that is its own ancestor is met once."""
    if not root or len(spans) > SPANS_AT_MOST:
        return []
    children: dict[bytes, list[_Span]] = {}
    for span in spans:
        children.setdefault(span.parent, []).append(span)
    found: list[_Span] = []
    waiting, met = [root], {root}
    while waiting:
        for span in children.get(waiting.pop(), ()):
            if span.id and span.id not in met:
                met.add(span.id)
                waiting.append(span.id)
                found.append(span)
    return found


def _words(span: Mapping[str, Any]) -> str:
    if message := text(span, "status", "message"):
        return message
    for event in rows(span, "events"):
        if message := _attribute(rows(event, "attributes"), "exception.message"):
            return message
    return ""


def _attribute(attributes: list[Any], key: str) -> str:
    found = (text(each, "value", "stringValue") for each in attributes if text(each, "key") == key)
    return next(found, "")
