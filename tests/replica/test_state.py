"""A fresh world."""

from replica.models import Chat, Folder
from replica.settings import BucketSettings, Hosts
from replica.state import SYSTEM_USER, World, add

HOSTS = Hosts("https://a.test", "https://b.test", "https://c.test", "http://a.test")
BUCKET = BucketSettings(
    "http://127.0.0.1:9", "b.s3.test:1", "b", "eu-x", "ASIAX", "secret", "token"
)


def test_two_worlds_have_nothing_in_common() -> None:
    """Neither people nor key: nothing of a past run is good in the next."""
    first, second = World.seeded(HOSTS, BUCKET), World.seeded(HOSTS, BUCKET)
    assert set(first.users) & set(second.users) == {SYSTEM_USER}
    assert first.home.id != second.home.id
    assert first.key.jwks() != second.key.jwks()


def test_the_cast_has_its_parts() -> None:
    """Alice owns, bob belongs, the stranger does not, the operator has a row."""
    world = World.seeded(HOSTS, BUCKET)
    cast = {name: user.id for name, user in world.cast.items()}
    assert world.home.members == {cast["alice"]: "OWNER", cast["bob"]: "MEMBER"}
    assert world.is_member(world.home.id, cast["bob"])
    assert not world.is_member(world.home.id, cast["stranger"])
    assert not world.is_member("no such workspace", cast["alice"])
    assert [row.email for row in world.portal_users.values()] == [world.cast["operator"].email]
    assert world.plan.workspace == world.home.id


def test_what_is_seeded_was_not_created() -> None:
    """An untouched world shows nothing to clean up; then it shows each thing by name, trashed or
    not.
    """
    world = World.seeded(HOSTS, BUCKET)
    assert set(map(tuple, world.created().values())) == {()}
    alice = world.cast["alice"].id
    lost = Folder(
        workspace=world.home.id, parent=None, name="F", path="/F", color=None, created_by=alice
    )
    lost.deleted_at = lost.created_at
    add(world.folders, lost)
    said = Chat(
        workspace=world.home.id,
        project=None,
        kind="DM",
        name="C",
        created_by=alice,
        participants=[alice],
    )
    add(world.chats, said)
    assert (world.created()["folders"], world.created()["chats"]) == (["F"], ["C"])
