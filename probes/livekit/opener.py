"""Opens one run's calls when the first promise of them is asked.

A run without LiveKit does not load what its protocol needs: protobufs and ICE take 0.1 s of CPU.
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

    def open_calls() -> "Calls":
        expect_livekit(web.target.livekit, LADDER)
        if not opened:
            from probes.livekit.checks import Calls  # noqa: PLC0415 - see above

            opened.append(Calls(web, ledger))
        return opened[0]

    return open_calls
