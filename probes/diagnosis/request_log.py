"""What a service's own log says of one request that failed: pure, from lines to a sentence.

A line belongs to the request where it carries the id that the answer carried; the error is then in
that line, or in another line of the same span. Source: contract 9.5 (zap's JSON lines).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from probes.recording.recorder import Exchange

REQUEST_ID = "x-request-id"
ID_KEYS = ("http.request_id", "request_id")
ERROR_KEYS = ("error.message", "error")
QUOTED_CHARS = 200  # characters of a service's own words

Row = Mapping[str, Any]


def request_id(exchange: Exchange) -> str:
    """The id that the service gave the request; "" where its answer carries none."""
    headers = {name.lower(): value for name, value in exchange.response_headers.items()}
    return headers.get(REQUEST_ID, "")


def error_of(lines: Iterable[str], request: str) -> str:
    """The error that was logged of the request with this id; "" where the log has none."""
    rows = [row for row in map(_row, lines) if row]
    mine = [row for row in rows if request and _is_of(row, request)]
    spans = {row.get("span_id") for row in mine} - {None, ""}
    related = [row for row in rows if row.get("span_id") in spans]
    for row in (*mine, *related):
        for key in ERROR_KEYS:
            if words := str(row.get(key) or ""):
                return f"{row.get('message') or 'error'}: {words}"[:QUOTED_CHARS]
    return ""


def _is_of(row: Row, request: str) -> bool:
    return any(row.get(key) == request for key in ID_KEYS)


def _row(line: str) -> Row:
    """A line of JSON; empty for any other."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}
