"""Whether services check tokens at all: every protected endpoint against every token that nobody
may take for good.
"""

from collections.abc import Callable

import pytest

from probes.auth.users import User
from probes.finding import NotApplicable
from probes.services import token_checks
from probes.services.protected_endpoints import ProtectedEndpoint
from probes.transport.http import Web
from scenarios.trust import CELLS, OTHERS, PROTECTED, At, Bad

pytestmark = pytest.mark.promise(owner="platform", incident="V6 §7, contract 2.5")


def _cell(value: ProtectedEndpoint | str) -> str:
    return value.name if isinstance(value, ProtectedEndpoint) else value


@pytest.mark.parametrize("endpoint", PROTECTED, ids=_cell)
async def test_a_good_token_opens_the_door(
    web: Web, user: Callable[[str], User], at: At, endpoint: ProtectedEndpoint
) -> None:
    """Who is signed in gets in, at every service, over HTTP, socket and stream."""
    await token_checks.expect_admitted(web, await at(endpoint), await user(endpoint.who).token())


@pytest.mark.parametrize(("kind", "endpoint"), CELLS, ids=_cell)
async def test_a_bad_token_opens_nothing(
    web: Web, bad: Bad, at: At, kind: str, endpoint: ProtectedEndpoint
) -> None:
    """A token that is forged, expired, signed out, meant for something else, or none, opens no
    endpoint.
    """
    if kind == "signed-out" and endpoint.name not in web.target.sign_out.ends_access:
        raise NotApplicable("ends_access in [sign_out] does not name this endpoint")
    await token_checks.expect_refused(web, await at(endpoint), await bad(kind, endpoint.who))


@pytest.mark.promise(incident="contract 2.5, 4.2")
@pytest.mark.parametrize(
    ("endpoint", "who"), [pytest.param(*other, id=other[0].name) for other in OTHERS]
)
async def test_what_is_anothers_stays_shut(
    web: Web, user: Callable[[str], User], at: At, endpoint: ProtectedEndpoint, who: str
) -> None:
    """A good token opens what is its owner's, and is told 403 at what is somebody else's."""
    owner = user(endpoint.who)
    await token_checks.expect_forbidden(web, await at(endpoint), user(who), owner)
