"""What the addresses of media and the answers from there say of a call; pure."""

import ipaddress
from collections.abc import Sequence

from aioice import Candidate

from probes.config.livekit import LiveKit
from probes.finding import Code, Finding
from probes.livekit.causes import CLOSED, FORCE_TCP, NAT, NO_TCP, NODE_IP, SECURITY_GROUP
from probes.livekit.stun import StunCheck

# RFC 1918, 6598 (between a provider and its customers), 3927, 4193, 4291; not the ranges of
# documentation.
PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *(
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
        ),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)


def _is_stray(candidate: Candidate, promised: LiveKit) -> bool:
    return bool(promised.udp_ports) and not _in(promised.udp_ports, candidate.port)


def audit(candidates: Sequence[Candidate], promised: LiveKit) -> Finding | None:
    """What is wrong with the addresses that the server names, before any of them is asked."""
    if not candidates:
        return Finding(Code.LIVEKIT_UNREACHABLE, "the server names no address for media", NODE_IP)
    for transport in ("udp", "tcp"):
        if finding := _audit_one(
            [c for c in candidates if c.transport.lower() == transport], promised
        ):
            return finding
    stray = [c for c in candidates if c.transport.lower() == "udp" and _is_stray(c, promised)]
    if stray:
        return Finding(
            Code.LIVEKIT_ADDRESS_WRONG,
            f"media is to be at {describe_candidates(stray)}, "
            f"promised are ports {_ports(promised, ())}",
            "rtc.port_range_start and rtc.port_range_end: the security group opens others",
        )
    return _audit_fallback(candidates, promised)


def _audit_one(candidates: Sequence[Candidate], promised: LiveKit) -> Finding | None:
    """Of one transport: its addresses lie where they must; a private one beside a good one harms
    nobody.
    """
    private = [c for c in candidates if is_private(c.host, promised)]
    foreign = [c for c in candidates if c not in private and not promised.expects(c.host)]
    if foreign:
        places, nodes = describe_candidates(foreign), ", ".join(promised.nodes)
        observed = f"media is to be at {places}, which is none of {nodes}"
        return Finding(Code.LIVEKIT_ADDRESS_WRONG, observed, NAT)
    if private and len(private) == len(candidates):
        observed = (
            f"media is to be at {describe_candidates(private)}, which nobody outside can dial"
        )
        return Finding(Code.LIVEKIT_ADDRESS_PRIVATE, observed, NODE_IP)
    return None


def _audit_fallback(candidates: Sequence[Candidate], promised: LiveKit) -> Finding | None:
    """Who cannot use UDP needs the promised TCP port."""
    tcp = [c for c in candidates if c.transport.lower() == "tcp"]
    if not promised.tcp_port or any(c.port == promised.tcp_port for c in tcp):
        return None
    named = (
        f"the server names {describe_candidates(tcp)}"
        if tcp
        else "the server names no address for media over TCP"
    )
    return Finding(
        Code.LIVEKIT_TCP_FALLBACK_MISSING,
        f"{named}, promised is port {promised.tcp_port}",
        NO_TCP,
    )


def explain_checks(checks: Sequence[StunCheck], promised: LiveKit) -> Finding | None:
    """Whether who comes uncalled gets through, by UDP and by TCP; None where both do that are
    offered.
    """
    named = [check for check in checks if check.endpoint.is_from_server]
    udp, tcp = (_of(named, transport) for transport in ("udp", "tcp"))
    if not _any(udp) and not _any(tcp):
        return _explain_closed_ports(checks, promised)
    if not udp:
        observed = f"the server names no address for media over UDP; {describe_checks(tcp)}"
        return Finding(Code.LIVEKIT_UDP_BLOCKED, observed, FORCE_TCP)
    if not _any(udp):
        observed = f"{describe_checks(udp)}; {describe_checks(tcp)}"
        return Finding(
            Code.LIVEKIT_UDP_BLOCKED, observed, f"{SECURITY_GROUP}: UDP {_ports(promised, udp)}"
        )
    if tcp and not _any(tcp):
        who = (
            "another listener (load balancer)"
            if any(check.is_connected for check in tcp)
            else SECURITY_GROUP
        )
        ports = ", ".join(str(check.endpoint.port) for check in tcp)
        return Finding(
            Code.LIVEKIT_TCP_FALLBACK_MISSING,
            f"{describe_checks(tcp)}; {describe_checks(udp)}",
            f"{who}: TCP {ports}",
        )
    return None


ADDRESS_CODES = (Code.LIVEKIT_ADDRESS_PRIVATE, Code.LIVEKIT_ADDRESS_WRONG)


def address_finding(
    candidates: Sequence[Candidate], checks: Sequence[StunCheck], promised: LiveKit
) -> Finding | None:
    """What is wrong with the addresses, for everybody who cannot reach them; None where nothing
    says so.
    """
    for finding in (audit(candidates, promised), explain_checks(checks, promised)):
        if finding and finding.code in ADDRESS_CODES:
            return finding
    return None


def tcp_finding(
    candidates: Sequence[Candidate], checks: Sequence[StunCheck], promised: LiveKit
) -> Finding | None:
    """Why media cannot go by TCP, for everybody who tries; None where nothing says so."""
    for finding in (audit(candidates, promised), explain_checks(checks, promised)):
        if finding and finding.code is Code.LIVEKIT_TCP_FALLBACK_MISSING:
            return finding
    return None


def _explain_closed_ports(checks: Sequence[StunCheck], promised: LiveKit) -> Finding:
    """Nobody answers where the server says: is the address wrong, or the door closed?"""
    named = [check for check in checks if check.endpoint.is_from_server]
    direct = [check for check in checks if not check.endpoint.is_from_server and check.has_answer]
    hosts = dict.fromkeys(check.endpoint.host for check in named)
    observed = describe_checks(named) or "the server names no address for media"
    observed += f"; yet {describe_checks(direct)}" if direct else ""
    if hosts and all(is_private(host, promised) for host in hosts):
        return Finding(Code.LIVEKIT_ADDRESS_PRIVATE, observed, NODE_IP)
    if direct or (hosts and not any(promised.expects(host) for host in hosts)):
        return Finding(Code.LIVEKIT_ADDRESS_WRONG, observed, NAT)
    return Finding(Code.LIVEKIT_UNREACHABLE, observed, CLOSED)


def is_private(host: str, promised: LiveKit) -> bool:
    """An address that means something else to everybody; where a node is promised to be, it is
    nobody's mistake.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name, as mDNS hides addresses
        return host.endswith(".local")
    return any(address in network for network in PRIVATE) and not (
        promised.nodes and promised.expects(host)
    )


def describe_checks(checks: Sequence[StunCheck]) -> str:
    return ", ".join(f"{check.endpoint}: {check.detail}" for check in checks)


def describe_candidates(candidates: Sequence[Candidate]) -> str:
    return ", ".join(f"{c.transport.lower()} {c.host}:{c.port}" for c in candidates)


def _of(checks: Sequence[StunCheck], transport: str) -> list[StunCheck]:
    return [check for check in checks if check.endpoint.transport == transport]


def _any(checks: Sequence[StunCheck]) -> bool:
    return any(check.has_answer for check in checks)


def _in(ports: Sequence[int], port: int) -> bool:
    return ports[0] <= port <= ports[1]


def _ports(promised: LiveKit, udp: Sequence[StunCheck]) -> str:
    if promised.udp_ports:
        return f"{promised.udp_ports[0]} to {promised.udp_ports[1]}"
    return ", ".join(str(check.endpoint.port) for check in udp)
