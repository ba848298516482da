"""Whether [proxy] leads to the target: looked at once before anything is judged, and again where a
promise seems broken. A proxy that fails is nobody's fault but ours; one that reaches all hosts but
one is not what fails.
"""

import contextlib
import ssl
from urllib.parse import urlsplit

from probes.config import urls
from probes.config.environment import Target
from probes.config.proxies import Proxy
from probes.finding import CannotAsk, Code, Finding
from probes.recording.recorder import Exchange, current
from probes.transport.connection_errors import UNTRUSTED
from probes.transport.single_flight import SingleFlight
from probes.transport.tls import HandshakeError, peer_certificate
from probes.transport.tunnel import HostUnreached, open_tunnel

NOT_FROM_PROXY = (
    "the host as the proxy sees it: not reachable from there (DNS, load balancer, listener or a "
    "firewall between the two)"
)
SHARE = 0.8  # of the time for an answer


class ProxyCheck:
    """The proxy of one run; nothing is asked where there is none."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._looks = SingleFlight(self._look)
        self._comparisons = SingleFlight(self._compare)

    async def expect_usable(self, attempt: int) -> None:
        """Raises CannotAsk where nothing of the target can be reached through the proxy. Looks once
        for all scenarios that make the same attempt.
        """
        if not self._target.proxy.url:
            return
        if problem := await self._looks.get(attempt):
            raise CannotAsk(problem)

    async def _look(self, _: int) -> str:
        hosts = self._target.hosts
        problems = await find_problems(self._target, (hosts.api, hosts.apex))
        if not problems or not all(problems):
            return ""
        current().fact("proxy", problems[0])
        return problems[0]

    async def explain_unreached(self, failed: CannotAsk, attempt: int) -> Finding | None:
        """That the host is to blame, where the proxy says that it does not reach it, then opens a
        tunnel to another host of the target, and says so again. None where nobody knows.
        """
        if not isinstance(failed, HostUnreached):
            return None
        return await self._comparisons.get((attempt, *failed.place))

    async def _compare(self, asked: tuple[int, str, int]) -> Finding | None:
        _, host, port = asked
        reached = await self._find_other(host)
        if not reached:
            return None
        try:
            await self._expect_tunnel(host, port)
        except HostUnreached as again:
            return explain_unreached(self._target.proxy, again, reached)
        except CannotAsk:
            return None
        return None

    async def _find_other(self, host: str) -> str:
        """A host of the target, not `host`, to which the proxy opens a tunnel; "" where none is."""
        for url in (self._target.hosts.api, self._target.hosts.apex):
            other, port = urls.place(url)
            if other != host and self._target.proxy.leads_to(other):
                with contextlib.suppress(CannotAsk):
                    await self._expect_tunnel(other, port)
                    return other
        return ""

    async def problem_of(self, exchange: Exchange | None, attempt: int) -> str:
        """What is wrong with the way to the host of `exchange`, or to any where there is none; ""
        where nothing is, or where only this host is not reached.
        """
        hosts = self._target.hosts
        asked = (exchange.url,) if exchange else (hosts.api, hosts.apex)
        try:
            for url in asked:
                if self._target.proxy.leads_to(urlsplit(url).hostname or ""):
                    await self._expect_tunnel(*urls.place(url))
        except CannotAsk as failed:
            is_host = await self.explain_unreached(failed, attempt)
            return "" if is_host else str(failed)
        return ""

    async def _expect_tunnel(self, host: str, port: int) -> None:
        timeout_s = self._target.timeouts.answer_s * SHARE
        (await open_tunnel(self._target.proxy, host, port, timeout_s)).close()


def explain_unreached(proxy: Proxy, failed: HostUnreached, reached: str) -> Finding:
    """Name a host that the proxy does not reach, while it reaches another; pure."""
    host, port = failed.place
    return Finding(
        Code.HOST_UNREACHABLE,
        f"{host}:{port} is not reached: {proxy} answers {failed.status} for it, and opens a tunnel "
        f"to {reached}",
        NOT_FROM_PROXY,
    )


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
    host, port = urls.place(origin)
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
