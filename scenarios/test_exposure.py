"""What stands open to the public: nothing that the environment promises to be closed."""

import pytest

from probes.auth.users import User
from probes.finding import NotApplicable
from probes.services import exposure
from probes.services.exposure import Endpoint
from probes.transport.http import Web
from scenarios.exposures import ENDPOINTS

pytestmark = pytest.mark.promise(owner="platform", incident="contract 2.4, 2.5, 8")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
async def test_what_is_private_stays_closed(web: Web, alice: User, endpoint: Endpoint) -> None:
    """Without a token nobody reaches what is for services and operators only, or reads what the app
    is made of.
    """
    if not web.target.exposure.covers(endpoint.name):
        raise NotApplicable("closed in [exposure] does not name it")
    await exposure.expect_closed(web, endpoint, alice.id)
