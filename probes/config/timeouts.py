"""How long things may take in an environment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that one answer, one scenario and the whole run may take, and the wait before a
    confirming rerun.
    """

    answer_s: float = 10
    scenario_s: float = 60
    run_s: float = 300
    retry_delay_s: float = 1


@dataclass(frozen=True, slots=True)
class Realtime:
    """How long real time may take (contract 3.5, 5.2 to 5.4).

    Seconds, and how often a page tries in a row. `scale`: the target's own time-outs are so much
    shorter. `linger_seconds`: how long a socket is lived in, past the usual idle timeout of 60.
    """

    scale: float = 1.0
    deliver_seconds: float = 5.0
    stream_seconds: float = 25.0
    offline_seconds: float = 20.0
    pause_seconds: float = 3.0
    reconnect_seconds: float = 30.0
    attempts: int = 5
    linger_seconds: float = 65.0
