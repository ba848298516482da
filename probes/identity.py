"""The cast (alice, bob, stranger, operator) and how each of them gets an access token in this environment."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass

from probes.finding import Broken, CannotAsk
from probes.redaction import Redactor
from probes.target import Part, Target
from probes.web import Web

TEST_ENDPOINT = "/api/svc/auth/api/test/token"  # contract 2.4


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a signed-in page keeps in its localStorage (contract 3.1)."""

    access: str
    refresh: str
    user: str


class Member:
    """Somebody who is signed in, or will be when first asked."""

    def __init__(self, name: str, part: Part, cast: "Cast") -> None:
        self.name, self.user, self.email, self._part, self._cast = name, part.user, part.email, part, cast
        self._lock = asyncio.Lock()
        self._tokens: Tokens | None = None

    async def tokens(self) -> Tokens:
        """Signed in once a run. Raises CannotAsk."""
        async with self._lock:
            if self._tokens is None:
                self._tokens = await self._cast.sign_in(self.name, self._part)
            return self._tokens

    async def token(self) -> str:
        return (await self.tokens()).access


class Cast:
    """Who takes part in a run."""

    def __init__(self, target: Target, web: Web, redactor: Redactor, environ: Mapping[str, str] = os.environ) -> None:
        self._target, self._web, self._redactor, self._environ = target, web, redactor, environ
        self._members = {name: Member(name, part, self) for name, part in target.cast.items()}

    def member(self, name: str) -> Member:
        """Somebody by role; a role that the environment does not fill is complained of when it is needed."""
        return self._members.setdefault(name, Member(name, Part(user=""), self))

    async def sign_in(self, name: str, part: Part) -> Tokens:
        """Tokens for `part`, remembered by the redactor before anybody can use them. Raises CannotAsk."""
        if not part.user:
            raise CannotAsk(f"the environment casts nobody as {name}; add [cast.{name}] with its user id")
        match self._target.identity.way:
            case "test-endpoint":
                tokens = await self._from_test_endpoint(name, part)
            case "static":
                tokens = self._from_secret(name, part)
            case other:
                raise CannotAsk(f"[identity] way is {other!r}; known are test-endpoint and static")
        for secret in (tokens.access, tokens.refresh):
            self._redactor.remember(secret)
        return tokens

    async def _from_test_endpoint(self, name: str, part: Part) -> Tokens:
        """Ask the api host, then the apex: who signs in is set-up, the edge is judged elsewhere."""
        wish = {"userId": part.user} | ({"email": part.email} if part.email else {})
        said = ""
        for origin in (self._target.hosts.api, self._target.hosts.apex):
            try:
                answer = await self._web.ask("POST", origin + TEST_ENDPOINT, json=wish)
            except Broken as failure:
                said = failure.finding.observed
                continue
            match answer.json:
                case {"accessToken": str(access), **rest} if answer.status == 200:
                    return Tokens(access, str(rest.get("refreshToken", "")), part.user)
            said = str(answer)
        raise CannotAsk(f"no token for {name}: {said}; is ENABLE_TEST_AUTH on in this environment (contract 2.4)?")

    def _from_secret(self, name: str, part: Part) -> Tokens:
        if not part.token:
            raise CannotAsk(f"no token for {name}: add token, the name of a variable that holds one, to [cast.{name}]")
        if token := self._environ.get(part.token, ""):
            return Tokens(token, "", part.user)
        raise CannotAsk(f"no token for {name}: the variable {part.token} is not set; put an access token there")
