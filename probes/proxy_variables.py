"""The variables by which libraries find a proxy, as a run leaves them: those of this machine are
taken out, those of [proxy] are put in their place.
"""

import ipaddress
import re
from collections.abc import Mapping, MutableMapping
from urllib.parse import urlsplit

# SOCKS_SERVER leads Chromium alone (net/proxy_resolution/proxy_config_service_linux.cc).
LEADING = (
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "AUTO_PROXY",
    "SOCKS_PROXY",
    "SOCKS_SERVER",
)
NAMES = (*LEADING, "NO_PROXY")


def without(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.upper() not in NAMES}


def remove(environ: MutableMapping[str, str]) -> None:
    for name in [name for name in environ if name.upper() in NAMES]:
        del environ[name]


def url_for(environ: Mapping[str, str], url: str) -> str:
    """The URL of the proxy that [proxy] has put into `environ`, with its user; "" where `url` is
    asked directly. Libraries read the same variables, but know no networks in them.
    """
    exceptions = re.sub(r"(^|,)\.", r"\1*.", environ.get("NO_PROXY", "")).split(",")
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # a bracket that is not closed: who asks there says so
        return ""
    is_direct = any(covers(each, host) for each in exceptions)
    return "" if is_direct else environ.get("HTTPS_PROXY", "")


def covers(pattern: str, host: str) -> bool:
    """Whether `pattern`, a name, a `*.` name or a network, is of `host`."""
    host = host.lower().removesuffix(".")
    if found := network(pattern):
        address = _address(host)
        return address is not None and address.version == found.version and address in found
    if pattern.startswith("*."):
        return host.endswith(pattern[1:].lower())
    return host == pattern.lower()


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
