"""A profile that is changed is read again, and an image is looked at where it is said to be."""

import pytest

from probes.auth.users import User, Users
from probes.config.environment import Target
from probes.finding import Broken, CannotAsk
from probes.recording.redactor import Redactor
from probes.services import profiles
from probes.transport.http import Web
from tests.support.drive import with_bucket
from tests.support.site import NOWHERE, Said, Site, js

ME = "apex/api/svc/user/api/profiles/me"
SIGNED = "X-Amz-Credential=ASIAQWERTYUIOPASDFGH/20260102/ap-northeast-2/s3/aws4_request"


@pytest.fixture
def target(site: Site) -> Target:
    return with_bucket(site, "bob")


@pytest.fixture
def bob(target: Target, web: Web) -> User:
    return Users(target, web, Redactor(), {"BOB": "bobs.own.token"}).user("bob")


def named(name: str, image: str | None = None) -> Said:
    return js({"userId": "u-1", "nickName": name, "profileImageUrl": image})


async def test_a_name_is_given_for_a_while(site: Site, web: Web, bob: User) -> None:
    """What it was before is put back, and every call names the workspace."""
    site.says |= {f"GET {ME}": named("Bob"), f"PUT {ME}": named("x")}
    async with profiles.rename_profile(web, bob, "probe bob"):
        pass
    puts = [asked.body for asked in site.asked if asked.method == "PUT"]
    assert [b"probe bob" in puts[0], b'"Bob"' in puts[1]] == [True, True]
    assert {asked.headers["x-workspace-id"] for asked in site.asked} == {"w-1"}


def test_a_name_was_nobodys_before() -> None:
    """A run that was killed leaves its name behind, and the next must not find it kept."""
    assert len({profiles.new_name() for _ in range(50)}) == 50


@pytest.mark.parametrize("found", ["Bob", "Carol", "probe 0123abcd"])
async def test_a_name_that_was_not_kept_is_told(
    site: Site, web: Web, bob: User, found: str
) -> None:
    """With what is read in its place: the name before, be it one that a run has left, or any."""
    site.says[f"GET {ME}"] = named(found)
    await profiles.expect_name(web, bob, found, "x")
    before = "Bob" if found == "Carol" else found
    with pytest.raises(Broken, match=f"saved as 'probe bob', and reads '{found}'"):
        await profiles.expect_name(web, bob, "probe bob", before)


async def test_another_run_may_rename_them_meanwhile(site: Site, web: Web, bob: User) -> None:
    """Then nobody knows whether ours was kept."""
    site.says[f"GET {ME}"] = named("probe 0123abcd")
    with pytest.raises(
        CannotAsk, match="another run of the probes has called bob 'probe 0123abcd'"
    ):
        await profiles.expect_name(web, bob, "probe 4567abcd", "Bob")


async def test_an_image_is_uploaded_registered_and_chosen(site: Site, web: Web, bob: User) -> None:
    """In this order, its bytes to the bucket."""
    url = f"{site.origin('s3')}/files/key?{SIGNED}"
    site.says |= {
        f"POST {ME}/image/presigned-url": js({"uploadUrl": url, "fileKey": "key"}),
        "PUT s3/files/key": Said(200),
        f"POST {ME}/image/attachment": js({"attachmentId": "a-1"}, 201),
        f"PUT {ME}/image": named("Bob"),
        f"GET {ME}": named("Bob", "https://cdn/old"),
    }
    assert await profiles.set_image(web, bob) == "https://cdn/old"
    _, *asked = site.asked
    assert [each.method for each in asked] == ["POST", "PUT", "POST", "PUT"]
    assert asked[1].body == profiles.IMAGE
    assert b"a-1" in asked[3].body


@pytest.mark.parametrize(
    ("image", "got", "words"),
    [
        (None, NOWHERE, "contract-broken: .* it names none"),
        ("undefined", NOWHERE, "contract-broken: .* it names undefined"),
        ("{cdn}/old", NOWHERE, "contract-broken: .* it names http.*/old"),
        ("{cdn}/key", NOWHERE, "upload-lost: .* for the profile's image"),
        ("{cdn}/key", Said(200, b"another"), "upload-lost: .* with 7 bytes"),
    ],
)
async def test_an_image_that_is_not_there_is_told(
    site: Site, web: Web, bob: User, *, image: str | None, got: Said, words: str
) -> None:
    """None, no address, an earlier one, nothing under it, or another's bytes."""
    place = image and image.replace("{cdn}", site.origin("cdn"))
    site.says |= {f"GET {ME}": named("Bob", place), "GET cdn/key": got}
    with pytest.raises(Broken, match=words):
        await profiles.expect_image(web, bob, f"{site.origin('cdn')}/old")
    site.says |= {
        f"GET {ME}": named("Bob", f"{site.origin('cdn')}/key"),
        "GET cdn/key": Said(200, profiles.IMAGE),
    }
    await profiles.expect_image(web, bob, f"{site.origin('cdn')}/old")
