"""A module of ours that does not really sleep, while everybody else on the loop does."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest


def sleeps(
    monkeypatch: pytest.MonkeyPatch, module: str, how: Callable[[float], Awaitable[None]]
) -> None:
    """Have `module` (its name) await `how` for asyncio.sleep.

    asyncio itself is left alone: a server of another test that never really slept would never give
    the loop away.
    """
    own = SimpleNamespace(**vars(asyncio))
    own.sleep = how
    monkeypatch.setattr(f"{module}.asyncio", own)
