"""Something that is sent at the end of a run: in a time of its own, with a word of what became of
it, and no verdict.

A daemon thread does it, so that neither a receiver that hangs nor one that drips can hold up the
end of the process.
"""

import threading
from collections.abc import Callable

TIMEOUT_S = 3.0  # seconds, for one receiver


def send_within(send: Callable[[], str], timeout_s: float = TIMEOUT_S) -> str:
    """What was wrong with `send`, which says so or raises; empty where it was done in `timeout_s`
    seconds.
    """
    problem = [f"no answer within {timeout_s:g} s"]

    def work() -> None:
        try:
            problem[0] = send()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here must not change a verdict
            problem[0] = root_of(error)

    thread = threading.Thread(target=work, name="sending", daemon=True)
    thread.start()
    thread.join(timeout_s)
    return problem[0]


def root_of(error: BaseException) -> str:
    """What the operating system reported, below the libraries; never their text, which holds an
    address and its secrets.
    """
    at: BaseException | None = error
    problem = type(error).__name__
    while at is not None:
        if isinstance(at, OSError) and at.strerror:
            problem = at.strerror
        at = at.__cause__ or at.__context__
    return problem
