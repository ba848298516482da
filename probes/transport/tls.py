"""What a host's certificate promises: the chain, the name, the days it has left."""

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketStream
from anyio.streams.tls import TLSAttribute, TLSStream
from cryptography import x509

from probes import clock
from probes.config.environment import Target, address
from probes.finding import CannotAsk, Code, Finding, NotApplicable
from probes.recording.recorder import current
from probes.transport.connection_errors import Phase, failure
from probes.transport.tunnel import open_tunnel

TUNNEL_SHARE = 0.8  # of the time for a handshake
NAMES_SHOWN = 3
_NO_HANDSHAKE = (OSError, TimeoutError, anyio.BrokenResourceError, anyio.EndOfStream)


async def days_left(target: Target, origin: str) -> float:
    """Days until the certificate of `origin` ends, chain and name verified. Raises Broken,
    CannotAsk, NotApplicable.
    """
    parts = urlsplit(origin)
    if parts.scheme != "https":
        raise NotApplicable(f"{origin or 'this host'} does not speak TLS in this environment")
    host, port = parts.hostname or "", parts.port or 443
    with current().exchange("tls", "HANDSHAKE", origin + "/") as exchange:
        try:
            certificate = await peer_certificate(target, host, port, target.timeouts.answer_s)
        except HandshakeError as error:
            exchange.error = f"{type(error.cause).__name__}: {error.cause}"
            raise failure(
                origin, error.cause, host, error.phase, target.timeouts.answer_s
            ) from error.cause
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    current().note(f"the certificate of {host} ends {ends:%Y-%m-%d %H:%M} UTC")
    return (ends.timestamp() - clock.now()) / 86400


class HandshakeError(Exception):
    """No TLS came about; `phase` says how far it had come, `cause` why it went no further."""

    def __init__(self, cause: Exception, phase: Phase) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.cause, self.phase = cause, phase


async def peer_certificate(
    target: Target, host: str, port: int, timeout_s: float
) -> dict[str, Any]:
    """The certificate that `host` shows, verified. Raises HandshakeError within `timeout_s`,
    ProxyFailed.
    """
    phase, connection = Phase.CONNECT, None
    try:
        async with asyncio.timeout(timeout_s):
            connection = await _connect(target, host, port, timeout_s)
            phase = Phase.TLS
            secured = await TLSStream.wrap(
                connection, hostname=host, ssl_context=target.trust, standard_compatible=False
            )
    except _NO_HANDSHAKE as error:
        raise HandshakeError(error, phase) from error
    finally:
        if connection is not None:
            await connection.aclose()
    shown: Any = secured.extra(TLSAttribute.peer_certificate)  # noqa: S610
    return dict(shown or {})


async def describe_certificate(target: Target, host: str, port: int, timeout_s: float) -> str:
    """Who issued the certificate that `host` shows, and for which names: those of an ingress that
    has none of ours, or of a proxy that opens TLS, tell who they are. "" where none is shown.
    """
    try:
        async with asyncio.timeout(timeout_s):
            connection = await _connect(target, host, port, timeout_s)
            async with connection:
                secured = await TLSStream.wrap(
                    connection,
                    hostname=host,
                    ssl_context=unverified_context(),
                    standard_compatible=False,
                )
                shown = secured.extra(TLSAttribute.peer_certificate_binary)  # noqa: S610
        return explain_issue(x509.load_der_x509_certificate(shown or b""))
    except (*_NO_HANDSHAKE, CannotAsk, ValueError):  # none that can be read
        return ""


def explain_issue(certificate: x509.Certificate) -> str:
    """`issued by CN=...,O=... for one.example, two.example`; pure."""
    issuer = certificate.issuer.rfc4514_string() or "nobody"
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return f"issued by {issuer} for no name"
    names = extension.value.get_values_for_type(x509.DNSName)
    more = len(names) - NAMES_SHOWN
    rest = f" and {more} more" if more > 0 else ""
    return f"issued by {issuer} for {', '.join(names[:NAMES_SHOWN]) or 'no name'}{rest}"


def unverified_context() -> ssl.SSLContext:
    """For a handshake in which nothing of ours is told."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loads no authorities: 20 ms a host
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _connect(target: Target, host: str, port: int, timeout_s: float) -> SocketStream:
    if not target.proxy.leads_to(host):
        return await anyio.connect_tcp(address(host), port)
    tunnel = await open_tunnel(target.proxy, host, port, timeout_s * TUNNEL_SHARE)
    return await SocketStream.from_socket(tunnel)


def explain_expiry(host: str, days: float, wanted: int) -> Finding | None:
    """A finding when less than `wanted` days are left; pure."""
    if days >= wanted:
        return None
    return Finding(
        Code.TLS_EXPIRING,
        f"the certificate of {host} ends in {days:.0f} days, {wanted} are wanted",
        "certificate renewal (ACM wildcard *.wealist.co.kr, contract 1.2)",
    )
