"""What comes over a socket, read as a type; pure."""

import json
from collections.abc import Mapping
from typing import Any, TypedDict

from probes.transport.typed_answers import json_problem, shape_problem


class AnyEvent(TypedDict):
    """What every message of weAlist's sockets has (contract 5.2, 5.3)."""

    type: str


def explain_event(line: str | bytes, shapes: Mapping[str, Any]) -> str:
    """What a message of a socket is, where it is none that a page reads; "" where it is; pure.
    `shapes`: what events of a type look like.
    """
    if isinstance(line, bytes):
        return f"a binary frame of {len(line)} bytes, which no page reads"
    if problem := json_problem(line.encode("utf-8", "surrogatepass")):
        return f"what is no JSON: {problem}"
    event = json.loads(line)
    if problem := shape_problem(event, AnyEvent):
        return f"a message that is none: {problem}"
    if problem := shape_problem(event, shapes.get(event["type"], AnyEvent)):
        return f"a malformed {event['type'][:40]}: {problem}"
    return ""
