"""Where a sign-in may land: the allow-list oauth2.allowed-redirect-patterns, matched part by part
(contract §2.1).

A browser takes a backslash for a slash, and what stands before an @ for a name: an address with
either is refused, and so is one whose scheme, host and port are not exactly a pattern's.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from replica.service_settings import PublicHosts

ANY = "/**"


def allowed_patterns(hosts: PublicHosts) -> tuple[str, ...]:
    """Those of weAlist, on this replica's hosts; ops and dev are listed there and served
    nowhere.
    """
    others = [hosts.apex.replace("//", f"//{name}.", 1) for name in ("ops", "dev")]
    ours = (hosts.apex, hosts.api, *others, "http://localhost:3000", "http://localhost:3001")
    return tuple(f"{origin}{ANY}" for origin in ours)


def is_allowed(address: str, patterns: Iterable[str]) -> bool:
    """Whether tokens may be sent there."""
    if (
        "\\" in address
        or not address.isascii()
        or any(sign <= " " or sign == "\x7f" for sign in address)
    ):
        return False
    return any(_matches(address, pattern) for pattern in patterns)


def _matches(address: str, pattern: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:  # a bracket that is not closed
        return False
    return f"{parts.scheme}://{parts.netloc}{ANY}" == pattern
