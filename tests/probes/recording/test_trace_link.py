"""Where the spans of a run are looked at."""

import pytest

from probes.finding import CannotAsk
from probes.recording.trace_link import VARIABLE, trace_page, trace_url

PAGE = "https://grafana.example.org/explore?trace={trace}&org=1"


def test_the_trace_stands_in_its_place() -> None:
    """Only the place for it is filled in; the rest of the address stays as it was written."""
    assert (
        trace_page(trace_url({VARIABLE: PAGE}), "ab12")
        == "https://grafana.example.org/explore?trace=ab12&org=1"
    )


def test_nobody_needs_such_a_page() -> None:
    """Without the variable, or with an empty one, there is no link."""
    assert (trace_url({}), trace_url({VARIABLE: ""})) == ("", "")


@pytest.mark.parametrize(
    "said", ["https://grafana.example.org/", "javascript:alert('{trace}')", "grafana/{trace}"]
)
def test_an_address_that_leads_nowhere_is_refused(said: str) -> None:
    """A page without a place for the trace, or what is no web address, is a mistake that is told
    with what to do.
    """
    with pytest.raises(CannotAsk, match=r"must look like https://.*\{trace\}"):
        trace_url({VARIABLE: said})
