"""Who has no LiveKit pays nothing for it."""

import subprocess
import sys
from dataclasses import replace

import pytest

from probes.config.environment import Target
from probes.finding import NotApplicable
from probes.livekit.opener import calls_opener
from probes.recording.ledger import Ledger
from probes.transport.http import Web

LOADED = (
    "import sys, scenarios.test_livekit, scenarios.conftest; print(*{'aioice', "
    "'livekit.protocol'} & {*sys.modules})"
)


async def test_without_livekit_no_call_is_opened(target: Target, ledger: Ledger) -> None:
    """The reason names the table that is missing."""
    web = Web(replace(target, livekit=None))
    with pytest.raises(NotApplicable, match=r"\[livekit\]"):
        calls_opener(web, ledger)()
    await web.close()


async def test_all_promises_share_one_opening(web: Web, ledger: Ledger) -> None:
    """Whoever asks gets the same calls, and the same way up to them."""
    calls = calls_opener(web, ledger)
    assert calls() is calls()


def test_nothing_of_the_protocol_is_loaded_before() -> None:
    """Collecting the scenarios does not pay for protobufs and ICE."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


OF_THE_SUITE = (
    "import sys, probes.livekit.sdk.worker, probes.livekit.sdk.participant; "
    "print(*sorted({'httpx', 'jwt', 'opentelemetry', 'playwright', 'pytest'} & {*sys.modules}))"
)


def test_the_worker_of_a_call_loads_nothing_of_the_suite() -> None:
    """It is started for each call, and needs the SDK alone."""
    done = subprocess.run(
        [sys.executable, "-c", OF_THE_SUITE], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
