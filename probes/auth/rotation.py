"""Sign in with a refresh token that rotates, as production's probes must.

The intent to spend a token is stored before it is spent, the new one before anything else is done
with it. Who finds that another run was faster goes on with what that run has left; who finds the
intent of a run that has died tries the token again before a person is asked: weAlist's refresh is
not atomic, and the token may be unspent (contract 2.3).
"""

import asyncio
import functools
import hashlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from probes.auth import refresh, spending_intent
from probes.auth.secret_variables import expect_usable, read_token
from probes.auth.spending_intent import (
    Intent,
    intent_in,
    is_lost,
    with_intent,
    with_loss,
    without_intent,
)
from probes.auth.tokens import OwnSession, Tokens, seconds_left
from probes.config.environment import UserConfig
from probes.finding import Broken, CannotAsk, Code, broken_promise
from probes.polling import poll_until
from probes.recording.redactor import Redactor
from probes.state.store import Entry, State
from probes.transport.http import Answer, Web

# Whoever spent the token has kept its successor by then, or never will.
RACE_TIMEOUT_S = 10.0
# The request had been taken, and nobody knows what became of it.
ANSWER_LOST = (Code.SERVICE_STALLED, Code.SERVICE_UNAVAILABLE)


def entry_after(kept: Entry, tokens: Tokens) -> Entry:
    """What to keep once `tokens` have come; an old access token stays until an expired one can
    follow it.
    """
    left = kept.get("access", "")
    aged = (
        left if left and (seconds_left(left) < 0 or not kept.get("aged")) else kept.get("aged", "")
    )
    return {
        **spending_intent.without_intent(kept),
        "access": tokens.access,
        "refresh": tokens.refresh or kept.get("refresh", ""),
        "aged": aged,
    }


def expired_token_in(kept: Entry) -> str:
    """An access token that was left here and has expired since; empty where there is none."""
    tokens = (kept.get(name, "") for name in ("access", "aged"))
    return next((token for token in tokens if token and seconds_left(token) < 0), "")


class Rotation:
    """The refresh tokens of the test users, in a store that other runs use too."""

    def __init__(
        self, web: Web, redactor: Redactor, state: State, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._web, self._redactor, self._environ = web, redactor, environ
        self._state = state
        self._ours: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def session(
        self, name: str, config: UserConfig, *, spends: bool = False
    ) -> AsyncIterator[OwnSession]:
        """The user's pair, ours alone meanwhile where the store can promise that.

        `spends`: its refresh token may be spent in the block, so the intent is stored before.
        Raises Broken, CannotAsk.
        """
        async with self._ours[name], self._state.turn(name):
            kept = await self._fresh(name, config, spends=spends)
            if spends:
                kept = await self._store_intent(name, kept)
            yield OwnSession(
                self._tokens(kept, config),
                functools.partial(self._keep, name),
                functools.partial(self._overtaken, name),
                is_shared=True,
            )

    async def _fresh(self, name: str, config: UserConfig, *, spends: bool) -> Entry:
        """What is kept, refreshed first when its access token would not outlive the run, or when
        nobody knows whether its refresh token is spent.
        """
        while True:
            left = await self._state.read(name)
            kept = self._with_seed(name, config, left)
            intent = intent_in(kept)
            if self._outlives_run(kept) and not (spends and intent):
                return kept
            if intent and await self._is_replaced(name, kept, intent):
                continue
            if is_lost(kept):
                raise CannotAsk(f"{_describe_spent(name, intent)}; {_seed(name, config)}")
            # Who cannot save must not spend; who comes too late reads again.
            intended = with_intent(kept)
            if await self._state.swap(name, left, intended):
                return await self._unbroken(name, config, intended, intent)

    def _outlives_run(self, kept: Entry) -> bool:
        return seconds_left(kept.get("access", "")) > self._web.target.timeouts.run_s

    async def _is_replaced(self, name: str, kept: Entry, intent: Intent) -> bool:
        """Whether the run that left `intent` lives and keeps a successor after all."""
        left_s = RACE_TIMEOUT_S - intent.age_s
        if self._state.is_exclusive or left_s <= 0:
            return False
        return await self._successor(name, kept["refresh"], left_s) is not None

    async def _store_intent(self, name: str, kept: Entry) -> Entry:
        intended = with_intent(kept)
        left = await self._state.read(name)
        if left.get("refresh") == kept["refresh"] and await self._state.swap(name, left, intended):
            return intended
        return kept

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

    async def _unbroken(
        self, name: str, config: UserConfig, kept: Entry, earlier: Intent | None
    ) -> Entry:
        """Between spending the old token and keeping the new one nobody may stop us, the run's end
        included.
        """
        task = asyncio.create_task(self._rotate(name, config, kept, earlier))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    async def _rotate(
        self, name: str, config: UserConfig, kept: Entry, earlier: Intent | None
    ) -> Entry:
        """Spend what `kept` holds; `earlier` is what a run that died has left. Raises Broken,
        CannotAsk.
        """
        answer = await self._asked_twice(name, config, kept)
        if tokens := refresh.read_pair(answer):
            new = entry_after(kept, tokens)
            # Where auth-service gave two runs a pair each for one token, both are good: the first
            # to save is kept.
            await self._state.swap(name, kept, new)
            return new
        if refresh.is_spent(answer):
            return await self._left_by_another(name, config, kept, earlier)
        if answer.status < 500:  # it was refused, not spent
            await self._state.swap(name, kept, without_intent(kept))
        if refresh.is_rejected(answer):
            raise CannotAsk(
                f"no token for {name}: {refresh.describe_answer(answer)}; {_seed(name, config)}"
            )
        raise Broken(refresh.explain(answer))

    async def _asked_twice(self, name: str, config: UserConfig, kept: Entry) -> Answer:
        """The answer to a refresh; where it is lost, the token may be spent or not, and is tried
        again. Raises Broken, CannotAsk.
        """
        try:
            return await refresh.request_pair(self._web, kept["refresh"])
        except Broken as failure:
            if failure.finding.code not in ANSWER_LOST:
                await self._state.swap(name, kept, without_intent(kept))
                raise
            first = failure.finding.observed
        answer = await refresh.request_pair(self._web, kept["refresh"])
        if not refresh.is_spent(answer):
            return answer
        await self._state.swap(name, kept, with_loss(kept))
        raise broken_promise(
            Code.REFRESH_UNAVAILABLE,
            f"{first}, but it had spent the refresh token: asked again, "
            f"{refresh.describe_answer(answer)}; {_seed(name, config)}",
            "auth-service, or the way to it: the answer to a refresh is lost or late",
        )

    async def _left_by_another(
        self, name: str, config: UserConfig, kept: Entry, earlier: Intent | None
    ) -> Entry:
        """What another run has kept that has spent the token in this moment. Raises CannotAsk
        where there is none.
        """
        wait_s = 0.0 if earlier and self._state.is_exclusive else RACE_TIMEOUT_S
        if successor := await self._successor(name, kept["refresh"], wait_s):
            return successor
        await self._state.swap(name, kept, with_loss(kept))
        raise CannotAsk(f"{_describe_spent(name, earlier)}; {_seed(name, config)}")

    async def _successor(
        self, name: str, spent: str, timeout_s: float | None = None
    ) -> Entry | None:
        """What another run has kept since `spent` was; None where nothing comes."""

        async def successor() -> Entry | None:
            kept = await self._state.read(name)
            return kept if kept.get("access") and kept.get("refresh") != spent else None

        wait_s = RACE_TIMEOUT_S if timeout_s is None else timeout_s
        return await poll_until(successor, wait_s)


def _describe_spent(name: str, intent: Intent | None) -> str:
    """What became of a spent token, as far as the store tells."""
    if intent is None:
        return f"the refresh token kept for {name} was used by somebody else, who left no new one"
    return (
        f"the refresh token kept for {name} was spent at {intent} by a run of the probes that "
        "ended before it could keep the new one (it was killed, or the answer came too late); "
        "tried again, and it is spent"
    )


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
