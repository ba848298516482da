"""Whether [proxy] leads to the target: looked at once before anything is judged, and again where a
promise seems broken. A proxy that fails is nobody's fault but ours.
"""

import ssl
from urllib.parse import urlsplit

from probes.config.environment import Target
from probes.finding import CannotAsk
from probes.recording.recorder import Exchange, current
from probes.transport.connection_errors import UNTRUSTED
from probes.transport.single_flight import SingleFlight
from probes.transport.tls import HandshakeError, peer_certificate
from probes.transport.tunnel import open_tunnel

SHARE = 0.8  # of the time for an answer
_PORTS = {"https": 443, "http": 80}


class ProxyCheck:
    """The proxy of one run; nothing is asked where there is none."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._looks = SingleFlight(self._look)

    async def expect_usable(self, attempt: int) -> None:
        """Raises CannotAsk where nothing of the target can be reached through the proxy. Looks once
        for all scenarios that make the same attempt.
        """
        if self._target.proxy.url and (problem := await self._looks.get(attempt)):
            raise CannotAsk(problem)

    async def _look(self, _: int) -> str:
        hosts = self._target.hosts
        problems = await find_problems(self._target, (hosts.api, hosts.apex))
        if not problems or not all(problems):
            return ""
        current().fact("proxy", problems[0])
        return problems[0]

    async def problem_of(self, exchange: Exchange | None) -> str:
        """What is wrong with the way to the host of `exchange`, or to any where there is none; ""
        where nothing is.
        """
        target = self._target
        urls = (exchange.url,) if exchange else (target.hosts.api, target.hosts.apex)
        answer_s = target.timeouts.answer_s
        try:
            for url in urls:
                if target.proxy.leads_to(urlsplit(url).hostname or ""):
                    tunnel = await open_tunnel(target.proxy, *_place(url), answer_s * SHARE)
                    tunnel.close()
        except CannotAsk as failed:
            return str(failed)
        return ""


async def find_problems(target: Target, origins: tuple[str, ...]) -> list[str]:
    """What is wrong with the way to each of `origins` to which the proxy leads; "" where nothing
    is.
    """
    proxied = [each for each in origins if target.proxy.leads_to(urlsplit(each).hostname or "")]
    return [await _find_problem(target, origin) for origin in proxied]


async def _find_problem(target: Target, origin: str) -> str:
    """Of an origin without TLS nothing is asked: many proxies open no tunnel to it."""
    if not origin.startswith("https:"):
        return ""
    host, port = _place(origin)
    try:
        await peer_certificate(target, host, port, target.timeouts.answer_s)
    except CannotAsk as failed:
        return str(failed)
    except HandshakeError as error:
        is_untrusted = getattr(error.cause, "verify_code", 0) in UNTRUSTED
        if is_untrusted and isinstance(error.cause, ssl.SSLCertVerificationError):
            return (
                f"{target.proxy} leads to a certificate for {host} that no authority trusted here "
                "has signed; if it opens TLS, add its authority to ca in [tls]"
            )
    return ""


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443)
