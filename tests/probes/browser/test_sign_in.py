"""What a browser was answered on its way tells which leg of sign-in went astray."""

import pytest

from probes.browser.sign_in import explain_legs
from probes.config.sign_in import OAuth
from probes.finding import Code
from probes.transport.http import Answer
from tests.probes.services.test_oauth import CALLBACK, PROMISED, TOKENS, begun, came_back, redirect

HOME = came_back(f"{PROMISED.landing}?{TOKENS}")


def landed(status: int = 200, url: str = PROMISED.landing) -> Answer:
    return Answer("GET", f"{url}?{TOKENS}", status, {}, b"")


def test_a_journey_without_a_fault_is_let_be() -> None:
    """The provider's own pages say nothing."""
    between = Answer("GET", "https://accounts.google.com/signin", 500, {}, b"")
    assert explain_legs([begun(), between, HOME, landed()], PROMISED, PROMISED.landing) is None


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ([redirect(PROMISED.start, PROMISED.start)], Code.OAUTH_REDIRECT_LOOP),
        ([begun(), came_back("/login?error")], Code.OAUTH_STATE_LOST),
        ([begun(), HOME, landed(404)], Code.ASSET_BROKEN),
        ([Answer("GET", PROMISED.start, 0, {}, b"")], Code.HOST_UNREACHABLE),
        ([begun(), Answer("GET", CALLBACK, 500, {}, b"")], Code.OAUTH_CALLBACK_LOST),
    ],
)
def test_the_first_leg_that_went_astray_is_named(seen: list[Answer], code: Code) -> None:
    """In the order in which they were walked."""
    finding = explain_legs(seen, PROMISED, PROMISED.landing)
    assert finding
    assert finding.code is code


def test_the_portals_journey_ends_at_the_portal() -> None:
    """The main app's landing is another's."""
    finding = explain_legs([begun(), HOME], PROMISED, f"{PROMISED.portal}login")
    assert finding
    assert finding.code is Code.OAUTH_LANDING_HIJACKED
    assert explain_legs([], OAuth(), "") is None
