"""What an environment promises of its LiveKit: where it is, which server, at which addresses media
flows.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes.config import urls
from probes.config.toml_schema import NUMBERS, TEXTS, section
from probes.finding import BadEnvironment

LADDER, DEEP, BROWSER = "ladder", "deep", "browser"
TIERS = (LADDER, DEEP, BROWSER)
PORT_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class LiveKit:
    """`url`: what the app must hand out. `api_key`, `api_secret`: variables, or files, that hold
    them.

    What is left empty (0 for numbers) is not compared. `nodes`: the networks in which media's
    addresses must lie; `dial`: nodes' addresses that are asked directly as well. `udp_ports`: first
    and last.
    """

    url: str
    api_key: str
    api_secret: str
    version: str = ""
    protocol: int = 0
    nodes: TEXTS = ()
    dial: TEXTS = ()
    udp_ports: NUMBERS = ()
    tcp_port: int = 7881
    turn: bool = False
    tiers: TEXTS = TIERS

    @property
    def origin(self) -> str:
        """Where the same host answers HTTP."""
        return self.url.replace("ws", "http", 1).rstrip("/")

    def expects(self, address: str) -> bool:
        """Whether media may be at `address`; any address will do where no networks are named."""
        return not self.nodes or any(
            ipaddress.ip_address(address) in ipaddress.ip_network(node, strict=False)
            for node in self.nodes
        )


def read_livekit(source: str, settings: Mapping[str, Any]) -> LiveKit | None:
    """The table [livekit] of `settings`; None where there is none. Raises BadEnvironment."""
    if "livekit" not in settings:
        return None
    table: LiveKit = section(source, "livekit", LiveKit, settings["livekit"])
    if wrong := complaint(table):
        raise BadEnvironment(f"{source}: in [livekit] {wrong}")
    return table


def complaint(table: LiveKit) -> str:
    """What is wrong with the table's values; empty where nothing is; pure."""
    strange = [
        (
            not _is_socket(table.url),
            f"url must look like wss://livekit.example.org, not {urls.without_user(table.url)!r}",
        ),
        *(
            (not _is_network(node), f"nodes must be networks such as 203.0.113.0/28, not {node!r}")
            for node in table.nodes
        ),
        *(
            (not _is_address(place), f"dial must be IP addresses, not {place!r}")
            for place in table.dial
        ),
        (
            not _is_range(table.udp_ports),
            f"udp_ports must be the first and the last port, not {[*table.udp_ports]}",
        ),
        (
            not 0 <= table.tcp_port < PORT_LIMIT,
            f"tcp_port must be a port, or 0 where none is promised, not {table.tcp_port}",
        ),
        *(
            (tier not in TIERS, f"tiers may be {', '.join(TIERS)}, not {tier!r}")
            for tier in table.tiers
        ),
    ]
    return next((sentence for wrong, sentence in strange if wrong), "")


def _is_range(ports: NUMBERS) -> bool:
    return not ports or (len(ports) == 2 and 0 < ports[0] <= ports[1] < PORT_LIMIT)


def _is_socket(text: str) -> bool:
    return urls.is_origin(text.removesuffix("/"), ("ws", "wss"))


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
