"""Why no answer came: the name, the connection, the TLS handshake or the request, each in its own
words.

What this machine cannot do (no descriptor, no route, no resolver) is never the target's fault.
"""

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from probes import clock
from probes.config import authorities
from probes.finding import Broken, CannotAsk, Code, Finding

# What OpenSSL says while it waits for the other side.
_NO_ERROR = (ssl.SSLWantReadError, ssl.SSLWantWriteError)

E = TypeVar("E", bound=BaseException)

LISTENER = "DNS, load balancer or listener"
NO_PACKETS = "security group, load balancer or listener: packets are dropped"
TLS_POLICY = "load balancer's TLS policy"
SILENT_TLS = "listener: it takes the connection and does not finish the TLS handshake"
PLAIN_TEXT = "listener: plain text on the TLS port"
CHAIN = "certificate chain: an intermediate is missing, or no authority in [tls] ca signed it"
CERTIFICATE = "certificate"
HELD_BACK = "a proxy that holds a stream back until it ends (response buffering)"

_LOCAL = {
    errno.EMFILE: "this process has no file descriptor left; raise its limit (ulimit -n)",
    errno.ENFILE: "this machine has no file descriptor left",
    errno.ENOBUFS: "this machine has no socket buffer left",
    errno.ENOMEM: "this machine has no memory left",
    errno.ENOSPC: "this machine's disk is full",
    errno.EDQUOT: "this machine's disk quota is used up",
    errno.EADDRNOTAVAIL: "this machine has no local port or address left",
    errno.EADDRINUSE: "this machine has no local port left",
    errno.EAFNOSUPPORT: "this machine knows no addresses of that kind (IPv6 may be switched off)",
    errno.ENETUNREACH: "this machine has no route to the network",
    errno.ENETDOWN: "this machine's network is down",
    errno.EPERM: "this machine forbids the connection (a firewall or a sandbox)",
    errno.EACCES: "this machine forbids the connection (a firewall or a sandbox)",
}
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_RESOLVER = {
    socket.EAI_AGAIN: "the resolver of this machine does not answer (EAI_AGAIN)",
    socket.EAI_FAIL: "the resolver of this machine refuses to answer (EAI_FAIL)",
    socket.EAI_MEMORY: "this machine has no memory left",
}
# How asyncio tells of several addresses that took no connection, each for a reason of its own.
_SEVERAL = "Multiple exceptions: "
_NUMBER = re.compile(r"\[Errno (\d+)\]")
UNTRUSTED = (18, 19, 20, 21)  # X509_V_ERR_*: self-signed, in chain, no issuer, no first signature
_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
)


class Phase(StrEnum):
    """How far an exchange had come."""

    CONNECT = "connect"
    TLS = "tls"
    REQUEST = "request"
    BODY = "body"  # status and headers have come


def failure(
    url: str, error: BaseException, who: str, phase: Phase, timeout_s: float
) -> Broken | CannotAsk:
    """What to raise when `error` ended an exchange with `url`, for which `who` answers."""
    if reason := local_trouble(error):
        return CannotAsk(f"{urlsplit(url).hostname} could not be asked: {reason}")
    return Broken(explain(url, error, who, phase, timeout_s))


def local_trouble(error: BaseException) -> str:
    """What is wrong with this machine, where `error` is its own; "" where it is not. Of several
    addresses that were tried, each must have failed here: a host that refuses at one is to blame,
    though there is no way to the others.
    """
    if attempts := _attempts(error):
        reasons = [local_trouble(each) for each in attempts]
        lacking = [_LOCAL[number] for number in _EXHAUSTED]
        lacks = next((reason for reason in reasons if reason in lacking), "")
        return lacks or (reasons[0] if all(reasons) else "")
    for each in _chain(error):
        if isinstance(each, MemoryError):
            return "this process has no memory left"
        if isinstance(each, httpx.LocalProtocolError):
            return f"the request is none that can be sent ({each}); look at the secrets' variables"
        if getattr(each, "verify_code", 0) in UNTRUSTED:
            return trust_trouble()
        if _is_certificate_date(each) and clock.offset_s():
            return f"this machine's clock is {abs(clock.offset_s()):.0f} s off that of the target"
        if isinstance(each, socket.gaierror):
            return _RESOLVER.get(each.errno or 0, "")
        if isinstance(each, ssl.SSLError) or not isinstance(each, OSError):
            continue
        if each.errno in _LOCAL:
            return _LOCAL[each.errno]
    return ""


def _attempts(error: BaseException) -> list[BaseException]:
    """One error for each address, where several were tried; none where one was."""
    for each in _chain(error):
        if isinstance(each, BaseExceptionGroup):
            return list(each.exceptions)
        if isinstance(each, OSError) and str(each).startswith(_SEVERAL):
            numbers = map(int, _NUMBER.findall(str(each)))
            return [OSError(number, os.strerror(number)) for number in numbers]
    return []


def trust_trouble() -> str:
    """What is wrong with the variables that name whom this machine trusts; "" where nothing is."""
    variables = authorities.variables_without_certificate(os.environ)
    return (
        variables and f"{variables} of this machine: no certificate is there; correct or unset it"
    )


def exhausted_resource(error: OSError) -> str:
    """What this machine has no more of; "" where `error` may be about the address that was
    asked.
    """
    return _LOCAL[error.errno] if error.errno in _EXHAUSTED else ""


def _is_certificate_date(error: BaseException) -> bool:
    """X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED."""
    return getattr(error, "verify_code", 0) in (9, 10)


def explain(url: str, error: BaseException, who: str, phase: Phase, timeout_s: float) -> Finding:
    """Name why no answer came; pure."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if certificate := _first(error, ssl.SSLCertVerificationError):
        return explain_certificate(host, certificate)
    if tls := _first(error, ssl.SSLError):
        return explain_handshake(host, tls)
    if unresolved := _first(error, socket.gaierror):
        return Finding(
            Code.HOST_UNREACHABLE,
            f"{host} does not resolve: {unresolved.strerror or unresolved}",
            "DNS record (external-dns, Route53)",
        )
    match phase:
        case Phase.CONNECT:
            return _explain_unconnected(host, error, timeout_s)
        case Phase.TLS:
            return _no_handshake(host, error, timeout_s)
        case Phase.BODY if is_timeout(error):
            observed = f"{who} at {host} sent headers, and its body did not end within"
            return Finding(Code.SERVICE_STALLED, f"{observed} {timeout_s:g} s", who)
    return _no_answer(host, error, who, timeout_s)


def explain_certificate(host: str, error: ssl.SSLCertVerificationError) -> Finding:
    """Name why a certificate is not accepted; pure."""
    reason = getattr(error, "verify_message", "") or str(error)
    untrusted = getattr(error, "verify_code", 0) in UNTRUSTED
    cause = CHAIN if untrusted else CERTIFICATE
    return Finding(Code.TLS_INVALID, f"certificate verification failed for {host}: {reason}", cause)


def explain_handshake(host: str, error: ssl.SSLError) -> Finding:
    """Name why no TLS came about, certificate apart; pure."""
    reason = (getattr(error, "reason", "") or "").upper()
    if reason in _NOT_TLS:
        observed = f"{host} does not speak TLS on its TLS port: {_words(error)}"
        return Finding(Code.TLS_INVALID, observed, PLAIN_TEXT)
    if "EOF" in reason or isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        observed = f"{host} closed the connection during the TLS handshake: {_words(error)}"
        return Finding(Code.TLS_INVALID, observed, SILENT_TLS)
    observed = f"TLS handshake with {host} failed: {_words(error)}"
    return Finding(Code.TLS_INVALID, observed, TLS_POLICY)


def _explain_unconnected(host: str, error: BaseException, timeout_s: float) -> Finding:
    if _first(error, ConnectionRefusedError):
        return Finding(Code.HOST_UNREACHABLE, f"{host}: connection refused", LISTENER)
    if is_timeout(error):
        observed = f"{host}: connection timed out after {timeout_s:g} s"
        return Finding(Code.HOST_UNREACHABLE, observed, NO_PACKETS)
    return Finding(Code.HOST_UNREACHABLE, f"{host}: no connection: {_words(error)}", LISTENER)


def _no_handshake(host: str, error: BaseException, timeout_s: float) -> Finding:
    if is_timeout(error):
        observed = f"{host}: TLS handshake timed out after {timeout_s:g} s"
    elif _first(error, ConnectionResetError):
        observed = f"{host}: connection reset during the TLS handshake"
    else:
        observed = f"{host}: connection closed during the TLS handshake: {_words(error)}"
    return Finding(Code.TLS_INVALID, observed, SILENT_TLS)


def _no_answer(host: str, error: BaseException, who: str, timeout_s: float) -> Finding:
    if is_timeout(error):
        observed = f"{who} at {host} took the request and did not answer within {timeout_s:g} s"
        return Finding(Code.SERVICE_STALLED, observed, who)
    if undecoded := _first(error, httpx.DecodingError):
        observed = f"{who} at {host} answered what its content-encoding is not: {_words(undecoded)}"
        return Finding(Code.CONTRACT_BROKEN, observed, who)
    if _first(error, ConnectionResetError):
        observed = f"{who} at {host}: connection reset before the answer was complete"
    else:
        observed = f"{who} at {host}: connection closed before the answer was complete"
    return Finding(Code.SERVICE_UNAVAILABLE, f"{observed}: {_words(error)}", who)


def is_timeout(error: BaseException) -> bool:
    """Whether `error`, or what caused it, is a time limit of ours that has passed."""
    return any(
        isinstance(each, TimeoutError)
        or type(each).__name__.endswith(("Timeout", "TimeoutException"))
        for each in _chain(error)
    )


def _first(error: BaseException, kind: type[E]) -> E | None:
    return next((each for each in _chain(error) if isinstance(each, kind)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what caused it, each once; of a group, its members as well."""
    pending, seen = [error], set[int]()
    while pending:
        each = pending.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        if not isinstance(each, _NO_ERROR):
            yield each
        inner = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        pending += [*inner, *filter(None, (each.__cause__, each.__context__))]


def _words(error: BaseException) -> str:
    """What the library or the operating system says, in one line; how a library reads its own
    queues is no word about the connection.
    """
    for each in _chain(error):
        if isinstance(each, LookupError):
            continue
        text = getattr(each, "strerror", "") or str(each)
        if text:
            return " ".join(text.split())
    return type(error).__name__
