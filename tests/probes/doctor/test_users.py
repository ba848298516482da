"""The doctor finds a test user who is not who the environment file says, before a run accuses the
target of it.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from probes.config.environment import Identity, Target, UserConfig, Workspace
from probes.doctor import users
from probes.finding import CannotAsk
from probes.services.workspaces import WORKSPACES
from tests.support.signed import signed
from tests.support.site import NOWHERE, Said, Site, js, target_at

IDS = {"alice": "u-1", "bob": "u-2", "stranger": "u-3"}
ENVIRON = {name.upper(): signed(sub=identity) for name, identity in IDS.items()}
UNKNOWN = js({"error": {"code": "NOT_FOUND", "message": "User not found"}}, 404)
NOT_READY = js({"status": "not_ready", "checks": {"database": "disconnected"}}, 503)


def member(identity: str) -> str:
    return f"GET api{WORKSPACES}/w-1/validate-member/{identity}"


@pytest.fixture
def target(site: Site) -> Target:
    """Alice and bob are members of a private workspace, and everybody has a token."""
    site.says = {
        f"GET api{users.ME}": js({"userId": "u-1"}),
        f"GET api{users.READY}": js({"status": "ready"}),
        member("u-1"): js({"isMember": True}),
        member("u-2"): js({"isMember": True}),
        member("u-3"): js({"isMember": False}),
    }
    cast = {name: UserConfig(identity, token=name.upper()) for name, identity in IDS.items()}
    workspace = Workspace("w-1", "p-1")
    return replace(target_at(site), users=cast, identity=Identity("static"), workspace=workspace)


def test_who_is_as_said_is_let_be(target: Target) -> None:
    """Nothing is to be corrected."""
    assert users.users(target, ENVIRON).startswith("alice, bob, stranger: known")


def test_a_token_is_read_as_a_run_reads_it(target: Target) -> None:
    """With quotes and a line's end, which would be quoted in the error of a header that is none."""
    pasted = {name: f'"Bearer {token}"\n' for name, token in ENVIRON.items()}
    assert users.users(target, pasted).startswith("alice, bob, stranger: known")


def test_the_token_of_another_is_told(target: Target) -> None:
    """By both ids, and never by the token."""
    with pytest.raises(CannotAsk, match=r"the token of bob belongs to u-1, and id .* is u-2"):
        users.users(target, {**ENVIRON, "BOB": ENVIRON["ALICE"]})


@pytest.mark.parametrize(
    ("path", "said", "words"),
    [
        (f"GET api{users.ME}", UNKNOWN, "does not know .*: correct id in"),
        (member("u-3"), js({"isMember": True}), "stranger counts as a member .*isPublic"),
        (member("u-2"), js({"isMember": False}), "bob is no member of the workspace w-1: invite"),
        (member("u-1"), NOWHERE, r"alice is a member of w-1: correct id in \[workspace\]"),
        (member("u-1"), js([]), r"correct id in \[workspace\]"),
    ],
)
def test_who_is_not_as_said_is_told(
    site: Site, target: Target, path: str, said: Said, words: str
) -> None:
    """With what to do about it."""
    site.says[path] = said
    with pytest.raises(CannotAsk, match=words):
        users.users(target, ENVIRON)


def test_a_lost_database_is_no_wrong_id(site: Site, target: Target) -> None:
    """Without it user-service knows nobody, and answers the same 404."""
    site.says |= {f"GET api{users.ME}": UNKNOWN, f"GET api{users.READY}": NOT_READY}
    with pytest.raises(CannotAsk, match="user-service is not ready"):
        users.users(target, ENVIRON)


def test_no_token_is_spent_to_look(site: Site, target: Target, tmp_path: Path) -> None:
    """A refresh token alone asks nobody anything."""
    file = tmp_path / "state.json"
    file.write_text('{"alice": {"refresh": "r1"}}')
    kept = replace(target, identity=Identity("refresh-token", state=f"file:{file}"))
    assert "the first run tells" in users.users(kept, {})
    assert site.asked == []
