"""Google as auth-service sees it: oidc-provider in a process of its own, and what it says of who
has signed in.

A real provider behind the same edge, because it refuses what Google refuses; a browser can drive
its pages.
"""

import asyncio
import json
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from replica.infra.processes import Child, ChildError

FOLDER = Path(__file__).parent
CLIENT = "replica.apps.googleusercontent.com"
USERINFO = "/oauth2/v3/userinfo"


class SignInDeclined(Exception):  # noqa: N818 - an answer, not an error of ours
    """Google does not vouch for anybody."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who can sign in, by one click."""

    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Google:
    """The provider's public origin, the socket behind it, and the one client that is registered
    there.
    """

    provider: str
    socket: Path
    client_id: str = CLIENT
    client_secret: str = field(default_factory=secrets.token_urlsafe, repr=False)

    @property
    def authorize(self) -> str:
        return f"{self.provider}/o/oauth2/v2/auth"

    async def userinfo(self, code: str, redirect_uri: str) -> dict[str, Any]:
        """Who the code was given for, as userinfo tells it. Raises SignInDeclined."""
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        async with self._inside() as http:
            credentials = (self.client_id, self.client_secret)
            answer = await http.post("/token", data=grant, auth=credentials)
            if answer.is_error:
                raise SignInDeclined(answer.text)
            bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            answer = await http.get(USERINFO, headers=bearer)
        person: dict[str, Any] = answer.raise_for_status().json()
        return person

    def _inside(self) -> httpx.AsyncClient:
        """Past the edge, by the provider's own socket."""
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket))
        return httpx.AsyncClient(
            transport=transport,
            base_url=self.provider.replace("https:", "http:", 1),
            headers={"X-Forwarded-Proto": "https"},
            timeout=10,
            trust_env=False,
        )


def command() -> list[str]:
    """The provider's command line. Raises ChildError where it has not been set up."""
    node = shutil.which("node")
    if not node:
        raise ChildError(
            "node is missing, which runs the replica's sign-in; install Node 20 or newer, "
            "then: make setup"
        )
    if not (FOLDER.parent / "node_modules" / "oidc-provider").is_dir():
        raise ChildError(
            "oidc-provider is missing, which stands for Google; install it with: make setup"
        )
    return [node, str(FOLDER / "provider.mjs")]


async def wait_until_ready(google: Google, process: Child) -> None:
    """Wait until it listens. Raises ChildError if it has ended instead."""
    while not google.socket.exists():
        process.check()
        await asyncio.sleep(0.01)


def environment_variables(
    google: Google, redirect_uris: Iterable[str], accounts: Iterable[Account]
) -> dict[str, str]:
    """What the provider is told in its environment: its address, its client, who can sign in."""
    settings = {
        "issuer": google.provider,
        "socket": str(google.socket),
        "clientId": google.client_id,
        "clientSecret": google.client_secret,
        "redirectUris": list(redirect_uris),
        "accounts": [asdict(account) for account in accounts],
    }
    return {"GOOGLE": json.dumps(settings)}
