"""The one proxy that a run knows, [proxy] of its environment file; and the machine's proxy
variables, which nobody obeys.

Libraries read those variables by themselves, each in its own way. So a run takes them out of its
environment, and its children (browser, LiveKit's worker) inherit none.
"""

import base64
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from probes.config.toml_schema import TEXTS, section
from probes.finding import BadEnvironment, CannotAsk
from probes.proxy_variables import LEADING, covers, network, remove

LOOPBACK = ("localhost", "*.localhost", "127.0.0.0/8", "::1")


@dataclass(frozen=True, slots=True)
class Proxy:
    """`url`: http://host:port; empty where every client asks directly. `credentials`: the variable
    that holds user:password. `direct`: hosts that are asked without it, as names, `*.` names and
    networks. `loopback`: this machine's own names are asked through it, too.
    """

    url: str = ""
    credentials: str = ""
    direct: TEXTS = ()
    loopback: bool = False

    @property
    def place(self) -> tuple[str, int]:
        """Its host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 80

    @property
    def exceptions(self) -> tuple[str, ...]:
        """Everything that is asked without it."""
        return self.direct if self.loopback else (*LOOPBACK, *self.direct)

    def leads_to(self, host: str) -> bool:
        """Whether `host` is asked through it."""
        return bool(self.url) and not any(covers(each, host) for each in self.exceptions)

    def userinfo(self, environ: Mapping[str, str]) -> tuple[str, str] | None:
        """User and password; None where it wants none. Raises CannotAsk where `credentials` names a
        variable that holds none.
        """
        if not self.credentials:
            return None
        user, colon, password = environ.get(self.credentials, "").strip().partition(":")
        if not (user and colon):
            raise CannotAsk(
                f"credentials in [proxy] names {self.credentials}, which holds no user:password; "
                "put them there"
            )
        return user, password

    def secrets(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """What nobody may read: the password, by itself and with its user."""
        given = environ.get(self.credentials, "").strip() if self.credentials else ""
        return given, given.partition(":")[2]

    def authorization(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The header that shows who asks (RFC 7617). Raises CannotAsk."""
        userinfo = self.userinfo(environ)
        if userinfo is None:
            return {}
        encoded = base64.b64encode(":".join(userinfo).encode()).decode("ascii")
        return {"Proxy-Authorization": f"Basic {encoded}"}

    def __str__(self) -> str:
        return f"[proxy] {self.url}"


def read_proxy(source: str, settings: Mapping[str, Any]) -> Proxy:
    """The table [proxy] of `settings`. Raises BadEnvironment."""
    if "proxy" not in settings:
        return Proxy()
    proxy: Proxy = section(source, "proxy", Proxy, settings["proxy"])
    if not _is_proxy_url(proxy.url):
        raise BadEnvironment(
            f"{source}: url in [proxy] must look like http://proxy.example.org:3128, without a "
            "user; credentials names the variable that holds user:password"
        )
    for host in proxy.direct:
        if not _is_pattern(host):
            raise BadEnvironment(
                f"{source}: direct in [proxy] lists hosts like storage.example.org, *.example.org "
                f"or 10.0.0.0/8, not {host!r}"
            )
    return proxy


def _is_proxy_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_http = text.startswith("http://") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment)
    is_plain = text.isprintable() and " " not in text and "@" not in text
    return is_http and is_bare and is_plain


def _is_pattern(host: str) -> bool:
    name = host.removeprefix("*.")
    if network(name):
        return True
    return bool(name) and not set(name) & set(" /:*,@")


def describe(environ: Mapping[str, str], proxy: Proxy) -> str:
    """By which way a run asks, and which of the machine's variables it does not obey; "" where it
    asks directly and none is set.
    """
    named = [name for name in LEADING if environ.get(name) or environ.get(name.lower())]
    ways = []
    if proxy.url:
        direct = () if proxy.loopback else ("this machine", *proxy.direct)
        exception = f", but for {', '.join(direct)}" if direct else ""
        ways.append(f"every client asks through {proxy}{exception}")
    if named:
        is_set = "is set here and is" if len(named) == 1 else "are set here and are"
        ways.append(f"{' and '.join(named)} {is_set} not used")
    if named and not proxy.url:
        ways[-1] += (
            ": every client asks directly; run where the target can be reached, or name a proxy in "
            "[proxy] of the environment file"
        )
    return "; ".join(ways)


def replace(environ: MutableMapping[str, str], proxy: Proxy) -> None:
    """The machine's variables give way to those of `proxy`, for what can be told in no other way:
    the libraries that export spans and metrics and send notices. Raises CannotAsk.
    """
    remove(environ)
    if not proxy.url:
        return
    userinfo = proxy.userinfo(environ)
    host = proxy.url.rstrip("/").removeprefix("http://")
    if userinfo:
        host = f"{quote(userinfo[0], safe='')}:{quote(userinfo[1], safe='')}@{host}"
    exceptions = ",".join(_suffixes(proxy.exceptions))
    values = {"HTTP": f"http://{host}", "HTTPS": f"http://{host}", "NO": exceptions}
    for name, value in values.items():
        environ[f"{name}_PROXY"] = environ[f"{name.lower()}_proxy"] = value


def _suffixes(patterns: tuple[str, ...]) -> Iterator[str]:
    """As NO_PROXY spells them: a leading dot for all names below."""
    for pattern in patterns:
        yield pattern.removeprefix("*")
