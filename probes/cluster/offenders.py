"""Many objects break a promise in one way: one finding that names the first and counts the rest."""

from collections.abc import Sequence

from probes.finding import Code, Finding, with_fact

NAMED = 4


def list_offenders(offenders: Sequence[str]) -> str:
    """The first few, and how many there are beside them; pure."""
    more = len(offenders) - NAMED
    listed = "; ".join(offenders[:NAMED])
    return f"{listed}; and {more} more" if more > 0 else listed


def finding(
    code: Code, offenders: Sequence[str], cause: str, reproduce_command: str
) -> Finding | None:
    """None where nobody offends. The facts are the API's own words, but their cause is a guess."""
    if not offenders:
        return None
    return Finding(code, list_offenders(offenders), cause, reproduce_command=reproduce_command)


def proven(finding: Finding | None, offenders: Sequence[str]) -> Finding | None:
    """The finding where an offender is its own cause: the object that has to be changed."""
    return with_fact(finding, offenders[0]) if finding else None
