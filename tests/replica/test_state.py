"""A fresh state."""

from replica.models import Chat, Folder
from replica.settings import BucketSettings, Hosts
from replica.state import SYSTEM_USER, ReplicaState, add

HOSTS = Hosts("https://a.test", "https://b.test", "https://c.test", "http://a.test")
BUCKET = BucketSettings(
    "http://127.0.0.1:9", "b.s3.test:1", "b", "eu-x", "ASIAX", "secret", "token"
)


def test_two_worlds_have_nothing_in_common() -> None:
    """Neither people nor key: nothing of a past run is good in the next."""
    first, second = ReplicaState.seeded(HOSTS, BUCKET), ReplicaState.seeded(HOSTS, BUCKET)
    assert set(first.users) & set(second.users) == {SYSTEM_USER}
    assert first.home.id != second.home.id
    assert first.key.jwks() != second.key.jwks()


def test_the_cast_has_its_parts() -> None:
    """Alice owns, bob belongs, the stranger does not, the operator has a row."""
    state = ReplicaState.seeded(HOSTS, BUCKET)
    cast = {name: user.id for name, user in state.cast.items()}
    assert state.home.members == {cast["alice"]: "OWNER", cast["bob"]: "MEMBER"}
    assert state.is_member(state.home.id, cast["bob"])
    assert not state.is_member(state.home.id, cast["stranger"])
    assert not state.is_member("no such workspace", cast["alice"])
    assert [row.email for row in state.portal_users.values()] == [state.cast["operator"].email]
    assert state.plan.workspace == state.home.id


def test_what_is_seeded_was_not_created() -> None:
    """An untouched state shows nothing to clean up; then it shows each thing by name, trashed or
    not.
    """
    state = ReplicaState.seeded(HOSTS, BUCKET)
    assert set(map(tuple, state.created().values())) == {()}
    alice = state.cast["alice"].id
    lost = Folder(
        workspace=state.home.id, parent=None, name="F", path="/F", color=None, created_by=alice
    )
    lost.deleted_at = lost.created_at
    add(state.folders, lost)
    said = Chat(
        workspace=state.home.id,
        project=None,
        kind="DM",
        name="C",
        created_by=alice,
        participants=[alice],
    )
    add(state.chats, said)
    assert (state.created()["folders"], state.created()["chats"]) == (["F"], ["C"])
