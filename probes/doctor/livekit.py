"""Whether tokens for LiveKit can be signed: without them no call is asked for."""

from collections.abc import Mapping

from probes.config.livekit import LiveKit
from probes.livekit.tokens import open_access
from probes.recording.redactor import Redactor


def livekit(promised: LiveKit, environ: Mapping[str, str]) -> str:
    """Its key and secret are there, as far as one can know without asking. Raises CannotAsk."""
    open_access(promised, Redactor(), environ)
    return "key and secret are at hand"
