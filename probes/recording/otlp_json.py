"""A span as one line of the OTLP file format (OTLP/JSON: enumerations as numbers, ids in hex,
64-bit integers as text).

Written straight from the SDK's span, since the way through protobuf's messages costs five times as
much, a thousand times a run; what our own spans never have goes that way all the same.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

# As protobuf's SpanKind numbers them, which begins with "unspecified".
_FIRST_KIND = 1
_PARENT_IS_LOCAL = 0x100  # SpanFlags: it is known whether the parent is remote, and it is not
_MOST_INTEGER = 2**63
_NO_SPANS = '"spans":[]'
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})


class SpanLines:
    """Lines of the spans of one run, whose resource and scope are written once."""

    def __init__(self) -> None:
        self._resource: Resource | None = None
        self._scope: InstrumentationScope | None = None
        self._before = self._after = ""

    def line(self, span: ReadableSpan) -> str:
        """`span`, which has ended."""
        if not _is_plain(span):
            return through_protobuf(span)
        if span.resource is not self._resource or span.instrumentation_scope is not self._scope:
            self._resource, self._scope = span.resource, span.instrumentation_scope
            message = json.loads(through_protobuf(span))
            message["resourceSpans"][0]["scopeSpans"][0]["spans"] = []
            # Inside a text these quotes would be escaped.
            self._before, _, self._after = _dump(message).partition(_NO_SPANS)
        return f'{self._before}"spans":[{_dump(_plain(span))}]{self._after}'


def through_protobuf(span: ReadableSpan) -> str:
    """What protobuf's own JSON says of `span`, with ids in hex where that has base64."""
    # Dear to import where nothing else needs it.
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import (  # noqa: PLC0415
        encode_spans,
    )

    message = MessageToDict(encode_spans([span]), use_integers_for_enums=True)
    for scope in message["resourceSpans"][0]["scopeSpans"]:
        for each in scope["spans"]:
            for name in _IDS & each.keys():
                each[name] = base64.b64decode(each[name]).hex()
    return _dump(message)


def _is_plain(span: ReadableSpan) -> bool:
    """Whether `span` has nothing but texts and whole numbers, as all of ours."""
    dropped = span.dropped_attributes or span.dropped_events or span.dropped_links
    if span.events or span.links or dropped or not span.name:
        return False
    if span.parent and span.parent.is_remote:
        return False
    context = span.get_span_context()
    if context is None or context.trace_state:
        return False
    return all(_is_plain_value(value) for value in (span.attributes or {}).values())


def _is_plain_value(value: object) -> bool:
    if type(value) is int:
        return -_MOST_INTEGER <= value < _MOST_INTEGER
    return type(value) is str


def _plain(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    assert context is not None
    line: dict[str, Any] = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
    }
    if span.parent:
        line["parentSpanId"] = f"{span.parent.span_id:016x}"
    line |= {
        "name": span.name,
        "kind": span.kind.value + _FIRST_KIND,
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
    }
    if span.attributes:
        line["attributes"] = [
            {"key": key, "value": _value(value)} for key, value in span.attributes.items()
        ]
    return line | {"status": _status(span), "flags": _PARENT_IS_LOCAL}


def _value(value: object) -> dict[str, str]:
    return {"intValue": str(value)} if type(value) is int else {"stringValue": str(value)}


def _status(span: ReadableSpan) -> dict[str, str | int]:
    """What is at its default, protobuf's JSON leaves out."""
    status: dict[str, str | int] = {}
    if span.status.description:
        status["message"] = span.status.description
    if span.status.status_code.value:
        status["code"] = span.status.status_code.value
    return status


def _dump(message: Mapping[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))
