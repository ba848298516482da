"""Who belongs to a workspace, by what user-service says; and who is a stranger there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.auth.users import User, Users
from probes.config.environment import Identity, Target, UserConfig
from probes.finding import Broken, CannotAsk, Code
from probes.recording.ledger import Entry, Ledger
from probes.recording.redactor import Redactor
from probes.services import workspaces
from probes.services.workspaces import OwnWorkspace
from probes.transport.http import Answer, Web
from tests.support.site import Said, Site, js, target_at

BASE = "apex/api/svc/user/api/workspaces"
MADE = OwnWorkspace("w-2", "n")


@pytest.fixture
def target(site: Site) -> Target:
    users = {name: UserConfig(f"u-{name}", f"{name}@x", token=name) for name in ("alice", "bob")}
    return target_at(site, users=users, identity=Identity("static"))


@pytest.fixture
def users(target: Target, web: Web) -> Users:
    return Users(target, web, Redactor(), {"alice": "alices.own.token", "bob": "bobs.own.token"})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "20260102T030405Z-abc123")
    yield ledger
    ledger.close()


async def test_a_workspace_is_made_private_and_is_in_the_ledger(
    site: Site, web: Web, users: Users, ledger: Ledger
) -> None:
    """Public is the API's default, and makes everybody a member."""
    site.says[f"POST {BASE}/create"] = js({"workspaceId": "w-2"}, 201)
    made = await workspaces.create(web, users.user("alice"), ledger)
    assert ledger.open_entries == [Entry("workspace", made.name, "w-2")]
    assert b'"isPublic":false' in site.asked[0].body.replace(b" ", b"")


async def test_who_is_invited_is_known_by_an_address(site: Site, web: Web, users: Users) -> None:
    """The environment's, where the token names none."""
    site.says[f"POST {BASE}/w-2/members/invite"] = js({"userId": "u-bob"}, 201)
    await workspaces.invite(web, users.user("alice"), MADE, users.user("bob"))
    assert b"bob@x" in site.asked[0].body


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"workspaceId": "w-2", "workspaceName": "n"}], None),
        ([{"workspaceId": "w-1", "workspaceName": "n"}], Code.ACCESS_REFUSED),
        ([], Code.ACCESS_REFUSED),
    ],
)
async def test_an_invited_user_sees_the_workspace(
    site: Site, web: Web, users: Users, rows: list[dict[str, str]], code: Code | None
) -> None:
    """By its id: another of the same name is another."""
    site.says[f"GET {BASE}/all"] = js(rows)
    found = None
    try:
        await workspaces.expect_seen(web, users.user("bob"), MADE)
    except Broken as failure:
        found = failure.finding.code
    assert found is code


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        (Said(204), True),
        (js({"message": "deleted"}), True),
        (js({"error": {}}, 404), True),
        (Said(404), False),
        (js({"error": {}}, 403), False),
    ],
)
async def test_a_workspace_is_gone_when_the_service_says_so(
    site: Site, web: Web, users: Users, said: Said, *, gone: bool
) -> None:
    """A 404 of the gateway's says nothing of it."""
    site.says[f"DELETE {BASE}/w-2"] = said
    assert await workspaces.delete(web, users.user("alice"), "w-2") is gone


def answer(status: int) -> Answer:
    body = b'{"error": {"code": "FORBIDDEN", "message": "m"}}'
    return Answer("GET", "https://x/api/svc/storage/a", status, {}, body)


@pytest.mark.parametrize(
    ("status", "member", "error"),
    [(200, True, CannotAsk), (200, False, Broken), (403, True, None)],
)
async def test_a_public_workspace_has_no_strangers(
    site: Site, web: Web, users: Users, status: int, *, member: bool, error: type[Exception] | None
) -> None:
    """Who is let in as a member was not let in as a stranger; a refusal needs no question."""
    site.says[f"GET {BASE}/w-1/validate-member/u-bob"] = js({"isMember": member})
    bob: User = users.user("bob")
    if error is None:
        await workspaces.expect_forbidden(web, bob, answer(status))
        assert site.asked == []
        return
    with pytest.raises(error):
        await workspaces.expect_forbidden(web, bob, answer(status))
