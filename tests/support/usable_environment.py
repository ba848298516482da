"""What tests of environments share."""

import tomllib

from probes.config.environment import Target
from probes.config.environment_file import build

USABLE = """
[hosts]
apex = "https://wealist.co.kr"
api = "https://api.wealist.co.kr:8443"
[workspace]
id = "w-1"
"""
PRESIGN = '[presign]\nhost = "h"\nstyle = "path"\nbucket = "b"\nregion = "r"\n'
ACCEPTED = """
[[accepted]]
code = "tls-expiring"
scenario = "edge/the-certificate-holds[cdn]"
why = "renewal is ordered"
until = 2026-03-01
"""


def built(text: str) -> Target:
    """The target that dev.toml with this text describes."""
    return build(tomllib.loads(text), "dev.toml")


def changed(old: str, new: str) -> str:
    """USABLE with one text in place of another."""
    assert old in USABLE
    return USABLE.replace(old, new)
