"""Faults that may be in force in one run: most break little, and a hundred whole runs cost most of
an hour.

Group testing (Dorfman, 1943). No two faults of a group break the same scenario, nor the same area
unless each breaks a single scenario there, and together they must break the sum of what each does:
so whatever lies outside all rows has held under each, and what lies in one is what no other is
known to break. A group that ends otherwise proves nothing; it is run again as users run it, and
if that ends otherwise, too, each half of it is a group of its own.
"""

from collections import Counter
from collections.abc import Collection, Mapping

Rows = Mapping[str, Collection[str]]
Groups = list[tuple[str, ...]]

# Scenarios that the faults of a group may break together, a fifth of all: what breaks cannot hold
# under the others.
MOST_BROKEN = 90
# Who breaks more of an area may stand before what another breaks there.
SINGLE = 1
OF_ITS_OWN = "cluster/"
ONE_SERVER = {"calls": "livekit"}
# What the ladder asks of the edge after another break would be answered by these.
ALONE = frozenset(
    {"edge-sends-api-to-bucket", "edge-forgets-deep-links", "load-balancer-has-no-targets"}
)
# A page that shows or does too little is blamed on what it was answered first, which is this.
ANSWERS_FIRST = "database-unreachable"
ON_THE_PAGE = frozenset(
    {
        "storage/a-file-uploaded-on-the-page-arrives",
        "storage/a-folder-made-on-the-page-is-there",
        "storage/the-page-shows-the-drive-that-the-api-holds",
    }
)
APART = (
    # The page goes on with its expired token, as far as the list that is of a wrong type.
    frozenset({"services-ignore-expiry", "service-answers-wrong-type"}),
    # A service without its database refuses no token that it lets in.
    frozenset({"database-unreachable", "refresh-token-serves-as-access"}),
    # A pod that has just been restarted is younger than its settings.
    frozenset({"pods-older-than-their-settings", "pod-was-restarted"}),
    # The portal's address is not stored at all, so it cannot stay.
    frozenset({"oauth-filter-runs-late", "oauth-keeps-redirect-uri"}),
    # A server that checks no signature takes the keys that it knows for every key's.
    frozenset({"livekit-ignores-signatures", "livekit-accepts-dev-keys"}),
)


def grouped(rows: Rows) -> Groups:
    """The faults in few groups, each of about as many scenarios; pure. The hardest to place come
    first: those that break what most others break, too.
    """
    rivals = Counter(area for broken in rows.values() for area in areas(broken))
    groups: list[list[str]] = []
    for fault in sorted(
        rows,
        key=lambda fault: (
            -max(rivals[area] for area in areas(rows[fault])),
            -len(rows[fault]),
            fault,
        ),
    ):
        room = [group for group in groups if _fits(fault, group, rows)]
        if room:
            min(room, key=lambda group: _broken(group, rows)).append(fault)
        else:
            groups.append([fault])
    return [tuple(group) for group in groups]


def areas(broken: Collection[str]) -> Counter[str]:
    """Where the scenarios `broken` are, and how many in each place; pure. Each of the cluster's is
    judged by facts of its own, which no other fault touches.
    """
    return Counter(_place(scenario) for scenario in broken)


def area(scenario: str) -> str:
    return scenario.partition("/")[0]


def clash(one: Collection[str], other: Collection[str]) -> bool:
    """Whether faults that break `one` and `other` would be in each other's way; pure."""
    if set(one) & set(other):
        return True
    mine, theirs = areas(one), areas(other)
    return any(max(mine[area], theirs[area]) > SINGLE for area in mine.keys() & theirs.keys())


def _place(scenario: str) -> str:
    found = scenario if scenario.startswith(OF_ITS_OWN) else area(scenario)
    return ONE_SERVER.get(found, found)


def _broken(group: Collection[str], rows: Rows) -> int:
    return sum(len(rows[fault]) for fault in group)


def _fits(fault: str, group: Collection[str], rows: Rows) -> bool:
    if ALONE & {fault, *group} or _broken((fault, *group), rows) > MOST_BROKEN:
        return False
    return not any(
        clash(rows[fault], rows[other]) or _are_apart(fault, other, rows) for other in group
    )


def _are_apart(fault: str, other: str, rows: Rows) -> bool:
    if frozenset({fault, other}) in APART:
        return True
    broken = {*rows[fault], *rows[other]}
    return ANSWERS_FIRST in (fault, other) and not broken.isdisjoint(ON_THE_PAGE)
