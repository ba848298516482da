"""Lines of spans that are written by hand, against what protobuf's own JSON says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context

from probes.recording import otlp_json
from probes.recording.otlp_json import SpanLines, through_protobuf

TRACER = TracerProvider(shutdown_on_exit=False).get_tracer("x", "1", "https://schema.test")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.one_of(
    TEXTS,
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False),
    st.lists(TEXTS, min_size=1),
)


def ended(span: Span) -> ReadableSpan:
    span.end()
    assert isinstance(span, ReadableSpan)
    return span


def expect_same(lines: SpanLines, span: ReadableSpan) -> None:
    assert json.loads(lines.line(span)) == json.loads(through_protobuf(span))


@given(
    name=TEXTS,
    kind=st.sampled_from(list(SpanKind)),
    attributes=st.dictionaries(TEXTS.filter(bool), VALUES),
    code=st.sampled_from(list(StatusCode)),
    description=st.none() | TEXTS,
)
def test_a_line_is_what_protobuf_would_have_written(
    name: str, kind: SpanKind, attributes: dict[str, str], code: StatusCode, description: str | None
) -> None:
    """Whatever the name, the attributes and the status; without a parent and with one."""
    lines = SpanLines()
    status = Status(code, description) if code is StatusCode.ERROR else Status(code)
    parent = TRACER.start_span("parent")
    for context in (None, set_span_in_context(parent)):
        span = TRACER.start_span(name, context, kind, attributes)
        span.set_status(status)
        expect_same(lines, ended(span))


def test_what_ours_never_have_goes_through_protobuf() -> None:
    """An event, an integer that is no integer of 64 bits, and another resource in between."""
    lines = SpanLines()
    expect_same(lines, ended(TRACER.start_span("plain")))
    with_event = TRACER.start_span("event")
    with_event.add_event("happened", {"a": 1})
    expect_same(lines, ended(with_event))
    expect_same(lines, ended(TRACER.start_span("big", attributes={"n": 2**63})))
    other = TracerProvider(shutdown_on_exit=False).get_tracer("y", "2")
    expect_same(lines, ended(other.start_span("elsewhere")))
    expect_same(lines, ended(TRACER.start_span("plain again")))


def test_our_own_spans_do_without_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the first, which says what all have in common."""
    lines = SpanLines()
    first = ended(TRACER.start_span("first"))
    lines.line(first)
    monkeypatch.setattr(otlp_json, "through_protobuf", None)
    span = ended(TRACER.start_span("next", attributes={"http.response.status_code": 200}))
    assert json.loads(lines.line(span))["resourceSpans"]
