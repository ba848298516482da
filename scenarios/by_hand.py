"""Sign-in where no robot may sign in, as with Google: a person does it in a window, and what comes
of it is judged. `python -m probes sign-in --env NAME` runs this; no other run does.
"""

import pytest

from probes.browser import sign_in
from probes.browser.browser import Browser
from probes.transport.http import Web

PERSON_TIMEOUT_S = 180


@pytest.mark.promise(owner="auth", incident="V6 §7", deadline=PERSON_TIMEOUT_S + 60)
async def test_who_signs_in_by_hand_sees_the_dashboard(browser: Browser, web: Web) -> None:
    """Who signs in with the provider, by hand, ends on the dashboard, and a reload keeps them
    there.
    """
    await sign_in.sign_in_by_hand(browser, web, PERSON_TIMEOUT_S)
