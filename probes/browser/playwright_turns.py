"""Playwright's client in a loop that is never empty.

After each message of its driver the client waits for an empty loop, at most 100 turns
(playwright/_impl/utils/tasks.py, 1.65), so that whoever awaits the message has run before the next
one comes. Hundreds of scenarios keep the loop full: each message then costs 100 turns of it, and
no context is open before the crowd is through. What awaits a message of ours is a few tasks deep.
"""

import importlib

from playwright._repo_version import version

# Elsewhere the same name may mean something else: there the client waits as long as it was made to.
KNOWN_VERSIONS = ("1.65.",)
TURNS = 8


def limit_turns(playwright_version: str = version) -> bool:
    """Have the client wait for TURNS turns at most; whether this version of it could be told."""
    if not playwright_version.startswith(KNOWN_VERSIONS):
        return False
    try:
        tasks = importlib.import_module("playwright._impl.utils.tasks")
    except ImportError:
        return False
    if not isinstance(getattr(tasks, "_MAX_TURNS", None), int):
        return False
    tasks._MAX_TURNS = TURNS  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
    return True
