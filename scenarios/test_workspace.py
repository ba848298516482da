"""The workspace: who is invited belongs to it, and who they say they are is kept."""

import pytest

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.services import profiles, workspaces
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="user", incident="contract 5.6")


@pytest.mark.promise(incident="91a344de")
async def test_who_is_invited_sees_the_workspace(
    web: Web, alice: User, bob: User, ledger: Ledger
) -> None:
    """Somebody who is invited to a workspace sees it among their own."""
    workspace = await workspaces.create(web, alice, ledger)
    await workspaces.invite(web, alice, workspace, bob)
    await workspaces.expect_seen(web, bob, workspace)


@pytest.mark.promise(incident="3db31cb6")
async def test_a_changed_profile_is_kept(web: Web, bob: User) -> None:
    """A name that a member gives themselves is there when they look again."""
    name = profiles.new_name()
    async with profiles.rename_profile(web, bob, name) as before:
        await profiles.expect_name(web, bob, name, before)


@pytest.mark.promise(incident="7719d74f")
async def test_a_profile_image_is_kept(web: Web, bob: User) -> None:
    """An image that a member gives themselves is there when they look again."""
    await profiles.expect_image(web, bob, await profiles.set_image(web, bob))


async def test_everybody_is_told_who_they_are(
    web: Web, alice: User, bob: User, stranger: User
) -> None:
    """Each user is shown their own account and profile, and nobody else's."""
    for user in (alice, bob, stranger):
        await profiles.expect_own_account(web, user)
    await profiles.expect_same_person(web, alice)
