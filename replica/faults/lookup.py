"""Names of faults, as people give them."""

import difflib
from collections.abc import Iterable

from replica.faults import FAULTS


class UnknownFault(ValueError):  # noqa: N818 - it is a fault's name that is wrong
    """A name that no fault has; the message names the nearest."""


def expect_fault_names(names: Iterable[str]) -> frozenset[str]:
    """The names, if all of them are faults. Raises UnknownFault."""
    wanted = frozenset(names)
    for name in sorted(wanted - FAULTS.keys()):
        near = difflib.get_close_matches(name, FAULTS, n=3, cutoff=0.4)
        meant = f"did you mean {' or '.join(near)}?" if near else "no name comes near."
        raise UnknownFault(
            f"unknown fault {name!r}: {meant} `python -m replica --list-faults` names them all."
        )
    return wanted
