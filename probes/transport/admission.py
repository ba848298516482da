"""Whether an answer proves that somebody was let in: it holds what only the admitted get; pure.

A status alone proves nothing: an empty 200, another's envelope, a page, or a stored answer comes
from somebody who let nobody in.
"""

from typing import Any

from probes.transport import caching
from probes.transport.http import Answer

# Under which an envelope of weAlist's holds what was asked for (contract 4.2, 4.5, 5.1).
_PAYLOADS = ("data", "message")
# What says that nothing was given, whatever the status was.
_REFUSALS = ("error", "errors", "errorCode")


def holds_data(answer: Answer) -> bool:
    """Whether a success holds data of the service's as it is now."""
    if answer.status >= 300 or answer.is_html or caching.stored_marks(answer.headers):
        return False
    return not _is_nothing(answer.json)


def is_like(answer: Answer, admitted: Answer) -> bool:
    """Whether `answer` holds what `admitted`, the answer to one who may, holds: the same keys or a
    list as well, and not nothing where that is something.
    """
    if not holds_data(answer):
        return False
    got, theirs = answer.json, admitted.json
    if not isinstance(got, dict) or not isinstance(theirs, dict):
        return type(got) is type(theirs)
    if not theirs.keys() <= got.keys():
        return False
    inside = [(got[key], theirs[key]) for key in _PAYLOADS if isinstance(theirs.get(key), dict)]
    return all(isinstance(mine, dict) and its.keys() <= mine.keys() for mine, its in inside)


def _is_nothing(body: Any) -> bool:
    if not isinstance(body, dict):
        return not body
    if body.get("success") is False or any(body.get(key) for key in _REFUSALS):
        return True
    if str(body.get("code") or "").startswith("AUTH"):
        return True
    # {"success": true} and {"data": null, "requestId": ...} give nothing either.
    payload = [value for key, value in body.items() if key not in ("success", "requestId")]
    return not any(value or value in (0, False) for value in payload)
