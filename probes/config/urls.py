"""How addresses in an environment file are written: they are glued together as they are, and
compared with what the target answers, so a letter too many would be blamed on the target.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

SCHEMES = ("http", "https")
USUAL_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def is_origin(text: str, schemes: tuple[str, ...] = SCHEMES) -> bool:
    """Scheme and host as a browser writes them (RFC 6454 6.2): in small letters, with a port where
    it is not the usual one.
    """
    parts = _split(text)
    if parts is None or parts.scheme not in schemes:
        return False
    return text == f"{parts.scheme}://{parts.netloc}" and _is_host(parts)


def is_url(text: str) -> bool:
    """An origin with a path, and nothing after it."""
    parts = _split(text)
    if parts is None or not is_path(parts.path):
        return False
    return is_origin(text.removesuffix(parts.path))


def is_path(text: str) -> bool:
    """It begins with one slash, and holds nothing that a URL cannot, or that ends its path."""
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' ?#\\"<>')
    return is_plain and text.startswith("/") and not text.startswith("//")


def without_user(text: str) -> str:
    """`text` as it may be shown: what is wrong with an address may be that it holds a password."""
    scheme, slashes, rest = text.rpartition("://")
    return f"{scheme}{slashes}…{rest[rest.rindex('@') :]}" if "@" in rest else text


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        return None
    return parts


def _is_host(parts: SplitResult) -> bool:
    """A name that a resolver can be asked for (RFC 1123 2.1, with IDNA), or an address. A dot at
    its end is in no certificate.
    """
    host = parts.hostname or ""
    if "@" in parts.netloc or parts.netloc.endswith(":") or parts.netloc != parts.netloc.lower():
        return False
    if parts.port in (0, USUAL_PORTS.get(parts.scheme)) and parts.port is not None:
        return False
    try:
        if ":" in host:
            return bool(ipaddress.IPv6Address(host))
        name = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        return False
    return all(_LABEL.fullmatch(label) for label in name.split("."))


def place(url: str) -> tuple[str, int]:
    """The host to connect to, and the port: 443 where neither `url` nor its scheme says."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or USUAL_PORTS.get(parts.scheme, 443)
