"""The seven incidents of V6, each by the faults that rehearse it: with [cluster] the first sentence
about such a fault names the fact that proves its cause.
"""

from collections.abc import Iterable

from reports.model import causes
from reports.model.run import Result

INCIDENTS: dict[str, tuple[str, ...]] = {
    "V6 §1": ("storage-base-path-mismatch",),
    "V6 §2": ("gateway-doubles-slash",),
    "V6 §3": ("storage-presigns-with-dev-credentials", "storage-presigns-for-localhost"),
    "V6 §4": ("page-reconnects-with-stale-token",),
    "V6 §5": (
        "project-forbids-chart-source",
        "livekit-keys-file-malformed",
        "livekit-config-keeps-placeholder",
        "livekit-has-no-pods",
    ),
    "V6 §6": ("cluster-keeps-two-of-each",),
    "V6 §7": ("oauth-filter-runs-late", "ops-parses-without-verifying"),
}
PROVEN = frozenset(fault for faults in INCIDENTS.values() for fault in faults)


def first_cause(broken: Iterable[Result]) -> str:
    """What a report would tell to look at first, were nothing else broken."""
    blocks = causes.group(broken)
    return blocks[0].cause if blocks else ""
