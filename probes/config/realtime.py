"""How long real time may take in an environment (contract 3.5, 5.2 to 5.4)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Realtime:
    """Seconds, and how often a page tries in a row. `scale`: the target's own time-outs are so much
    shorter.
    """

    scale: float = 1.0
    deliver_seconds: float = 5.0
    stream_seconds: float = 25.0
    offline_seconds: float = 20.0
    pause_seconds: float = 3.0
    reconnect_seconds: float = 30.0
    attempts: int = 5
