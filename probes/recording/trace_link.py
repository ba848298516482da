"""Where a person looks at the spans of a run: a page of the team's own, named by
PROBES_TRACE_URL.
"""

from collections.abc import Mapping

from probes.finding import CannotAsk

VARIABLE, PLACE = "PROBES_TRACE_URL", "{trace}"
FACT = "trace"  # the name under which reports find the link


def trace_url(environ: Mapping[str, str]) -> str:
    """The page's address with PLACE for the trace id, or "" where none is named. Raises
    CannotAsk.
    """
    url = environ.get(VARIABLE, "")
    if url and not (url.startswith(("https://", "http://")) and PLACE in url):
        right = f"https://grafana.example.org/trace/{PLACE}"
        raise CannotAsk(f"{VARIABLE} must look like {right}, not {url!r}; or unset it")
    return url


def trace_page(url: str, trace: str) -> str:
    """The page of one trace."""
    return url.replace(PLACE, trace)
