"""The shapes in which weAlist's services wrap what they answer (contract 4.2, 4.5, 5.1)."""

from typing import Any

from tests.support.site import Said, js


def success(data: Any = None, status: int = 200) -> Said:
    """As storage, ops and video say it; without data where there is none."""
    content = {} if data is None else {"data": data}
    return js({"success": True, **content}, status)


def data(value: Any, status: int = 200) -> Said:
    """As the shared Go package says it."""
    return js({"data": value, "requestId": "r-1"}, status)


def message(value: Any) -> Said:
    """As chat says it."""
    return js({"success": True, "message": value})
