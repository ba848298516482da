"""Remove what this run created, what dead runs on this machine left, and what the target still lists of old ones."""

from datetime import UTC, datetime, timedelta

from probes.evidence import current
from probes.finding import Broken, CannotAsk
from probes.ledger import Entry, Ledger, is_left_over, settle
from probes.storage import Drive


async def sweep(ledger: Ledger, drive: Drive) -> None:
    """Everything that can be removed is; what cannot stays in its ledger for the next run."""
    used = ledger.used
    for entry in ledger.open_entries:
        if await _removed(drive, entry):
            ledger.removed(entry.name)
    for path, entries in ledger.abandoned(drive.web.target.hosts.apex):
        for entry in entries:
            if await _removed(drive, entry):
                settle(path, entry)
    if used:
        for entry in await _left_over(drive):
            await _removed(drive, entry)


async def _removed(drive: Drive, entry: Entry) -> bool:
    try:
        found = entry if entry.id else await _look_up(drive, entry)
        if found is None or await drive.delete_for_good(found.kind, found.id):
            return True
        why: object = "the service does not say that it is gone"
    except (Broken, CannotAsk) as error:
        why = error
    current().note(f"not swept: {entry.kind} {entry.name}: {why}")
    return False


async def _look_up(drive: Drive, entry: Entry) -> Entry | None:
    return next((listed for listed in await _listed(drive) if listed.name == entry.name), None)


async def _left_over(drive: Drive) -> list[Entry]:
    """Twice its deadline is time enough for any run to have ended."""
    limit = timedelta(seconds=2 * drive.web.target.patience.run)
    now = datetime.now(UTC)
    return [entry for entry in await _listed(drive) if is_left_over(entry.name, limit, now)]


async def _listed(drive: Drive) -> list[Entry]:
    folder = await drive.contents()
    named = [("folder", row) for row in folder.get("children", [])] + [("file", row) for row in folder.get("files", [])]
    return [Entry(kind, str(row.get("originalName") or row.get("name")), str(row.get("id"))) for kind, row in named]
