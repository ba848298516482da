"""The rungs of the ladder below any request: name, connection, TLS. Behind [proxy] they ask through
its tunnel, and what the proxy fails at breaks none of them.
"""

import asyncio
import ssl
from dataclasses import replace

from probes.config.environment import Target, address
from probes.diagnosis.step import Step
from probes.finding import CannotAsk, Rung
from probes.transport import connection_errors
from probes.transport.connection_errors import Phase
from probes.transport.tls import HandshakeError, describe_certificate, peer_certificate
from probes.transport.tunnel import open_tunnel

RUNG_TIMEOUT_S = 3.0


async def dns(target: Target, host: str, port: int) -> Step:
    if target.proxy.leads_to(host):
        return Step(
            Rung("dns", held=True, detail=f"not asked here: {target.proxy} resolves {host}")
        )
    try:
        async with asyncio.timeout(RUNG_TIMEOUT_S):
            found = await asyncio.get_running_loop().getaddrinfo(address(host), port)
    except TimeoutError:
        return _timed_out("dns", f"{host}: the name did not resolve", "DNS or the resolver here")
    except OSError as error:
        return _failed_step("dns", f"https://{host}", error, Phase.CONNECT)
    return Step(Rung("dns", held=True, detail=f"{host} is {found[0][4][0]}"))


async def tcp(target: Target, host: str, port: int) -> Step:
    if target.proxy.leads_to(host):
        return await _tunnel(target, host, port)
    try:
        async with asyncio.timeout(RUNG_TIMEOUT_S):
            _, writer = await asyncio.open_connection(address(host), port)
    except (OSError, TimeoutError) as error:
        return _failed_step("tcp", f"https://{host}:{port}", error, Phase.CONNECT)
    writer.close()
    return Step(Rung("tcp", held=True, detail=f"port {port} takes connections"))


async def _tunnel(target: Target, host: str, port: int) -> Step:
    try:
        (await open_tunnel(target.proxy, host, port, RUNG_TIMEOUT_S)).close()
    except CannotAsk as failed:
        return Step(Rung("tcp", held=True, detail=f"could not be asked: {failed}"))
    return Step(Rung("tcp", held=True, detail=f"{target.proxy} opens a tunnel to port {port}"))


async def tls(target: Target, host: str, port: int) -> Step:
    try:
        await peer_certificate(target, host, port, RUNG_TIMEOUT_S)
    except CannotAsk as failed:
        return Step(Rung("tls", held=True, detail=f"could not be asked: {failed}"))
    except HandshakeError as error:
        step = _failed_step("tls", f"https://{host}:{port}", error.cause, error.phase)
        return await _with_certificate(step, error, target, host, port)
    return Step(Rung("tls", held=True, detail="the certificate holds"))


async def _with_certificate(
    step: Step, error: HandshakeError, target: Target, host: str, port: int
) -> Step:
    """Where a certificate is not accepted, what it says of itself tells whose it is."""
    if not isinstance(error.cause, ssl.SSLCertVerificationError):
        return step
    shown = await describe_certificate(target, host, port, RUNG_TIMEOUT_S)
    if not shown:
        return step
    rung = replace(step.rung, detail=f"{step.rung.detail}; it was {shown}")
    return replace(step, rung=rung)


def _failed_step(name: str, url: str, error: Exception, phase: Phase) -> Step:
    if reason := connection_errors.local_trouble(error):
        return Step(Rung(name, held=True, detail=f"could not be asked: {reason}"))
    finding = connection_errors.explain(url, error, "", phase, RUNG_TIMEOUT_S)
    timed_out = connection_errors.is_timeout(error)
    return Step(Rung(name, held=False, detail=finding.observed), finding.cause, timed_out)


def _timed_out(name: str, what: str, cause: str) -> Step:
    detail = f"{what} within {RUNG_TIMEOUT_S:g} s"
    return Step(Rung(name, held=False, detail=detail), cause, timed_out=True)
