"""auth-service's log tells a stored landing from a rejected and an unseen one (V6 §7.8)."""

import pytest

from probes.cluster import sign_in_log
from probes.finding import CannotAsk, Certainty, Code

STARTED = "2026-01-02T03:04:05Z  INFO 1 --- [main] Application : Started in 9 seconds"
SEEN = "INFO OAuth2 authorization request detected: /oauth2/authorization/google"
STORED = "INFO Stored client redirect_uri in session: https://a.b/api/ops-portal/login?probe=r-1"
OTHERS = "INFO Stored client redirect_uri in session: https://a.b/api/ops-portal/login?probe=r-2"
REJECTED = "WARN Rejected invalid redirect_uri: https://a.b/api/ops-portal/login?probe=r-1"


def test_a_stored_landing_is_a_kept_promise() -> None:
    assert sign_in_log.judge([STARTED, SEEN, STORED], "probe=r-1", "weal") is None


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([STARTED], "filter order"),
        ([STARTED, OTHERS], "filter order"),
        ([STARTED, SEEN, REJECTED], "allow-list"),
    ],
)
def test_what_became_of_it_tells_the_causes_apart(lines: list[str], cause: str) -> None:
    """Somebody else's start in the same log says nothing of ours."""
    finding = sign_in_log.judge(lines, "probe=r-1", "weal")
    assert finding
    assert (finding.code, finding.certainty) == (Code.OAUTH_LANDING_HIJACKED, Certainty.PROVEN)
    assert cause in finding.cause


@pytest.mark.parametrize("lines", [[], ["WARN something else"]])
def test_a_log_without_its_level_blames_nobody(lines: list[str]) -> None:
    with pytest.raises(CannotAsk, match="logs nothing at INFO"):
        sign_in_log.judge(lines, "probe=r-1", "weal")


@pytest.mark.parametrize(
    ("lines", "silent"),
    [([STARTED], True), ([STARTED, OTHERS], False), ([STARTED, REJECTED], False), ([], False)],
)
def test_a_filter_is_silent_where_it_says_nothing_of_anybody(
    lines: list[str], *, silent: bool
) -> None:
    """And where the log would have it: a log without INFO says nothing."""
    assert sign_in_log.is_silent(lines) is silent
