"""What the answers of sign-in's legs say: where they lead, what they ask of the provider, which
cookies they set; pure.

Sources: contract 2.1, RFC 6265 (cookies).
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from probes.auth.tokens import Tokens
from probes.transport.http import Answer
from probes.transport.typed_answers import join_url, split_url

REDIRECTS = (302, 303, 307)
# A comma inside of an expiry date has no name and equals sign after it.
SEVERAL = re.compile(r"\n|,\s*(?=[!#$%&'*+.^_`|~\w-]+=)")
START = re.compile(r"/oauth2/authorization/[\w-]+$")


@dataclass(frozen=True, slots=True)
class Start:
    """The first leg: where the browser is sent, and with what."""

    location: str
    query: Mapping[str, str] = field(repr=False)  # holds the state


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the last redirect leads, as a browser reads it."""

    place: str
    tokens: Tokens | None = field(repr=False)


def parse_request(answer: Answer) -> dict[str, str]:
    """What a redirect to the provider asks of it."""
    return {
        name: values[0]
        for name, values in parse_qs(split_url(answer.headers.get("location", "")).query).items()
    }


def parse_landing(answer: Answer) -> Landing:
    """Where a browser goes from `answer`: it takes a backslash for a slash, and completes what is
    not whole.
    """
    aim = join_url(answer.url, answer.headers.get("location", "").strip().replace("\\", "/"))
    place, _, query = aim.partition("?")
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    access, refresh = fields.get("accessToken", ""), fields.get("refreshToken", "")
    tokens = None
    if access or refresh:
        tokens = Tokens(access, refresh, fields.get("userId", ""))
    return Landing(place, tokens)


def is_start(url: str) -> bool:
    """Whether somebody begins to sign in at `url`, on whichever host; pure."""
    return bool(START.search(split_url(url).path))


def read_cookies(answer: Answer) -> dict[str, dict[str, object]]:
    """The cookies that an answer sets, by name, with their attributes. Several Set-Cookie headers
    may have been joined: by httpx with commas, by a browser with line ends; pure.
    """
    read: dict[str, dict[str, object]] = {}
    for line in SEVERAL.split(answer.headers.get("set-cookie", "")):
        with contextlib.suppress(CookieError):
            for name, morsel in SimpleCookie(line).items():
                read[name] = {key: _lower(value) for key, value in morsel.items()}
    return read


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def is_refused(answer: Answer) -> bool:
    """Whether Spring has read a callback and refused it: its failure handler goes to /login?error
    (contract 2.1); pure.
    """
    parts = split_url(join_url(answer.url, answer.headers.get("location", "")))
    return answer.status in REDIRECTS and parts.path == "/login" and "error" in parts.query
