"""Signals before a run, and in it."""

import os
import signal
from collections.abc import Iterator

import pytest

from probes.runner import signals


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_terminal_that_goes_away_ends_the_run_unless_nohup_is_there(
    handler: signal.Handlers,
) -> None:
    """What nohup lets a process ignore stays ignored."""
    signal.signal(signal.SIGHUP, handler)
    assert (signal.SIGHUP in signals.ending_signals()) is (handler is signal.SIG_DFL)
    assert signal.SIGTERM in signals.ending_signals()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_before_the_run_a_signal_is_an_interrupt(number: signal.Signals) -> None:
    """What was started is stopped by whoever started it."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signals.interrupt_on_signals()
    with pytest.raises(KeyboardInterrupt, match=number.name):
        os.kill(os.getpid(), number)


def test_at_the_end_of_the_run_no_signal_counts() -> None:
    """The last Ctrl-C of many must not cost the exit code."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    seen: list[int] = []
    signals.take_over_signals(lambda number, _: seen.append(number), lambda undo: undo())
    os.kill(os.getpid(), signal.SIGTERM)
    assert seen == []
