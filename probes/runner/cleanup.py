"""Remove what this run created, what dead runs on this machine left, and what the target still
lists of old ones.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from probes.config.environment import Target
from probes.finding import Broken, CannotAsk
from probes.recording.ledger import Entry, Ledger, is_left_over, mark_cleaned_up
from probes.recording.recorder import current
from probes.runner.cleanup_kinds import ResourceKind


async def clean_up(ledger: Ledger, target: Target, resource_kinds: Sequence[ResourceKind]) -> None:
    """Everything that can be removed is; what cannot stays in its ledger for the next run."""
    used = ledger.kinds
    for entry in ledger.open_entries:
        if await _remove(resource_kinds, entry):
            ledger.mark_removed(entry.name)
    for path, entries in ledger.leftovers(target.hosts.apex):
        for entry in entries:
            if await _remove(resource_kinds, entry):
                mark_cleaned_up(path, entry)
    for resource_kind in resource_kinds:
        if used & {*resource_kind.kinds, *resource_kind.follow}:
            await _remove_old(resource_kind, target, ledger)


async def _remove(resource_kinds: Sequence[ResourceKind], entry: Entry) -> bool:
    try:
        why = await _problem_of_removal(resource_kinds, entry)
        if not why:
            return True
    except (Broken, CannotAsk) as error:
        why = str(error)
    current().note(f"not swept: {entry.kind} {entry.name}: {why}")
    return False


async def _problem_of_removal(resource_kinds: Sequence[ResourceKind], entry: Entry) -> str:
    """Why `entry` may still be there; "" where it is gone."""
    resource_kind = next((each for each in resource_kinds if entry.kind in each.kinds), None)
    if resource_kind is None:
        return "this version does not know that kind"
    found = await _find(resource_kind, entry)
    if found is None or await resource_kind.remove(found):
        return ""
    return "the service does not say that it is gone"


async def _find(resource_kind: ResourceKind, entry: Entry) -> Entry | None:
    """`entry` with its id, which the target may never have told; None where it is not there."""
    if entry.id:
        return entry
    return next(
        (listed for listed in await resource_kind.list_entries() if listed.name == entry.name), None
    )


async def _remove_old(resource_kind: ResourceKind, target: Target, ledger: Ledger) -> None:
    """What runs have left that have ended, for which twice their deadline is time enough; and what
    followed from this run's own, since no entry in the ledger tells of it.
    """
    limit, now = timedelta(seconds=2 * target.timeouts.run_s), datetime.now(UTC)

    def is_left(name: str) -> bool:
        return is_left_over(name, limit, now) or bool(resource_kind.follow and ledger.is_own(name))

    try:
        old = [entry for entry in await resource_kind.list_entries() if is_left(entry.name)]
    except (Broken, CannotAsk) as error:
        current().note(
            f"nothing old of {', '.join(resource_kind.kinds)} could be looked for: {error}"
        )
        return
    for entry in old:
        await _remove([resource_kind], entry)
