"""What a run leaves of its verdicts for the next: promises that did not hold, since when, and what
was told of them.

Only lapses are kept, and no text that a target wrote, so that a Secret's megabyte never fills up.
"""

import contextlib
import functools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from probes.finding import CannotAsk, Code, Verdict
from probes.results import Outcome
from probes.state import update
from probes.state.store import Kept

KEY = "last-run"  # beside the cast's names in the store
MOST = 1000  # lapses; a suite has a few hundred scenarios


@dataclass(frozen=True, slots=True)
class Lapse:
    """A promise that did not hold: `since` and `held` (when it last did, 0 if never seen) in Unix
    time.
    """

    code: str
    since: float
    runs: int = 1
    held: float = 0.0


@dataclass(frozen=True, slots=True)
class LastRun:
    """`at`: Unix time of the last whole run, 0 before the first. `told`: what a channel knows of,
    {scenario: code}.
    """

    at: float = 0.0
    lapses: Mapping[str, Lapse] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)


def after(
    last: LastRun,
    outcomes: Mapping[str, Outcome],
    now: float,
    *,
    gate: bool,
    is_gone: Callable[[str], bool],
    whole: bool,
) -> LastRun:
    """What the next run should find. Under `gate` a new break is not learnt: the next try of the
    same sync would pass.

    `gone`: whether a scenario of that name exists no longer. `whole`: whether all of a share were
    asked.
    """
    lapses = {
        name: lapse
        for name, lapse in last.lapses.items()
        if name not in outcomes and not is_gone(name)
    }
    for name, outcome in outcomes.items():
        if (lapse := _lapse(last, name, outcome, now)) and (name in last.lapses or not gate):
            lapses[name] = lapse
    told = {name: code for name, code in last.told.items() if not is_gone(name)}
    return LastRun(now if whole else last.at, dict(list(lapses.items())[:MOST]), told)


def _lapse(last: LastRun, name: str, outcome: Outcome, now: float) -> Lapse | None:
    before = last.lapses.get(name)
    if outcome.verdict is Verdict.BROKEN:
        code = outcome.finding.code if outcome.finding else Code.UNEXPLAINED
        if before is None or before.code == Code.UNKNOWN:
            return Lapse(str(code), now, 1, before.held if before else last.at)
        return replace(before, code=str(code), runs=before.runs + 1)
    if outcome.verdict in (
        Verdict.UNKNOWN,
        Verdict.NOT_RUN,
    ):  # does not clear the target of what it broke before
        return (
            replace(before, runs=before.runs + 1)
            if before
            else Lapse(str(Code.UNKNOWN), now, 1, last.at)
        )
    return None


async def pass_on(
    where: str,
    outcomes: Mapping[str, Outcome],
    *,
    gate: bool,
    is_gone: Callable[[str], bool],
    whole: bool,
) -> dict[str, Any]:
    """Leave what `after` makes of this run at `where` (`state` of [identity]).

    Answers what was there, as the journal's event `before` carries it; a store that refuses changes
    no verdict.
    """
    how = functools.partial(
        after, outcomes=outcomes, now=time.time(), gate=gate, is_gone=is_gone, whole=whole
    )
    past, problem = LastRun(), ""
    try:
        past = await change(where, how)
    except CannotAsk as error:
        problem = str(error)
    lapses = {name: asdict(lapse) for name, lapse in past.lapses.items()}
    return {"ran": past.at, "lapses": lapses, "told": dict(past.told), "problem": problem}


async def tell(where: str, told: Mapping[str, str]) -> None:
    """Leave what the channel has been told: {scenario: code}, no code where it was told that the
    promise holds again.

    A store that refuses costs a notice that comes twice, and no more.
    """

    def how(last: LastRun) -> LastRun:
        return replace(
            last, told={name: code for name, code in {**last.told, **told}.items() if code}
        )

    with contextlib.suppress(CannotAsk):
        await change(where, how)


async def change(where: str, how: Callable[[LastRun], LastRun]) -> LastRun:
    """Leave what `how` makes of what is there, and answer what was there. Raises CannotAsk."""
    return unpacked(await update.change(where, KEY, lambda kept: packed(how(unpacked(kept)))))


def packed(last: LastRun) -> Kept:
    said = {
        "lapses": {name: asdict(lapse) for name, lapse in last.lapses.items()},
        "told": dict(last.told),
    }
    return {"at": repr(last.at)} | {
        name: json.dumps(value, separators=(",", ":")) for name, value in said.items()
    }


def unpacked(kept: Kept) -> LastRun:
    """What cannot be read is as if it had never been left: every break is then a new one."""
    try:
        lapses = {
            str(n): Lapse(**fields) for n, fields in json.loads(kept.get("lapses", "{}")).items()
        }
        told = {str(n): str(code) for n, code in json.loads(kept.get("told", "{}")).items()}
        return LastRun(float(kept.get("at", "0")), lapses, told)
    except (ValueError, TypeError, AttributeError):
        return LastRun()
