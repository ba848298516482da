"""The test users (alice, bob, stranger, operator) and how each of them gets tokens in this
environment.
"""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from probes import clock
from probes.auth.refresh import TOKEN_CLOCK_STEP_S
from probes.auth.rotation import Rotation, entry_after, expired_token_in
from probes.auth.secret_variables import expect_usable, read_token
from probes.auth.signing_key import TokenSigner, load_signer
from probes.auth.tokens import OwnSession, Tokens, seconds_left, timestamp
from probes.config.environment import Target, UserConfig
from probes.finding import Broken, CannotAsk, NotApplicable
from probes.recording.redactor import Redactor
from probes.state.store import State, open_state
from probes.transport.http import Web

TEST_ENDPOINT = "/api/svc/auth/api/test/token"  # contract 2.4
SHORT_LIFE_S = 1  # second


class User:
    """Somebody who is signed in, or will be when first asked."""

    def __init__(self, name: str, config: UserConfig, users: "Users") -> None:
        self.name, self.id, self.email, self._config, self._users = (
            name,
            config.id,
            config.email,
            config,
            users,
        )
        self._lock = asyncio.Lock()
        self._tokens: Tokens | None = None

    async def tokens(self) -> Tokens:
        """Signed in once a run; its refresh token is nobody's to spend. Raises CannotAsk."""
        async with self._lock:
            if self._tokens is None:
                self._tokens = await self._users.sign_in(self.name, self._config)
                self._users.note_owner(self._tokens.access, self.name)
            self._users.expect_lasting(self._tokens, self._config)
            return self._tokens

    async def token(self) -> str:
        return (await self.tokens()).access

    def session(self) -> AbstractAsyncContextManager[OwnSession]:
        """A session whose refresh token may be spent in the block. Raises CannotAsk."""
        return self._users.session(self.name, self._config)

    async def expired_token(self) -> str:
        """An access token that was good once: truly signed, truly expired. Raises CannotAsk."""
        return await self._users.expired_token(self.name, self._config)

    def wrong_issuer_token(self) -> str:
        """An access token that is truly signed, in the name of another issuer. Raises CannotAsk,
        NotApplicable.
        """
        return self._users.wrong_issuer_token(self.name, self._config)


class Users:
    """Who takes part in a run."""

    def __init__(
        self, target: Target, web: Web, redactor: Redactor, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._target, self._web, self._redactor, self._environ = target, web, redactor, environ
        self._by_name = {name: User(name, config, self) for name, config in target.users.items()}
        self._one_at_a_time = asyncio.Lock()
        self._owners: dict[str, str] = {}

    def note_owner(self, access: str, name: str) -> None:
        self._owners[access] = name

    def owner(self, access: str) -> str:
        """The user who was signed in with `access`; "" where it is nobody's, or made to fail."""
        return self._owners.get(access, "")

    def user(self, name: str) -> User:
        """Somebody by role; a role that the environment does not fill is complained of when it is
        needed.
        """
        return self._by_name.setdefault(name, User(name, UserConfig(id=""), self))

    def expect_lasting(self, tokens: Tokens, config: UserConfig) -> None:
        """Nobody renews the token of a variable. Raises CannotAsk where it would run out under a
        scenario.
        """
        if self._target.identity.way == "static":
            scenario_s = self._target.timeouts.scenario_s
            expect_usable(tokens.access, config.token, config.id, scenario_s)

    async def sign_in(self, name: str, config: UserConfig) -> Tokens:
        """Tokens for `config`, remembered by the redactor before anybody can use them. Raises
        CannotAsk.
        """
        _expect_known(name, config)
        if self._target.identity.way == "refresh-token":
            async with self._rotation.session(name, config) as session:
                return session.tokens
        tokens = await self._sign_in(name, config)
        if self._state:
            kept = await self._state.read(name)
            await self._state.swap(name, kept, entry_after(kept, tokens))
        return tokens

    @asynccontextmanager
    async def session(self, name: str, config: UserConfig) -> AsyncIterator[OwnSession]:
        """As `User.session`."""
        _expect_known(name, config)
        way = self._target.identity.way
        if self._signer:
            yield OwnSession(self._with_secrets(self._signer.pair(config)), self._remember)
        elif way == "refresh-token":
            async with self._rotation.session(name, config, spends=True) as session:
                yield session
        elif way == "test-endpoint":
            yield OwnSession(await self._another(name, config), self._remember)
        else:
            raise CannotAsk(
                f"no refresh token for {name}: [identity] way {way} has none; the way "
                "refresh-token does"
            )

    async def expired_token(self, name: str, config: UserConfig) -> str:
        """As `User.expired`: signed, or requested with a short life, or left by an earlier
        run.
        """
        _expect_known(name, config)
        if self._signer:
            token = self._signer.expired_token(config)
        elif self._target.identity.short_life:
            token = await self._short_lived(name, config)
        else:
            token = await self._left_behind(name)
        self._redactor.remember(token)
        return token

    async def _left_behind(self, name: str) -> str:
        token = expired_token_in(await self._state.read(name)) if self._state else ""
        if token:
            return token
        raise CannotAsk(
            f"no expired token for {name}: [identity] has neither signing_key nor "
            "short_life, and no earlier run has left one in its state that has expired by now "
            f"({self._target.identity.state or 'none is set'})"
        )

    def wrong_issuer_token(self, name: str, config: UserConfig) -> str:
        """As `User.misissued`."""
        _expect_known(name, config)
        if self._signer is None:
            raise NotApplicable(
                "nobody can sign in another issuer's name here: [identity] has no signing_key"
            )
        token = self._signer.wrong_issuer(config)
        self._redactor.remember(token)
        return token

    @functools.cached_property
    def _signer(self) -> TokenSigner | None:
        return load_signer(self._target.identity, self._environ)

    @functools.cached_property
    def _state(self) -> State | None:
        return open_state(self._target.identity.state, self._target.timeouts.scenario_s)

    @functools.cached_property
    def _rotation(self) -> Rotation:
        assert self._state, "an environment file without it is refused"
        return Rotation(self._web, self._redactor, self._state, self._environ)

    async def _sign_in(self, name: str, config: UserConfig) -> Tokens:
        match self._target.identity.way:
            case "signing-key":
                assert self._signer, "an environment file without it is refused"
                tokens = self._signer.pair(config)
            case "static":
                tokens = self._from_secret(name, config)
            case _:
                tokens = await self._from_test_endpoint(name, config)
        return self._with_secrets(tokens)

    def _with_secrets(self, tokens: Tokens) -> Tokens:
        for secret in (tokens.access, tokens.refresh):
            self._redactor.remember(secret)
        return tokens

    async def _remember(self, tokens: Tokens) -> None:
        self._with_secrets(tokens)

    async def _another(self, name: str, config: UserConfig) -> Tokens:
        """A pair that nobody else in this run has."""
        async with self._one_at_a_time:
            await self.user(name).tokens()
            await asyncio.sleep(TOKEN_CLOCK_STEP_S)
            return self._with_secrets(await self._from_test_endpoint(name, config))

    async def _short_lived(self, name: str, config: UserConfig) -> str:
        token = (await self._from_test_endpoint(name, config, expiresInSeconds=SHORT_LIFE_S)).access
        if seconds_left(token) > SHORT_LIFE_S + 1:
            raise CannotAsk(
                f"no expired token for {name}: the test endpoint gave one that lives "
                f"{seconds_left(token):.0f} s,"
                " whatever expiresInSeconds says; take short_life out of [identity], or "
                "roll out what honours it"
            )
        self._redactor.remember(token)
        await asyncio.sleep(
            min(
                SHORT_LIFE_S + TOKEN_CLOCK_STEP_S,
                max(0.0, timestamp(token, "exp") + TOKEN_CLOCK_STEP_S - clock.now()),
            )
        )
        return token

    async def _from_test_endpoint(self, name: str, config: UserConfig, **more: int) -> Tokens:
        """Ask the api host, then the apex: who signs in is set-up, the edge is judged elsewhere."""
        # Without the key the endpoint names one e-mail address for everybody; an empty one gives a
        # token without that claim (contract 2.4), so that nobody is taken for somebody else.
        request_body = {"userId": config.id, "email": config.email, **more}
        message = ""
        for origin in (self._target.hosts.api, self._target.hosts.apex):
            try:
                answer = await self._web.ask("POST", origin + TEST_ENDPOINT, json=request_body)
            except Broken as failure:
                message = failure.finding.observed
                continue
            match answer.json:
                case {"accessToken": str(access), **rest} if answer.status == 200:
                    return Tokens(access, str(rest.get("refreshToken", "")), config.id)
            message = str(answer)
        raise CannotAsk(
            f"no token for {name}: {message}; is ENABLE_TEST_AUTH on in this environment "
            "(contract 2.4)?"
        )

    def _from_secret(self, name: str, config: UserConfig) -> Tokens:
        if not config.token:
            raise CannotAsk(
                f"no token for {name}: add token, the name of a variable that holds one, to "
                f"[users.{name}]"
            )
        if token := read_token(self._environ, config.token):
            expect_usable(token, config.token, config.id)
            return Tokens(token, "", config.id)
        raise CannotAsk(
            f"no token for {name}: the variable {config.token} is not set; put an access "
            f"token there"
        )


def _expect_known(name: str, config: UserConfig) -> None:
    if not config.id:
        raise CannotAsk(f"the environment has no user {name}; add [users.{name}] with its user id")
