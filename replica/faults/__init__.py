"""Every way in which the replica can be told to lie, each named after what goes wrong and the
incident it rehearses.

Incidents: "V6" is weAlist's own incident report, a bare hash is the commit that fixed it; a dash
marks one that has not happened yet.
"""

import difflib
from collections.abc import Iterable

from replica.faults.edge import EDGE, PAGES, SERVICES
from replica.faults.fault import Fault
from replica.faults.livekit import LIVEKIT
from replica.faults.realtime import REALTIME, REALTIME_PAGES, TOKENS
from replica.faults.storage import BUCKET, STORAGE
from replica.faults.trust import EXPOSURE, SIGN_IN, TRUST

GROUPS = (
    EDGE,
    BUCKET,
    STORAGE,
    SERVICES,
    PAGES,
    TOKENS,
    REALTIME,
    REALTIME_PAGES,
    SIGN_IN,
    TRUST,
    EXPOSURE,
    LIVEKIT,
)
FAULTS: dict[str, Fault] = {fault.name: fault for group in GROUPS for fault in group}


class UnknownFault(ValueError):  # noqa: N818 - it is a fault's name that is wrong
    """A name that no fault has; the message names the nearest."""


def known(names: Iterable[str]) -> frozenset[str]:
    """The names, if all of them are faults. Raises UnknownFault."""
    wanted = frozenset(names)
    for name in sorted(wanted - FAULTS.keys()):
        near = difflib.get_close_matches(name, FAULTS, n=3, cutoff=0.4)
        meant = f"did you mean {' or '.join(near)}?" if near else "no name comes near."
        raise UnknownFault(
            f"unknown fault {name!r}: {meant} `python -m replica --list-faults` names them all."
        )
    return wanted
