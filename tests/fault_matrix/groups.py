"""Faults that may be in force in one run: most break little, and a hundred whole runs cost most of
an hour.

Group testing (Dorfman, 1943). No two faults of a group break the same area, and together they must
break the sum of what each does: so whatever lies outside all rows has held under each, and what
lies in one is what no other is known to break. A group that ends otherwise proves nothing, and each
of its faults is tried alone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

Rows = Mapping[str, Collection[str]]

# A fault that breaks more leaves too little that could hold beside it.
MOST_BROKEN = 15
OF_ITS_OWN = "cluster/"
ONE_SERVER = {"calls": "livekit"}
APART = (
    # The page goes on with its expired token, as far as the list that is of a wrong type.
    frozenset({"services-ignore-expiry", "service-answers-wrong-type"}),
)


def grouped(rows: Rows) -> list[tuple[str, ...]]:
    """The faults in groups of about one size; pure."""
    rivals = Counter(area for broken in rows.values() for area in areas(broken))
    groups: list[list[str]] = []
    for fault in sorted(
        rows, key=lambda fault: (-max(rivals[area] for area in areas(rows[fault])), fault)
    ):
        room = [group for group in groups if _fits(fault, group, rows)]
        if room:
            min(room, key=len).append(fault)
        else:
            groups.append([fault])
    return [tuple(group) for group in groups]


def areas(broken: Iterable[str]) -> set[str]:
    """Where the scenarios `broken` are; pure. Each of the cluster's is judged by facts of its own,
    which no other fault touches.
    """
    found = {scenario if scenario.startswith(OF_ITS_OWN) else area(scenario) for scenario in broken}
    return {ONE_SERVER.get(area, area) for area in found}


def area(scenario: str) -> str:
    return scenario.partition("/")[0]


def _fits(fault: str, group: Collection[str], rows: Rows) -> bool:
    small = all(len(rows[one]) <= MOST_BROKEN for one in (fault, *group))
    return small and not any(
        areas(rows[fault]) & areas(rows[other]) or frozenset({fault, other}) in APART
        for other in group
    )
