"""A service that answers 200 and says that it is down is down."""

import pytest

from probes.finding import Broken
from probes.services.health import expect_up
from probes.transport.http import Answer

ANSWER = Answer("GET", "https://apex/api/svc/chat/health/live", 200, {}, b"")


@pytest.mark.parametrize("status", ["UP", "alive", "ok"])
def test_a_service_is_up_in_its_own_words(status: str) -> None:
    """Spring's and the Go services' words differ."""
    expect_up(ANSWER, {"status": status})


@pytest.mark.parametrize("status", ["DOWN", "OUT_OF_SERVICE", "not_ready", None, 1])
def test_any_other_word_is_not_up(status: object) -> None:
    """Its status code proves nothing."""
    with pytest.raises(Broken, match=r"service-unavailable: .* says of its status"):
        expect_up(ANSWER, {"status": status})
