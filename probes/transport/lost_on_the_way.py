"""What was sent and did not arrive, by the service's own words: it asks for what it was given.

A header, a part of the query or a field of the body that a service calls missing although the
request had it was dropped between the probes and the service; pure.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from probes.transport.identity import Asked

HEADERS = {"authorization": "Authorization", "x-workspace-id": "X-Workspace-Id"}
REFUSED = (400, 401, 403, 422)
_MISSING = r"required|missing|not (?:found|provided|present|given)|찾을 수 없"
_SEPARATORS = re.compile(r"[-_\s]")


def lost_part(asked: Asked, status: int, words: str) -> str:
    """Which part of the request a refusal with `words` calls missing, as "the header
    Authorization" or "workspaceId of the query"; "" where it names none that was sent.
    """
    if status not in REFUSED or not words:
        return ""
    for name, part in _parts_sent(asked):
        if _is_called_missing(name, words):
            return part
    return ""


def _parts_sent(asked: Asked) -> Iterator[tuple[str, str]]:
    """(name, what to call it) of each part of the request that has a value."""
    headers = {name.lower(): value for name, value in asked.headers.items()}
    for name, spelling in HEADERS.items():
        # "Bearer" alone is a token that was left out on purpose.
        if len(headers.get(name, "").split()) > (name == "authorization"):
            yield spelling, f"the header {spelling}"
    for name, value in parse_qsl(urlsplit(asked.url).query):
        if value:
            yield name, f"{name} of the query"
    for name in _fields(asked.body):
        yield name, f"{name} of the body"


def _fields(body: bytes) -> list[str]:
    try:
        sent = json.loads(body or b"null")
    except (ValueError, RecursionError):
        return []
    return [name for name, value in sent.items() if value] if isinstance(sent, dict) else []


def _is_called_missing(name: str, words: str) -> bool:
    """Whether `words` say of `name`, in any spelling, that it is missing or required."""
    letters = [re.escape(letter) for letter in _SEPARATORS.sub("", name)]
    spelled = r"[-_ ]?".join(letters)
    # Between the two stand few words, so that another field's lack is not taken for this one's.
    after = rf"\b{spelled}\b[^.,;:]{{0,30}}?(?:{_MISSING})"
    before = rf"(?:missing|no|required)\W+(?:\w+\W+){{0,2}}{spelled}\b"
    return re.search(f"{after}|{before}", words, re.IGNORECASE) is not None
