"""Signing in at a running replica, hop by hop, as a browser does without its pages."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from tests.support.replica_visitor import Visitor

INTERACTION = re.compile(r"/interaction/[\w-]+")
START = "/api/oauth2/authorization/google"


@dataclass(frozen=True, slots=True)
class SignInResult:
    """Where a sign-in has ended, and every address on the way."""

    address: str
    way: tuple[str, ...]

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.address).query).items()}

    @property
    def place(self) -> str:
        return self.address.partition("?")[0]


def first_leg(visitor: Visitor, **query: str) -> httpx.Response:
    """The start's answer, its cookie now the visitor's."""
    return visitor.http.get(f"{visitor.environment['hosts']['api']}{START}", params=query)


def sign_in_at_provider(visitor: Visitor, address: str, who: str) -> str:
    """Sign in at the provider, and the address that it sends people back to."""
    provider = visitor.environment["oauth"]["provider"]
    while address.startswith(provider):
        if INTERACTION.fullmatch(urlsplit(address).path):
            answer = visitor.http.post(
                f"{address}/login", data={"account": visitor.environment["users"][who]["email"]}
            )
        else:
            answer = visitor.http.get(address)
        address = urljoin(address, answer.headers["location"])
    return address


def sign_in(visitor: Visitor, who: str, **query: str) -> SignInResult:
    """From the start to the landing, which is not asked for."""
    start = first_leg(visitor, **query)
    back = sign_in_at_provider(visitor, start.headers["location"], who)
    ended = visitor.http.get(back)
    return SignInResult(
        urljoin(back, ended.headers.get("location", "")), (start.headers["location"], back)
    )
