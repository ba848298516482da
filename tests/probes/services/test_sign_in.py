"""Sign-in over HTTP against a made-up auth-service and provider: where it lands, and with what."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from probes.auth.users import User, Users
from probes.config.sign_in import OAuth, SignOut
from probes.finding import Broken, CannotAsk, Code, NotApplicable
from probes.recording.recorder import Recorder
from probes.services import ops, sign_in
from probes.transport.http import Web
from tests.support.session_tokens import REFRESH, SPENT, gives, pair
from tests.support.signed import signed
from tests.support.site import Said, Site, js, target_at

OWN = signed(email="alice@example.org")
TOKENS = urlencode({"accessToken": OWN, "refreshToken": signed(type="refresh"), "userId": "u-1"})
LOGOUT = "POST apex/api/svc/auth/api/auth/logout"
COOKIE = "SESSION=c2Vzc2lvbg; Path=/; HttpOnly; Secure; SameSite=Lax"


def state(site: Site) -> OAuth:
    """A sign-in that works, over plain http."""
    origin = site.origin("google")
    here = OAuth(drivable=True, provider=origin, authorize=f"{origin}/auth").at(
        site.origin("apex"), site.origin("api")
    )
    asked = {"response_type": "code", "client_id": "c", "scope": "email profile", "state": "s" * 32}
    start = f"{here.authorize}?{urlencode({**asked, 'redirect_uri': here.redirect_uri})}"
    site.says |= {
        "GET api/api/oauth2/authorization/google": Said(
            302, headers={"location": start, "set-cookie": COOKIE}
        ),
        "GET google/auth": Said(303, headers={"location": f"{here.redirect_uri}?code=c&state=s"}),
        "GET api/api/oauth2/callback/google": Said(
            302, headers={"location": f"{here.landing}?{TOKENS}"}
        ),
        f"GET api{sign_in.ME}": js({"id": "u-1"}),
        f"GET api{ops.ME}": js({"success": True}),
    }
    return here


@pytest.fixture
async def web(site: Site, recorder: Recorder) -> AsyncIterator[Web]:
    web = Web(target_at(site, oauth=state(site), sign_out=SignOut(ends_refresh=True)))
    yield web
    await web.close()


@pytest.fixture
def alice(web: Web, recorder: Recorder) -> User:
    return Users(web.target, web, recorder.evidence.redactor).user("alice")


async def broken(verb: object) -> Code:
    with pytest.raises(Broken) as told:
        await verb  # type: ignore[misc]
    return told.value.finding.code


CALLBACK = "GET api/api/oauth2/callback/google"
REFUSED = Said(302, headers={"location": "/login?error"})
ANEW = Said(302, headers={"location": "/oauth2/authorization/google"})


def back_to(site: Site, place: str) -> None:
    site.says["GET api/api/oauth2/callback/google"] = Said(302, headers={"location": place})


@pytest.mark.parametrize(
    ("theirs", "user"),
    [
        (signed(sub="u-2", email="alice@example.org"), "u-1"),
        (signed(email="bob@example.org"), "u-1"),
        (OWN, "u-2"),
    ],
)
async def test_a_session_of_somebody_else_is_foreign(
    site: Site, web: Web, alice: User, theirs: str, user: str
) -> None:
    """Whoever the token or the landing names; one without an address is not judged by it."""
    landing = urlencode({"accessToken": theirs, "refreshToken": theirs, "userId": user})
    back_to(site, f"{web.target.oauth.landing}?{landing}")
    assert await broken(sign_in.expect_landing(web, alice)) is Code.FOREIGN_DATA


async def test_tokens_that_go_home_are_let_be(web: Web, alice: User) -> None:
    """To the app or nowhere, whatever was asked for."""
    await sign_in.expect_no_token_for(web, alice, "https://elsewhere.invalid/")


async def test_tokens_that_go_elsewhere_are_a_finding(site: Site, web: Web, alice: User) -> None:
    """A place that is not weAlist's gets tokens."""
    back_to(site, f"https://elsewhere.invalid/?{TOKENS}")
    assert (
        await broken(sign_in.expect_no_token_for(web, alice, "https://elsewhere.invalid/"))
        is Code.OAUTH_OPEN_REDIRECT
    )


async def test_another_sessions_callback_must_be_refused(site: Site, web: Web, alice: User) -> None:
    """Tokens for it are a finding; refused is right, where one's own is not."""
    assert await broken(sign_in.expect_state_checked(web, alice)) is Code.OAUTH_STATE_UNCHECKED
    site.first[CALLBACK] = [REFUSED]
    await sign_in.expect_state_checked(web, alice)


@pytest.mark.parametrize("verb", ["state", "redirect"])
async def test_a_refusal_proves_nothing_where_nobody_gets_in(
    site: Site, web: Web, alice: User, verb: str
) -> None:
    """Green would mean that it was asked."""
    site.says[CALLBACK] = REFUSED
    asking = sign_in.expect_state_checked(web, alice)
    if verb == "redirect":
        asking.close()
        asking = sign_in.expect_no_token_for(web, alice, "https://elsewhere.invalid/")
    with pytest.raises(CannotAsk, match="no sign-in gets tokens here"):
        await asking


async def test_a_made_up_code_tells_nothing_of_a_state(web: Web, alice: User) -> None:
    """Where Google must not be driven it is refused either way."""
    web.target = replace(web.target, oauth=replace(web.target.oauth, drivable=False))
    with pytest.raises(NotApplicable, match="drivable"):
        await sign_in.expect_state_checked(web, alice)


async def test_a_callback_that_arrives_is_refused_by_spring(site: Site, web: Web) -> None:
    """Its code is made up; the provider is not asked for one."""
    site.says[CALLBACK] = REFUSED
    await sign_in.expect_arrival(web)
    assert not [asked for asked in site.asked if asked.host == "google"]


@pytest.mark.parametrize("answer", [ANEW, Said(404), js({"code": "AUTH999"}, 500)])
async def test_a_callback_that_does_not_arrive_is_lost(site: Site, web: Web, answer: Said) -> None:
    """Another start is what auth-service makes of a path that it does not know."""
    site.says[CALLBACK] = answer
    assert await broken(sign_in.expect_arrival(web)) is Code.OAUTH_CALLBACK_LOST


@pytest.mark.parametrize(
    ("made_up", "health", "cause"),
    [
        (ANEW, js({}), "rewrite of /api/oauth2/callback"),
        (REFUSED, js({"status": "not_ready"}, 503), "user-service, which auth-service's callback"),
        (REFUSED, Said(404), "user-service, which auth-service's callback"),
        (REFUSED, js({"status": "ready"}), "client secret"),
    ],
)
async def test_a_callback_that_begins_anew_has_its_cause_told_apart(
    site: Site, web: Web, alice: User, *, made_up: Said, health: Said, cause: str
) -> None:
    """The rewrite, user-service and an exception answer alike; a made-up code tells which."""
    site.first[CALLBACK] = [ANEW]
    site.says[CALLBACK] = made_up
    site.says[f"GET api{sign_in.USER_HEALTH}"] = health
    with pytest.raises(Broken) as failure:
        await sign_in.expect_landing(web, alice)
    finding = failure.value.finding
    assert (finding.code, cause in finding.cause) == (Code.OAUTH_CALLBACK_LOST, True), finding


async def test_starts_that_share_a_state_are_a_finding(web: Web) -> None:
    """This auth-service has one for everybody."""
    assert await broken(sign_in.expect_starts_agree(web)) is Code.OAUTH_STATE_UNCHECKED


async def test_signing_out_ends_the_refresh_token(site: Site, web: Web, alice: User) -> None:
    """A pair that comes after it is a finding; where nothing is promised, nobody asks. That it
    worked before is seen first.
    """
    site.says |= {
        "POST api/api/svc/auth/api/test/token": gives(pair(1)),
        LOGOUT: js({"message": "m"}),
        REFRESH: SPENT,
    }
    site.first[REFRESH] = [gives(pair(2, age=30))]
    await sign_in.expect_sign_out_ends(web, alice)
    assert await broken(sign_in.expect_sign_out_ends(web, alice)) is Code.REFRESH_REPLAYED
    site.first[REFRESH] = [gives(pair(2, age=30))]
    site.says[REFRESH] = gives(pair(3, age=10))
    assert await broken(sign_in.expect_sign_out_ends(web, alice)) is Code.SIGN_OUT_INEFFECTIVE
    web.target = target_at(site)
    with pytest.raises(NotApplicable, match="ends_refresh"):
        await sign_in.expect_sign_out_ends(web, alice)


async def test_who_lands_at_home_is_asked_about_there(site: Site, web: Web, alice: User) -> None:
    """With the landing's own token; without one nobody is asked."""
    await sign_in.expect_landing(web, alice)
    (asked,) = (asked for asked in site.asked if asked.path == sign_in.ME)
    assert asked.headers["authorization"].startswith("Bearer eyJ")
    back_to(site, web.target.oauth.landing)
    assert await broken(sign_in.expect_landing(web, alice)) is Code.OAUTH_TOKEN_MISSING


async def test_who_starts_on_the_portal_must_land_there(site: Site, web: Web, alice: User) -> None:
    """The main app's landing is a hijacked one; a token without e-mail is no portal session."""
    assert await broken(sign_in.expect_portal_landing(web, alice)) is Code.OAUTH_LANDING_HIJACKED
    back_to(site, f"{web.target.oauth.portal}login?{TOKENS}")
    await sign_in.expect_portal_landing(web, alice)
    site.says[f"GET api{ops.ME}"] = js({"message": "Access denied: Not a portal user"}, 403)
    assert await broken(sign_in.expect_portal_landing(web, alice)) is Code.OPS_USER_MISSING
