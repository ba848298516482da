"""Whether the test users are who the environment file takes them for: tokens belong to them, ids
exist, members are members, and the stranger is none because the workspace is private.

Only where a token is at hand: none is spent to look.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from probes.auth.secret_variables import read_token
from probes.auth.signing_key import load_signer
from probes.auth.tokens import claims, seconds_left
from probes.config.environment import Target
from probes.finding import CannotAsk
from probes.services.workspaces import WORKSPACES
from probes.state.store import open_state
from probes.transport.connections import LoopbackNames

ME = "/api/svc/user/api/users/me"
READY = "/api/svc/user/health/ready"
MEMBERS, OUTSIDER = ("alice", "bob"), "stranger"
ANSWER_S, STORE_S = 4.0, 2.0  # seconds
SPARE_S = 30.0  # a token that ends within is not asked with


def users(target: Target, environ: Mapping[str, str]) -> str:
    """Everybody is who they should be. Raises CannotAsk with what to correct."""
    return asyncio.run(_users(target, environ))


async def _users(target: Target, environ: Mapping[str, str]) -> str:
    tokens = await _tokens(target, environ)
    if not tokens:
        return "no token is at hand without spending one; the first run tells"
    for name, token in tokens.items():
        _expect_owner(name, target.users[name].id, token)
    async with _client(target) as client:
        await asyncio.gather(*(_expect_known(client, *each) for each in tokens.items()))
        asker = next(iter(tokens.values()))
        for name in (*MEMBERS, OUTSIDER):
            if name in target.users:
                await _expect_place(client, target, name, asker)
    return f"{', '.join(tokens)}: known, and in the workspace or out of it as they should be"


async def _tokens(target: Target, environ: Mapping[str, str]) -> dict[str, str]:
    """An access token of each user for whom one is at hand."""
    signer = load_signer(target.identity, environ)
    state = open_state(target.identity.state, STORE_S)
    found: dict[str, str] = {}
    for name, config in target.users.items():
        token = read_token(environ, config.token) if config.token else ""
        if signer:
            token = signer.pair(config).access
        elif state and not token:
            token = (await state.read(name)).get("access", "")
        if token and seconds_left(token) > SPARE_S:
            found[name] = token
    return found


def _expect_owner(name: str, identity: str, token: str) -> None:
    owner = claims(token).get("sub")
    if owner and owner != identity:
        raise CannotAsk(
            f"the token of {name} belongs to {owner}, and id in [users.{name}] is {identity}: "
            "correct the one that is wrong"
        )


@asynccontextmanager
async def _client(target: Target) -> AsyncIterator[httpx.AsyncClient]:
    transport = LoopbackNames(target.trust, target.proxy)
    async with httpx.AsyncClient(
        transport=transport, base_url=target.hosts.api, timeout=ANSWER_S, trust_env=False
    ) as client:
        yield client


async def _ask(client: httpx.AsyncClient, path: str, token: str) -> httpx.Response:
    try:
        return await client.get(path, headers={"authorization": f"Bearer {token}"})
    except httpx.HTTPError as error:
        why = f"{type(error).__name__} {error}".strip()
        raise CannotAsk(f"{client.base_url.host} does not answer {path}: {why}") from error


async def _expect_known(client: httpx.AsyncClient, name: str, token: str) -> None:
    answer = await _ask(client, ME, token)
    if answer.status_code == 200:
        return
    if answer.status_code != 404:
        raise CannotAsk(f"user-service answers {answer.status_code} to {name}; a run tells why")
    # Without its database user-service takes everybody for unknown (contract 8).
    if (await _ask(client, READY, token)).status_code != 200:
        raise CannotAsk("user-service is not ready, so that nobody is known to it")
    raise CannotAsk(f"user-service does not know {name}: correct id in [users.{name}]")


async def _expect_place(client: httpx.AsyncClient, target: Target, name: str, token: str) -> None:
    """`name` is in the workspace, or out of it, as user-service tells the other services."""
    identity, workspace = target.users[name].id, target.workspace.id
    answer = await _ask(client, f"{WORKSPACES}/{workspace}/validate-member/{identity}", token)
    is_member = _is_member(answer)
    if is_member is None:
        raise CannotAsk(
            f"user-service answers {answer.status_code} when asked whether {name} is a member of "
            f"{workspace}: correct id in [workspace], or id in [users.{name}]"
        )
    if is_member and name == OUTSIDER:
        raise CannotAsk(
            f"{name} counts as a member of the workspace: make it private (PUT "
            f'/api/workspaces/{workspace}/settings, {{"isPublic": false}}), or remove them'
        )
    if not is_member and name != OUTSIDER:
        raise CannotAsk(f"{name} is no member of the workspace {workspace}: invite them")


def _is_member(answer: httpx.Response) -> bool | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    found = body.get("isMember") if isinstance(body, dict) else None
    return found if answer.status_code == 200 and isinstance(found, bool) else None
