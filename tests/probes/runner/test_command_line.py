"""What of pytest's options and of the environment a run cannot work with."""

from types import SimpleNamespace

import pytest

from probes.finding import CannotAsk
from probes.runner.command_line import expect_one_process, expect_otel_numbers


@pytest.mark.parametrize(
    "options",
    [{"numprocesses": 2}, {"numprocesses": "auto"}, {"dist": "load"}, {"tx": ["2*popen"]}],
)
def test_xdist_is_refused_however_it_is_asked_for(options: dict[str, object]) -> None:
    """By a number, by a mode, by machines."""
    with pytest.raises(CannotAsk, match="split the scenarios with --shard"):
        expect_one_process(SimpleNamespace(**options))


@pytest.mark.parametrize(
    "options", [{}, {"numprocesses": None}, {"numprocesses": 0}, {"dist": "no", "tx": []}]
)
def test_one_process_is_let_through(options: dict[str, object]) -> None:
    """Also where pytest-xdist is installed and not asked for."""
    expect_one_process(SimpleNamespace(**options))


@pytest.mark.parametrize(
    ("name", "value", "is_refused"),
    [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "much", True),
        ("OTEL_BSP_SCHEDULE_DELAY", "-5", True),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "1.5", True),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "128", False),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "", False),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector", False),
        ("SPAN_COUNT_LIMIT", "many", False),
    ],
)
def test_numbers_of_opentelemetry_are_checked(name: str, value: str, is_refused: bool) -> None:
    """The SDK would end the run with a traceback; what is empty is as if unset."""
    if is_refused:
        with pytest.raises(CannotAsk, match=f"{name} must be a whole number, not '{value}'"):
            expect_otel_numbers({name: value})
    else:
        expect_otel_numbers({name: value})
