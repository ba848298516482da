"""The keys by which services know auth-service's signature."""

import pytest

from probes.auth import jwks
from probes.auth.users import User
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="auth", incident="90cd4d3e")


async def test_every_pod_shows_the_same_keys(web: Web) -> None:
    """Whichever pod of auth-service is asked, it publishes the same keys."""
    await jwks.expect_stable_keys(web)


async def test_the_keys_verify_what_was_signed(web: Web, alice: User) -> None:
    """The published keys are strong, verify the tokens in use, and are those that
    openid-configuration speaks of.
    """
    await jwks.expect_keys_verify(web, await alice.token())
