"""One text in the state store that each run reads, adds itself to and leaves for the next."""

import asyncio
from collections.abc import Callable

from probes.finding import CannotAsk
from probes.state import State, open_state

KEY, NAME = "history", "runs"  # beside the cast's names in the store
RACES = 20  # with other runs, on one change
DEADLINE = 5.0  # seconds, for the store


async def exchange(where: str, how: Callable[[str], str]) -> str:
    """Leave what `how` makes of the text at `where` (`state` of [identity]), and answer what was there.

    Raises CannotAsk.
    """
    state = open_state(where, DEADLINE)
    if state is None:
        return ""
    try:
        async with asyncio.timeout(DEADLINE):
            return await _exchanged(state, how)
    except TimeoutError:
        raise CannotAsk(f"the state store did not answer within {DEADLINE:g} s; is it to be reached?") from None


async def _exchanged(state: State, how: Callable[[str], str]) -> str:
    for _ in range(RACES):
        kept = await state.read(KEY)
        text = kept.get(NAME, "")
        if await state.swap(KEY, kept, {NAME: how(text)}):
            return text
    raise CannotAsk(f"other runs have changed {KEY} in the state store {RACES} times in a row; run fewer at once")
