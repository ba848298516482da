"""A fresh state."""

from replica.models import ChatModel, FolderModel
from replica.service_settings import BucketSettings, PublicHosts
from replica.state import SYSTEM_USER, ReplicaState, add

HOSTS = PublicHosts("https://a.test", "https://b.test", "https://c.test", "http://a.test")
BUCKET = BucketSettings(
    "http://127.0.0.1:9", "b.s3.test:1", "b", "eu-x", "ASIAX", "secret", "token"
)


def test_two_worlds_have_nothing_in_common() -> None:
    """Neither people nor key: nothing of a past run is good in the next."""
    first, second = (
        ReplicaState.with_seed_data(HOSTS, BUCKET),
        ReplicaState.with_seed_data(HOSTS, BUCKET),
    )
    assert set(first.users) & set(second.users) == {SYSTEM_USER}
    assert first.home.id != second.home.id
    assert first.key.jwks() != second.key.jwks()


def test_the_test_users_have_their_parts() -> None:
    """Alice owns, bob belongs, the stranger does not, the operator has a row."""
    state = ReplicaState.with_seed_data(HOSTS, BUCKET)
    cast = {name: user.id for name, user in state.test_users.items()}
    assert state.home.members == {cast["alice"]: "OWNER", cast["bob"]: "MEMBER"}
    assert state.is_member(state.home.id, cast["bob"])
    assert not state.is_member(state.home.id, cast["stranger"])
    assert not state.is_member("no such workspace", cast["alice"])
    assert [row.email for row in state.portal_users.values()] == [
        state.test_users["operator"].email
    ]
    assert state.plan.workspace == state.home.id


def test_what_is_seeded_was_not_created() -> None:
    """An untouched state shows nothing to clean up; then it shows each thing by name, trashed or
    not.
    """
    state = ReplicaState.with_seed_data(HOSTS, BUCKET)
    assert set(map(tuple, state.leftovers().values())) == {()}
    alice = state.test_users["alice"].id
    lost = FolderModel(
        workspace=state.home.id, parent=None, name="F", path="/F", color=None, created_by=alice
    )
    lost.deleted_at = lost.created_at
    add(state.folders, lost)
    said = ChatModel(
        workspace=state.home.id,
        project=None,
        kind="DM",
        name="C",
        created_by=alice,
        participants=[alice],
    )
    add(state.chats, said)
    assert (state.leftovers()["folders"], state.leftovers()["chats"]) == (["F"], ["C"])
