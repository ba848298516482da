"""What a host's certificate promises: the chain, the name, the days it has left."""

import asyncio
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

from probes.config.environment import Target, address
from probes.finding import Broken, Code, Finding, NotApplicable
from probes.recording.recorder import current


async def days_left(target: Target, origin: str) -> float:
    """Days until the certificate of `origin` ends, chain and name verified. Raises Broken,
    NotApplicable.
    """
    parts = urlsplit(origin)
    if parts.scheme != "https":
        raise NotApplicable(f"{origin or 'this host'} does not speak TLS in this environment")
    host, port = parts.hostname or "", parts.port or 443
    with current().exchange("tls", "HANDSHAKE", origin + "/") as exchange:
        try:
            async with asyncio.timeout(target.timeouts.answer_s):
                _, writer = await asyncio.open_connection(
                    address(host), port, ssl=target.trust, server_hostname=host
                )
        except (OSError, TimeoutError) as error:
            exchange.error = f"{type(error).__name__}: {error}"
            raise Broken(explain(host, error)) from error
    certificate = writer.get_extra_info("peercert")
    writer.close()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    current().note(f"the certificate of {host} ends {ends:%Y-%m-%d %H:%M} UTC")
    return (ends - datetime.now(UTC)).total_seconds() / 86400


def explain_expiry(host: str, days: float, wanted: int) -> Finding | None:
    """A finding when less than `wanted` days are left; pure."""
    if days >= wanted:
        return None
    return Finding(
        Code.TLS_EXPIRING,
        f"the certificate of {host} ends in {days:.0f} days, {wanted} are wanted",
        "certificate renewal (ACM wildcard *.wealist.co.kr, contract 1.2)",
    )


def explain(host: str, error: Exception) -> Finding:
    """Name why no handshake came about; pure."""
    match error:
        case ssl.SSLCertVerificationError():
            said = error.verify_message or str(error)
            return Finding(
                Code.TLS_INVALID,
                f"{host} shows a certificate that does not hold: {said}",
                "certificate",
            )
        case ssl.SSLError():
            return Finding(
                Code.TLS_INVALID,
                f"{host} does not agree on TLS: {error}",
                "load balancer's TLS policy",
            )
    return Finding(
        Code.HOST_UNREACHABLE,
        f"{host} took no connection: {str(error) or type(error).__name__}",
        "DNS, load balancer or listener",
    )
