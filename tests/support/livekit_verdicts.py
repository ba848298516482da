"""What each promise of calls says of one LiveKit, without pytest's start: `python -m
tests.support.livekit_verdicts` reads the table [livekit] as JSON on standard input, for who is in
another network namespace.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from probes.config.livekit import LiveKit
from probes.finding import Broken, CannotAsk, NotApplicable
from probes.livekit.checks import Calls
from probes.livekit.sdk.call import SdkCalls
from probes.recording.ledger import Ledger
from probes.recording.recorder import recording
from probes.transport.http import Web
from tests.support.site import Site, evidence_in, recorder_of, target_at

HELD, SKIPPED, UNKNOWN = "held", "skipped", "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is HELD, SKIPPED, UNKNOWN or that of the finding."""

    code: str
    observed: str = ""
    cause: str = ""


Verdicts = dict[str, Verdict]


def promises(calls: Calls, sdk_calls: SdkCalls) -> dict[str, Callable[[], Awaitable[None]]]:
    """The scenarios of LiveKit and of two participants, less those of the app and the page."""
    return {
        "joinable": calls.expect_joinable,
        "version": calls.expect_promised_version,
        "addresses": calls.expect_promised_addresses,
        "ports": lambda: calls.expect_open_media_ports(sdk_calls.connected_by),
        "relays": calls.expect_relays,
        "dev-key": lambda: calls.expect_refusal("livekit-dev"),
        "random-secret": lambda: calls.expect_refusal("random"),
        "debug": lambda: calls.expect_hidden("/debug/goroutine"),
        "meeting": sdk_calls.expect_connection,
        "data": sdk_calls.expect_data,
        "sound": sdk_calls.expect_sound,
        "tcp": sdk_calls.expect_tcp_fallback,
    }


async def judge(promised: LiveKit, ca: str = "") -> Verdicts:
    """All of them at once, as a run asks them."""
    site = Site()
    with tempfile.TemporaryDirectory(prefix="verdicts-") as folder:
        evidence = evidence_in(Path(folder) / "20260102T030405Z-abc123")
        ledger = Ledger(Path(folder) / "20260102T030405Z-abc124")
        target = target_at(site)
        web = Web(replace(target, livekit=promised, tls=replace(target.tls, ca=ca)))
        calls = Calls(web, ledger)
        named = promises(calls, SdkCalls(web, lambda: calls))

        async def one(ask: Callable[[], Awaitable[None]]) -> Verdict:
            recorder = recorder_of(evidence)
            with recording(recorder):
                try:
                    await ask()
                except Broken as broken:
                    finding = broken.finding
                    return Verdict(str(finding.code), finding.observed, finding.cause)
                except NotApplicable as reason:
                    return Verdict(SKIPPED, str(reason))
                except CannotAsk as reason:
                    return Verdict(UNKNOWN, str(reason))
            for finding in recorder.degradations:
                return Verdict(str(finding.code), finding.observed, finding.cause)
            return Verdict(HELD)

        results = await asyncio.gather(*(one(ask) for ask in named.values()))
        await web.close()
        evidence.tracing.finish()
        evidence.journal.close()
        ledger.close()
    site.close()
    return dict(zip(named, results, strict=True))


def codes(verdicts: Verdicts) -> dict[str, str]:
    """What did not hold."""
    return {name: v.code for name, v in verdicts.items() if v.code not in {HELD, SKIPPED}}


def causes(verdicts: Verdicts) -> set[str]:
    """What did not hold is blamed on."""
    return {v.cause for v in verdicts.values() if v.cause}


def show(verdicts: Verdicts) -> str:
    """In words, for the message of a failing test."""
    return "\n".join(f"{name}: {v.code} {v.observed} | {v.cause}" for name, v in verdicts.items())


def promised_table(table: dict[str, Any]) -> LiveKit:
    values: Any = {name: tuple(v) if isinstance(v, list) else v for name, v in table.items()}
    return LiveKit(**values)


def main() -> None:
    table = json.load(sys.stdin)
    ca = table.pop("ca", "")
    verdicts = asyncio.run(judge(promised_table(table), ca))
    print(json.dumps({name: [v.code, v.observed, v.cause] for name, v in verdicts.items()}))


if __name__ == "__main__":
    main()
