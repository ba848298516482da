"""When a scenario is asked again, by table."""

import pytest

from probes.finding import CannotAsk, Code, Finding, Verdict
from probes.runner import retries
from probes.runner.retries import depends_on_time, seconds

H, D, B, U = Verdict.HELD, Verdict.DEGRADED, Verdict.BROKEN, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("verdicts", "stabilizing", "confirm", "pause_s"),
    [
        ([H], True, True, None),
        ([D], True, True, None),
        ([B], False, True, 1.0),
        ([B], False, False, None),
        ([B, B], False, True, None),
        ([U], False, True, None),
        ([U], True, False, 1.0),
        ([B], True, False, 1.0),
        ([B, U, B], True, True, 4.0),
        ([B] * 20, True, True, 10.0),
        ([B, H], True, True, None),
    ],
)
def test_it_is_asked_again_while_it_may_change(
    verdicts: list[Verdict], *, stabilizing: bool, confirm: bool, pause_s: float | None
) -> None:
    """A break is confirmed once; while a roll-out settles, what does not hold is asked on, ever
    more rarely.
    """
    assert (
        retries.pause_s(verdicts, stabilizing=stabilizing, confirm=confirm, retry_delay_s=1.0)
        == pause_s
    )


def test_no_pause_is_shorter_than_the_environment_wants() -> None:
    """The edge caches an error for longer than we would wait: asking sooner would ask the cache."""
    assert retries.pause_s([B, B], stabilizing=True, confirm=True, retry_delay_s=11.0) == 11.0
    assert (retries.pause_s([B] * 4, stabilizing=True, confirm=True, retry_delay_s=0) or 0) > 0.1
    assert retries.pause_s([B] * 9, stabilizing=True, confirm=True, retry_delay_s=11.0) == 11.0


@pytest.mark.parametrize(
    ("text", "meant"), [("90s", 90), ("2m", 120), ("1.5m", 90), ("45", 45), ("0", 0), (" 5s ", 5)]
)
def test_a_duration_has_a_unit(text: str, meant: float) -> None:
    """Seconds, or minutes; without a unit, seconds."""
    assert seconds(text) == meant


@pytest.mark.parametrize("text", ["", "soon", "1h", "-5s", "5 s s", "nan", "1e9s"])
def test_another_duration_is_complained_of(text: str) -> None:
    """Nobody waits for what nobody said."""
    with pytest.raises(CannotAsk, match="--settle must be like 90s or 2m"):
        seconds(text)


@pytest.mark.parametrize(
    ("code", "observed", "depends"),
    [
        (Code.SERVICE_STALLED, "user-service did not answer within 5 s", True),
        (Code.CONTRACT_BROKEN, "GET /api/x: connection timed out after 5 s", True),
        (Code.PRESENCE_STALE, "bob came online and is not shown after 5 s", True),
        (Code.ASSET_BROKEN, "GET /dashboard answered 404 application/xml", False),
        (Code.REFRESH_UNAVAILABLE, "POST /refresh answered 502 text/html", False),
        (Code.SOCKET_DROPPED, "chat-service dropped an open socket: received 1011", False),
        (Code.UNKNOWN, "the cluster's API did not answer for pods within 3 s", True),
        (Code.UPLOAD_LOST, "the file is gone", False),
    ],
)
def test_an_answer_that_was_seen_is_not_the_suites_delay(
    code: Code, observed: str, *, depends: bool
) -> None:
    """However late the suite was, a status was the target's."""
    assert depends_on_time(Finding(code, observed, "somebody")) is depends
