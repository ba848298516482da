"""Opens one run's calls when the first promise of them is asked.

A run without LiveKit does not load what its protocol needs: protobufs and ICE take 0.1 s of CPU. A
run with it does so before anything is asked, since answers that come meanwhile would seem late.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from probes.config.livekit import LADDER
from probes.livekit.tokens import expect_livekit
from probes.recording.ledger import Ledger
from probes.transport.http import Web

if TYPE_CHECKING:
    from probes.livekit.checks import Calls

OpenCalls = Callable[[], "Calls"]


def calls_opener(web: Web, ledger: Ledger) -> OpenCalls:
    """One run's calls, opened by the first promise of them. Raises NotApplicable when called."""
    opened: list[Calls] = []
    if web.target.livekit:
        _load()

    def open_calls() -> "Calls":
        expect_livekit(web.target.livekit, LADDER)
        if not opened:
            opened.append(_load()(web, ledger))
        return opened[0]

    return open_calls


def _load() -> "type[Calls]":
    from probes.livekit.checks import Calls  # noqa: PLC0415 - see above

    return Calls
