"""What a run reads in the state store, changes and leaves for the next, whoever else is at it."""

import asyncio
from collections.abc import Callable

from probes.finding import CannotAsk
from probes.state.store import Entry, State, open_state

HISTORY, RUNS = "history", "runs"  # beside the users' names in the store
SWAP_ATTEMPTS = 20  # with other runs, on one change
TIMEOUT_S = 5.0  # for the whole change
NO_ANSWER = f"the state store did not answer within {TIMEOUT_S:g} s; is it to be reached?"


async def change(where: str, key: str, how: Callable[[Entry], Entry]) -> Entry:
    """Leave under `key` what `how` makes of what is there, and answer what was there.

    `where`: `state` of [identity]; where it names none, nothing was there and nothing is left.
    Raises CannotAsk.
    """
    state = open_state(where, TIMEOUT_S)
    if state is None:
        return {}
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await _compare_and_swap(state, key, how)
    except TimeoutError:
        raise CannotAsk(NO_ANSWER) from None


async def read(where: str, key: str) -> Entry:
    """What is there under `key`; empty where `where` names no store. Raises CannotAsk."""
    state = open_state(where, TIMEOUT_S)
    if state is None:
        return {}
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await state.read(key)
    except TimeoutError:
        raise CannotAsk(NO_ANSWER) from None


async def _compare_and_swap(state: State, key: str, how: Callable[[Entry], Entry]) -> Entry:
    for _ in range(SWAP_ATTEMPTS):
        kept = await state.read(key)
        if await state.swap(key, kept, how(kept)):
            return kept
    raise CannotAsk(
        f"other runs have changed {key} in the state store {SWAP_ATTEMPTS} times in a row; run "
        "fewer at once"
    )


async def exchange(where: str, how: Callable[[str], str]) -> str:
    """The same for the one text that all runs of an environment add themselves to. Raises
    CannotAsk.
    """
    return (await change(where, HISTORY, lambda kept: {RUNS: how(kept.get(RUNS, ""))})).get(
        RUNS, ""
    )
