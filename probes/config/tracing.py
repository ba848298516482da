"""Where an environment keeps its traces: the table [tracing] of an environment file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from probes.config import urls
from probes.config.toml_schema import section
from probes.finding import BadEnvironment


@dataclass(frozen=True, slots=True)
class TracingConfig:
    """`tempo`: the origin of Tempo's HTTP API, as http://tempo:3200 (contract 9.5)."""

    tempo: str
    ask_timeout_s: float = 5.0


def tracing_config(source: str, settings: Mapping[str, Any]) -> TracingConfig | None:
    """The table [tracing] of `settings`; None where there is none. Raises BadEnvironment."""
    if "tracing" not in settings:
        return None
    found: TracingConfig = section(source, "tracing", TracingConfig, settings["tracing"])
    if not _is_address(found.tempo):
        raise BadEnvironment(
            f"{source}: tempo in [tracing] must look like http://tempo:3200, "
            f"not {urls.without_user(found.tempo)!r}"
        )
    if found.ask_timeout_s <= 0:
        raise BadEnvironment(f"{source}: ask_timeout_s in [tracing] must be more than 0 seconds")
    return found


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_known = parts.scheme in urls.SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False
    is_plain = text.isprintable() and not set(text) & set(" @?#")
    return is_known and is_plain and text.startswith(f"{parts.scheme}://")
