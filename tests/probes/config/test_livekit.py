"""What is promised of LiveKit is read whole or complained of in one sentence."""

import pytest

from probes.config.livekit import LiveKit, read_livekit
from probes.finding import BadEnvironment

USABLE = {"url": "wss://livekit.example.org", "api_key": "KEY", "api_secret": "SECRET"}


def test_no_table_promises_nothing() -> None:
    """Production today."""
    assert read_livekit("x.toml", {}) is None


def test_what_is_left_out_is_not_compared() -> None:
    """Only the port of ICE over TCP has a usual value, which is LiveKit's."""
    table = read_livekit("x.toml", {"livekit": USABLE})
    assert table
    assert (table.version, table.protocol, table.nodes, table.udp_ports, table.tcp_port) == (
        "",
        0,
        (),
        (),
        7881,
    )
    assert table.tiers == ("ladder", "deep", "browser")
    assert table.expects("198.51.100.7")


@pytest.mark.parametrize(
    ("url", "origin"), [("wss://a.b:7/", "https://a.b:7"), ("ws://wss.x", "http://wss.x")]
)
def test_the_same_host_answers_http(url: str, origin: str) -> None:
    """The scheme is the only difference."""
    assert LiveKit(url, "K", "S").origin == origin


def test_an_address_lies_in_a_network_or_not() -> None:
    """Either family."""
    table = LiveKit("wss://a.b", "K", "S", nodes=("203.0.113.0/28", "2001:db8::/64"))
    assert table.expects("203.0.113.15")
    assert table.expects("2001:db8::1")
    assert not table.expects("203.0.113.16")
    assert not table.expects("10.0.0.1")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"url": "https://livekit.example.org"}, "url must look like wss://livekit.example.org"),
        ({"url": "wss://a.b:x"}, "url must look like"),
        ({"url": "wss://a.b/svc/livekit"}, "url must look like"),
        (
            {"nodes": ["203.0.113.256"]},
            "nodes must be networks such as 203.0.113.0/28, not '203.0.113.256'",
        ),
        ({"dial": ["livekit"]}, "dial must be IP addresses, not 'livekit'"),
        ({"udp_ports": [50000]}, "udp_ports must be the first and the last port, not [50000]"),
        ({"udp_ports": [60000, 50000]}, "udp_ports must be the first and the last port"),
        ({"udp_ports": ["50000", "60000"]}, "must be a list of whole numbers"),
        ({"tiers": ["ladders"]}, "tiers may be ladder, deep, browser, not 'ladders'"),
        ({"tls": 3}, "unknown key 'tls' in [livekit]"),
    ],
)
def test_a_mistake_is_told(changed: dict[str, object], told: str) -> None:
    """With the file's name and the table's, and what to write in its place."""
    with pytest.raises(BadEnvironment) as said:
        read_livekit("x.toml", {"livekit": USABLE | changed})
    assert told in str(said.value)
    assert "x.toml" in str(said.value)
    assert "[livekit]" in str(said.value)
