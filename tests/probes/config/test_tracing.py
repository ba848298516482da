"""The table [tracing] names an origin that can be asked, or one sentence says what to fix."""

from typing import Any

import pytest

from probes.config.tracing import TracingConfig, tracing_config
from probes.finding import BadEnvironment


def test_without_a_table_no_trace_is_read() -> None:
    assert tracing_config("f", {}) is None


def test_five_seconds_are_given_to_a_trace() -> None:
    found = tracing_config("f", {"tracing": {"tempo": "http://tempo:3200"}})
    assert found == TracingConfig("http://tempo:3200", 5.0)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "lacks tempo|lacks 'tempo"),
        ({"tempo": "tempo:3200"}, "must look like http://tempo:3200"),
        ({"tempo": "http://tempo:x"}, "must look like http://tempo:3200"),
        ({"tempo": "http://a:b@tempo"}, "must look like http://tempo:3200, not 'http://…@tempo'"),
        ({"tempo": "http://:b@tempo"}, "must look like http://tempo:3200, not 'http://…@tempo'"),
        ({"tempo": "http://tempo:3200#"}, "must look like http://tempo:3200"),
        ({"tempo": "http://tem\npo"}, "must look like http://tempo:3200"),
        ({"tempo": "http://tempo", "ask_timeout_s": 0}, "more than 0 seconds"),
        ({"tempo": "http://tempo", "temp": 1}, "unknown key 'temp'"),
    ],
)
def test_a_table_that_leads_nowhere_is_refused(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadEnvironment, match=sentence):
        tracing_config("f", {"tracing": table})
