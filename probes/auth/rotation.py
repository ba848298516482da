"""Sign in with a refresh token that rotates, as production's probes must, and never lose it.

The new refresh token is saved before anything else is done with it. Who finds that another run was
faster reads the store again and goes on with what that run has left there.
"""

import asyncio
import functools
import hashlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from probes.auth import refresh
from probes.auth.secret_variables import expect_usable, read_token
from probes.auth.tokens import OwnSession, Tokens, seconds_left
from probes.config.environment import UserConfig
from probes.finding import Broken, CannotAsk
from probes.polling import poll_until
from probes.recording.redactor import Redactor
from probes.state.store import Entry, State
from probes.transport.http import Answer, Web

A_RACE_LASTS = (
    10.0  # seconds; whoever spent the token has kept its successor by then, or never will
)


def entry_after(kept: Entry, tokens: Tokens) -> Entry:
    """What to keep once `tokens` have come; an old access token stays until an expired one can
    follow it.
    """
    left = kept.get("access", "")
    aged = (
        left if left and (seconds_left(left) < 0 or not kept.get("aged")) else kept.get("aged", "")
    )
    return {
        **kept,
        "access": tokens.access,
        "refresh": tokens.refresh or kept.get("refresh", ""),
        "aged": aged,
    }


def expired_token_in(kept: Entry) -> str:
    """An access token that was left here and has expired since; empty where there is none."""
    return next(
        (
            token
            for name in ("access", "aged")
            if (token := kept.get(name, "")) and seconds_left(token) < 0
        ),
        "",
    )


class Rotation:
    """The refresh tokens of the cast, in a store that other runs use too."""

    def __init__(
        self, web: Web, redactor: Redactor, state: State, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._web, self._redactor, self._environ = web, redactor, environ
        self._state = state
        self._ours: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def session(self, name: str, config: UserConfig) -> AsyncIterator[OwnSession]:
        """The member's pair, ours alone meanwhile where the store can promise that. Raises
        CannotAsk.
        """
        async with self._ours[name], self._state.turn(name):
            kept = await self._fresh(name, config)
            yield OwnSession(
                self._tokens(kept, config),
                functools.partial(self._keep, name),
                functools.partial(self._overtaken, name),
            )

    async def _fresh(self, name: str, config: UserConfig) -> Entry:
        """What is kept, refreshed first when its access token would not outlive the run."""
        while True:
            left = await self._state.read(name)
            kept = self._with_seed(name, config, left)
            if seconds_left(kept.get("access", "")) > self._web.target.timeouts.run_s:
                return kept
            # Who cannot save must not spend; who comes too late reads again.
            if await self._state.swap(name, left, kept):
                return await self._unbroken(name, config, kept)

    async def _keep(self, name: str, tokens: Tokens) -> None:
        for secret in (tokens.access, tokens.refresh):
            self._redactor.remember(secret)
        kept = await self._state.read(name)
        await self._state.swap(name, kept, entry_after(kept, tokens))

    async def _overtaken(self, name: str, tokens: Tokens) -> bool:
        return await self._successor(name, tokens.refresh) is not None

    def _with_seed(self, name: str, config: UserConfig, kept: Entry) -> Entry:
        """What is kept, or what the operator has seeded since."""
        seed = read_token(self._environ, config.refresh_token)
        mark = hashlib.sha256(seed.encode()).hexdigest()
        if seed and kept.get("seed") != mark:
            self._redactor.remember(seed)
            expect_usable(seed, config.refresh_token, config.id)
            return {"refresh": seed, "seed": mark, "aged": kept.get("aged", "")}
        if not kept.get("refresh"):
            raise CannotAsk(f"no refresh token is kept for {name}; {_seed(name, config)}")
        self._redactor.remember(kept["refresh"])
        return kept

    def _tokens(self, kept: Entry, config: UserConfig) -> Tokens:
        for secret in (kept["access"], kept["refresh"]):
            self._redactor.remember(secret)
        return Tokens(kept["access"], kept["refresh"], config.id)

    async def _unbroken(self, name: str, config: UserConfig, kept: Entry) -> Entry:
        """Between spending the old token and keeping the new one nobody may stop us, the run's end
        included.
        """
        task = asyncio.create_task(self._rotate(name, config, kept))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    async def _rotate(self, name: str, config: UserConfig, kept: Entry) -> Entry:
        try:
            answer = await refresh.request_pair(self._web, kept["refresh"])
        except Broken as failure:
            raise CannotAsk(f"no token for {name}: {failure.finding.observed}") from failure
        if tokens := refresh.read_pair(answer):
            new = entry_after(kept, tokens)
            # Where auth-service gave two runs a pair each for one token, both are good: the first
            # to save is kept.
            await self._state.swap(name, kept, new)
            return new
        if refresh.is_spent(answer):
            return await self._left_by_another(name, config, kept["refresh"])
        raise CannotAsk(f"no token for {name}: {_why(answer)}; {_seed(name, config)}")

    async def _left_by_another(self, name: str, config: UserConfig, spent: str) -> Entry:
        """Another run has spent the token in this moment, and is about to save what it got; or it
        is lost.
        """
        if kept := await self._successor(name, spent):
            return kept
        raise CannotAsk(
            f"the refresh token kept for {name} was used by somebody else, who left no new "
            f"one; {_seed(name, config)}"
        )

    async def _successor(self, name: str, spent: str) -> Entry | None:
        """What another run has kept since `spent` was; None where nothing comes."""

        async def successor() -> Entry | None:
            kept = await self._state.read(name)
            return kept if kept.get("access") and kept.get("refresh") != spent else None

        return await poll_until(successor, A_RACE_LASTS)


def _why(answer: Answer) -> str:
    code = answer.json.get("code", "") if isinstance(answer.json, dict) else ""
    return f"{answer} {code}".rstrip()


def _seed(name: str, config: UserConfig) -> str:
    """What the operator does about it."""
    variable = (
        config.refresh_token
        or f"the variable that refresh_token in [users.{name}] names (it names none yet)"
    )
    return (
        f"seed a new one: sign in to the app as {name} in a private window, copy "
        "refreshToken from its localStorage,"
        f" close the window without signing out, put the token into {variable} and run again"
    )
