"""What addresses and answers say of media has one name for each way that it is wrong."""

from dataclasses import replace

import pytest
from aioice import Candidate

from probes.config.livekit import LiveKit
from probes.finding import Code, Finding
from probes.livekit import ice_checks
from probes.livekit.stun import IceEndpoint, StunCheck

NODE, NAT, POD = "203.0.113.7", "198.51.100.1", "10.0.3.4"
PROMISED = LiveKit("wss://x", "K", "S", nodes=("203.0.113.0/28",), udp_ports=(50000, 60000))
GLOBAL = LiveKit("wss://x", "K", "S")


def candidate(place: str) -> Candidate:
    transport, _, address = place.partition(" ")
    host, _, port = address.rpartition(":")
    return Candidate.from_sdp(f"1 1 {transport} 1 {host} {port} typ host")


def code(finding: Finding | None) -> Code | None:
    return finding.code if finding else None


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        ([f"udp {NODE}:50001", f"tcp {NODE}:7881"], None),
        ([f"udp {POD}:50001", f"udp {NODE}:50001", f"tcp {NODE}:7881"], None),
        ([], Code.LIVEKIT_UNREACHABLE),
        ([f"udp {POD}:50001", f"tcp {POD}:7881"], Code.LIVEKIT_ADDRESS_PRIVATE),
        ([f"udp {NODE}:50001", f"tcp {POD}:7881"], Code.LIVEKIT_ADDRESS_PRIVATE),
        ([f"udp {NAT}:50001", f"tcp {NAT}:7881"], Code.LIVEKIT_ADDRESS_WRONG),
        ([f"udp {POD}:50001", f"udp {NAT}:50001", f"tcp {NODE}:7881"], Code.LIVEKIT_ADDRESS_WRONG),
        ([f"udp {NODE}:49999", f"tcp {NODE}:7881"], Code.LIVEKIT_ADDRESS_WRONG),
        ([f"udp {NODE}:50001"], Code.LIVEKIT_TCP_FALLBACK_MISSING),
        ([f"udp {NODE}:50001", f"tcp {NODE}:7882"], Code.LIVEKIT_TCP_FALLBACK_MISSING),
    ],
)
def test_an_address_is_judged_before_it_is_asked(places: list[str], wanted: Code | None) -> None:
    """Private, foreign, out of range, or missing; a private one beside a good one harms nobody."""
    assert code(ice_checks.audit([candidate(place) for place in places], PROMISED)) == wanted


def test_without_networks_only_the_private_is_wrong() -> None:
    """Loopback is private, unless it is where the nodes are promised to be."""
    there = [candidate("udp 8.8.8.8:1"), candidate("tcp 8.8.8.8:7881")]
    assert ice_checks.audit(there, GLOBAL) is None
    here = [candidate("udp 127.0.0.1:1"), candidate("tcp 127.0.0.1:7881")]
    assert code(ice_checks.audit(here, GLOBAL)) is Code.LIVEKIT_ADDRESS_PRIVATE
    assert ice_checks.audit(here, replace(GLOBAL, nodes=("127.0.0.1/32",))) is None


def test_a_server_without_tcp_on_purpose_misses_nothing() -> None:
    """tcp_port 0 says so."""
    assert ice_checks.audit([candidate("udp 8.8.8.8:1")], replace(GLOBAL, tcp_port=0)) is None


def test_a_hidden_name_is_private() -> None:
    """MDNS means nothing outside."""
    assert ice_checks.is_private("3f1e.local", GLOBAL)
    assert not ice_checks.is_private("livekit.example.org", GLOBAL)


def check(place: str, *, answered: bool, named: bool = True, connected: bool = False) -> StunCheck:
    transport, _, address = place.partition(" ")
    host, _, port = address.rpartition(":")
    saw, after_s = ("answered", 0.001) if answered else ("no answer", None)
    return StunCheck(IceEndpoint(transport, host, int(port), named), after_s, saw, connected)


UDP, TCP = f"udp {NODE}:50001", f"tcp {NODE}:7881"


@pytest.mark.parametrize(
    ("checks", "wanted"),
    [
        ([check(UDP, answered=True), check(TCP, answered=True)], None),
        ([check(UDP, answered=True)], None),
        (
            [
                check(UDP, answered=False),
                check("udp 8.8.8.8:50001", answered=True),
                check(TCP, answered=True),
            ],
            None,
        ),
        ([check(UDP, answered=False), check(TCP, answered=True)], Code.LIVEKIT_UDP_BLOCKED),
        ([check(TCP, answered=True)], Code.LIVEKIT_UDP_BLOCKED),
        (
            [check(UDP, answered=True), check(TCP, answered=False)],
            Code.LIVEKIT_TCP_FALLBACK_MISSING,
        ),
        ([check(UDP, answered=False), check(TCP, answered=False)], Code.LIVEKIT_UNREACHABLE),
        ([], Code.LIVEKIT_UNREACHABLE),
        (
            [check(f"udp {NAT}:50001", answered=False), check(UDP, answered=True, named=False)],
            Code.LIVEKIT_ADDRESS_WRONG,
        ),
        ([check(f"udp {NAT}:50001", answered=False)], Code.LIVEKIT_ADDRESS_WRONG),
        (
            [check(f"udp {NAT}:50001", answered=False), check(UDP, answered=False, named=False)],
            Code.LIVEKIT_ADDRESS_WRONG,
        ),
        ([check(f"udp {POD}:50001", answered=False)], Code.LIVEKIT_ADDRESS_PRIVATE),
        (
            [check(f"udp {POD}:50001", answered=False), check(UDP, answered=True, named=False)],
            Code.LIVEKIT_ADDRESS_PRIVATE,
        ),
    ],
)
def test_answers_are_judged_together(checks: list[StunCheck], wanted: Code | None) -> None:
    """One transport missing is degraded, both are broken; who answers elsewhere tells a wrong
    address.
    """
    assert code(ice_checks.explain_checks(checks, PROMISED)) == wanted


def test_another_listener_is_told_from_a_closed_port() -> None:
    """Who takes connections and does not speak ICE is no security group."""
    other = ice_checks.explain_checks(
        [check(UDP, answered=True), check(TCP, answered=False, connected=True)], PROMISED
    )
    closed = ice_checks.explain_checks(
        [check(UDP, answered=True), check(TCP, answered=False)], PROMISED
    )
    assert other
    assert closed
    assert "another listener" in other.cause
    assert "security group" in closed.cause


def test_the_wrong_address_is_told_with_the_right_one() -> None:
    """Whoever mends node_ip needs both."""
    finding = ice_checks.explain_checks(
        [check(f"udp {NAT}:50001", answered=False), check(UDP, answered=True, named=False)],
        PROMISED,
    )
    assert finding
    assert f"{NAT}:50001: no answer" in finding.observed
    assert f"{NODE}:50001: answered" in finding.observed
    assert "NAT gateway" in finding.cause
