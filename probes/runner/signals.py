"""The signals that end a run in order."""

import functools
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

Stop = Callable[[int, FrameType | None], None]


def ending_signals() -> list[signal.Signals]:
    """The terminal that goes away ends a run, too, unless nohup keeps that from us."""
    numbers = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        numbers.remove(signal.SIGHUP)
    return numbers


def interrupt_on_signals() -> None:
    """From now on each raises KeyboardInterrupt, as Ctrl-C does: there is something to stop, and no
    run yet that could be ended.
    """

    def raise_interrupt(received: int, _: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(received).name)

    for number in ending_signals():
        signal.signal(number, raise_interrupt)


def take_over_signals(stop: Stop, add_cleanup: Callable[[Callable[[], Any]], Any]) -> None:
    """From now on each calls `stop`, until the process ends: a second Ctrl-C while Python itself
    ends would print a traceback, or lose the exit code.
    """
    for number in ending_signals():
        signal.signal(number, stop)
        add_cleanup(functools.partial(signal.signal, number, signal.SIG_IGN))
