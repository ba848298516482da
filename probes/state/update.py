"""What a run reads in the state store, changes and leaves for the next, whoever else is at it."""

import asyncio
from collections.abc import Callable

from probes.finding import CannotAsk
from probes.state.store import Kept, State, open_state

HISTORY, RUNS = "history", "runs"  # beside the cast's names in the store
RACES = 20  # with other runs, on one change
DEADLINE = 5.0  # seconds, for the store


async def change(where: str, key: str, how: Callable[[Kept], Kept]) -> Kept:
    """Leave under `key` what `how` makes of what is there, and answer what was there.

    `where`: `state` of [identity]; where it names none, nothing was there and nothing is left.
    Raises CannotAsk.
    """
    state = open_state(where, DEADLINE)
    if state is None:
        return {}
    try:
        async with asyncio.timeout(DEADLINE):
            return await _changed(state, key, how)
    except TimeoutError:
        raise CannotAsk(
            f"the state store did not answer within {DEADLINE:g} s; is it to be reached?"
        ) from None


async def _changed(state: State, key: str, how: Callable[[Kept], Kept]) -> Kept:
    for _ in range(RACES):
        kept = await state.read(key)
        if await state.swap(key, kept, how(kept)):
            return kept
    raise CannotAsk(
        f"other runs have changed {key} in the state store {RACES} times in a row; run "
        "fewer at once"
    )


async def exchange(where: str, how: Callable[[str], str]) -> str:
    """The same for the one text that all runs of an environment add themselves to. Raises
    CannotAsk.
    """
    return (await change(where, HISTORY, lambda kept: {RUNS: how(kept.get(RUNS, ""))})).get(
        RUNS, ""
    )
