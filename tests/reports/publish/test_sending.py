"""What is sent at the end of a run has its own time, whatever the receiver does."""

import threading

from reports.publish.sending import root_of, send_within


def test_what_was_done_in_time_says_nothing() -> None:
    """An empty word is a good one."""
    assert send_within(lambda: "") == ""
    assert send_within(lambda: "refused") == "refused"


def test_who_hangs_is_left_behind() -> None:
    """The run ends; the thread is a daemon and ends with it."""
    released = threading.Event()
    assert send_within(lambda: str(released.wait()), 0.05) == "no answer within 0.05 s"
    released.set()


def test_a_mistake_is_named_by_its_kind() -> None:
    """Never by its text, which may quote an address with its password; the operating system's words
    may pass.
    """

    def fails() -> str:
        raise ValueError("https://user:s3cret@host")

    assert send_within(fails) == "ValueError"
    outer = RuntimeError("at https://s3cret")
    outer.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert root_of(outer) == "Connection refused"
