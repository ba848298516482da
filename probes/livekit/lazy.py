"""The way to a run's calls: who has no LiveKit does not even load what its protocol needs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from probes.config.livekit import LADDER
from probes.livekit.tokens import expect_livekit
from probes.recording.ledger import Ledger
from probes.transport.http import Web

if TYPE_CHECKING:
    from probes.livekit.checks import Calls

OpenCalls = Callable[[], "Calls"]


def opening(web: Web, ledger: Ledger) -> OpenCalls:
    """One run's calls, opened when the first promise of them is asked. Raises NotApplicable when
    called.
    """
    opened: list[Calls] = []

    def calls() -> "Calls":
        expect_livekit(web.target.livekit, LADDER)
        if not opened:
            # Protobufs and ICE take 0.1 s of processor time to load.
            from probes.livekit.checks import Calls  # noqa: PLC0415

            opened.append(Calls(web, ledger))
        return opened[0]

    return calls
