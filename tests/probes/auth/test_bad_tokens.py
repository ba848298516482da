"""Bad tokens are made once a run, of what the environment gives, and nobody can quote one
afterwards.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from probes.auth import bad_tokens, tokens
from probes.auth.bad_tokens import KINDS, LOGOUT, MISPLACED, BadTokens
from probes.auth.jwks import JWKS
from probes.auth.tokens import Tokens
from probes.auth.users import User, Users
from probes.config.environment import Identity, UserConfig
from probes.finding import NotApplicable
from probes.recording.recorder import Recorder
from probes.state.store import FileState
from probes.transport.http import Web
from tests.support.session_tokens import REFRESH, gives, pair
from tests.support.signed import private_key, published, signed
from tests.support.site import Site, js, target_at


@pytest.fixture
async def web(site: Site, recorder: Recorder, tmp_path: Path) -> AsyncIterator[Web]:
    pem = tmp_path / "key.pem"
    pem.write_bytes(_pem())
    web = Web(target_at(site, identity=Identity(way="signing-key", signing_key=str(pem))))
    site.says |= {
        f"GET api{JWKS}": js({"keys": [published()]}),
        f"POST apex{LOGOUT}": js({"message": "Logged out"}),
    }
    yield web
    await web.close()


def _pem() -> bytes:
    return private_key(0, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def alice(web: Web, recorder: Recorder) -> User:
    return Users(web.target, web, recorder.evidence.redactor).user("alice")


@pytest.mark.parametrize("kind", [*KINDS, MISPLACED])
async def test_every_kind_is_made_and_known(
    web: Web, alice: User, recorder: Recorder, kind: str
) -> None:
    """The redactor has learned it before anybody could send it."""
    bad = await BadTokens(web).get(kind, alice)
    shown = recorder.evidence.redactor.text(f"they sent '{bad.token}' and '{bad.foreign}'")
    assert bad.kind == kind
    assert bad.foreign not in shown
    assert not bad.token or bad.token not in shown
    assert bad.token not in repr(bad) or not bad.token


async def test_all_who_ask_get_the_same(site: Site, web: Web, alice: User) -> None:
    """Asked for at the same time, made once; another member has another."""
    made = BadTokens(web)
    one, two = await asyncio.gather(
        made.get("hs256-public", alice), made.get("hs256-public", alice)
    )
    assert one == two
    assert len([asked for asked in site.asked if asked.path == JWKS]) == 1


async def test_what_weAlist_makes_is_truly_signed(web: Web, alice: User) -> None:  # noqa: N802 - its name
    """Expired, of another issuer, a refresh token: the signature holds."""
    made, public = BadTokens(web), private_key(0, 2048).public_key()
    told = {
        kind: jwt.decode(
            (await made.get(kind, alice)).token,
            public,
            algorithms=["RS256"],
            options={"verify_exp": False},
        )
        for kind in ("expired", "wrong-issuer", "refresh", "signed-out")
    }
    assert tokens.seconds_left((await made.get("expired", alice)).token) < 0
    assert told["wrong-issuer"]["iss"] != told["expired"]["iss"]
    assert [told[kind]["type"] for kind in ("refresh", "signed-out")] == ["refresh", "access"]


async def test_a_session_of_its_own_is_signed_out(site: Site, web: Web, alice: User) -> None:
    """Nobody else's session ends; the refresh token goes along for who wants to end it."""
    bad = await BadTokens(web).get("signed-out", alice)
    (asked,) = (asked for asked in site.asked if asked.path == LOGOUT)
    assert asked.headers["authorization"] == f"Bearer {bad.token}"
    assert bad.token != await alice.token()


async def test_a_token_that_others_use_is_not_signed_out(
    site: Site, recorder: Recorder, tmp_path: Path
) -> None:
    """Where sessions are kept, what ends is neither this run's nor the next one's."""
    state = tmp_path / "state.json"
    users = {"alice": UserConfig("u-1", refresh_token="R")}
    identity = Identity("refresh-token", state=f"file:{state}")
    seed, own, ended, kept = (pair(number, age=60 - 15 * number) for number in range(4))
    site.first[REFRESH] = [gives(each) for each in (own, ended, kept)]
    site.says[f"POST apex{LOGOUT}"] = js({"message": "Logged out"})
    web = Web(target_at(site, identity=identity, users=users))
    redactor = recorder.evidence.redactor
    alice = Users(web.target, web, redactor, {"R": seed.refresh}).user("alice")
    assert await alice.token() == own.access
    bad = await BadTokens(web).get("signed-out", alice)
    assert bad.token == ended.access
    assert site.asked[-1].headers["authorization"] == f"Bearer {ended.access}"
    assert (await FileState(state, 5).read("alice"))["access"] == kept.access
    await web.close()


async def test_without_a_signing_key_there_is_no_other_issuer(
    site: Site, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Skipped with its reason, as is a refresh token where nobody has one."""
    web = Web(target_at(site))
    alice = Users(web.target, web, recorder.evidence.redactor).user("alice")

    async def without_refresh(*_: object) -> Tokens:
        return Tokens(signed(), "", "u-1")

    monkeypatch.setattr(Users, "sign_in", without_refresh)
    for kind in ("wrong-issuer", "refresh"):
        with pytest.raises(NotApplicable):
            await bad_tokens.BadTokens(web).get(kind, alice)
    await web.close()
