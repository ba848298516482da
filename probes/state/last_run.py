"""What a run leaves of its verdicts for the next: promises that did not hold, since when, and which
of them a channel knows of.

Only codes and times are kept, and no text that a target wrote, so that a Secret's megabyte never
fills up.
"""

import contextlib
import functools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from probes.finding import CannotAsk, Code, Verdict
from probes.results import OngoingFailure, Outcome, PreviousRun
from probes.state import update
from probes.state.store import Entry

KEY = "last-run"  # beside the users' names in the store
MOST = 1000  # ongoing failures; a suite has a few hundred scenarios


def next_run_finds(
    last: PreviousRun,
    outcomes: Mapping[str, Outcome],
    now: float,
    *,
    gate: bool,
    is_gone: Callable[[str], bool],
    whole: bool,
) -> PreviousRun:
    """What the next run should find. Under `gate` a new break is not learnt: the next try of the
    same sync would pass.

    `is_gone`: whether a scenario of that name exists no longer. `whole`: whether all of a share
    were asked.
    """
    known = last.failures.items()
    failures = {n: old for n, old in known if n not in outcomes and not is_gone(n)}
    for name, outcome in outcomes.items():
        failure = _failure(last, name, outcome, now)
        if failure and (name in last.failures or not gate):
            failures[name] = failure
    notified = {name: code for name, code in last.notified.items() if not is_gone(name)}
    kept = dict(list(failures.items())[:MOST])
    ran = now if whole else last.ran
    return PreviousRun(ran, kept, notified)


def _failure(last: PreviousRun, name: str, outcome: Outcome, now: float) -> OngoingFailure | None:
    earlier = last.failures.get(name)
    if outcome.verdict is Verdict.BROKEN:
        code = outcome.finding.code if outcome.finding else Code.UNEXPLAINED
        if earlier and earlier.code != Code.UNKNOWN:
            return replace(earlier, code=str(code), runs=earlier.runs + 1)
        held = earlier.held if earlier else last.ran
        return OngoingFailure(str(code), now, 1, held)
    if outcome.verdict not in (Verdict.UNKNOWN, Verdict.NOT_RUN):
        return None
    if earlier:  # not being able to ask does not clear the target of what it broke before
        return replace(earlier, runs=earlier.runs + 1)
    return OngoingFailure(str(Code.UNKNOWN), now, 1, last.ran)


async def swap_last_run(
    where: str,
    outcomes: Mapping[str, Outcome],
    *,
    gate: bool,
    is_gone: Callable[[str], bool],
    whole: bool,
) -> PreviousRun:
    """Leave what `next_run_finds` makes of this run at `where` (`state` of [identity]), and return
    what was there. A store that refuses is the `problem` of an empty answer, and changes no
    verdict.
    """
    how = functools.partial(
        next_run_finds, outcomes=outcomes, now=time.time(), gate=gate, is_gone=is_gone, whole=whole
    )
    try:
        return await change(where, how)
    except CannotAsk as error:
        return PreviousRun(problem=str(error))


async def last_end_at(where: str) -> float:
    """When the last whole run ended, as Unix time; 0 where none is known, or the store refuses."""
    try:
        return unpack(await update.read(where, KEY)).ran
    except CannotAsk:
        return 0.0


async def remember_notified(where: str, notified: Mapping[str, str]) -> None:
    """Leave what a channel was told: {scenario: code}, no code where it was told that the promise
    holds again. A store that refuses costs a notice that comes twice, and no more.
    """

    def how(last: PreviousRun) -> PreviousRun:
        codes = {**last.notified, **notified}
        return replace(last, notified={name: code for name, code in codes.items() if code})

    with contextlib.suppress(CannotAsk):
        await change(where, how)


async def change(where: str, how: Callable[[PreviousRun], PreviousRun]) -> PreviousRun:
    """Leave what `how` makes of what is there, and return what was there. Raises CannotAsk."""
    return unpack(await update.change(where, KEY, lambda kept: pack(how(unpack(kept)))))


def pack(last: PreviousRun) -> Entry:
    failures = {name: asdict(failure) for name, failure in last.failures.items()}
    tables = {"failures": failures, "notified": dict(last.notified)}
    texts = {name: json.dumps(table, separators=(",", ":")) for name, table in tables.items()}
    return {"at": repr(last.ran), **texts}


def unpack(kept: Entry) -> PreviousRun:
    """What cannot be read is as if it had never been left: every break is then a new one."""
    # 0.1 called them lapses and told.
    failures = kept.get("failures") or kept.get("lapses", "{}")
    notified = kept.get("notified") or kept.get("told", "{}")
    try:
        return PreviousRun(
            float(kept.get("at", "0")),
            {str(n): OngoingFailure(**fields) for n, fields in json.loads(failures).items()},
            {str(n): str(code) for n, code in json.loads(notified).items()},
        )
    except (ValueError, TypeError, AttributeError):
        return PreviousRun()
