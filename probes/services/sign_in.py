"""Sign-in from start to landing over HTTP, through a provider that may be driven, and what may go
astray on the way.
"""

from dataclasses import replace

import httpx

from probes.auth import jwks, refresh
from probes.auth.bad_tokens import sign_out
from probes.auth.tokens import Tokens, claims
from probes.auth.users import User
from probes.finding import Broken, CannotAsk, Code, Finding, NotApplicable
from probes.services import identity_provider, oauth, ops
from probes.services.oauth_answers import parse_landing
from probes.transport import envelopes
from probes.transport.http import Answer, Web

ME = "/api/svc/user/api/users/me"
MADE_UP = "a-code-that-no-provider-gave"
USER_HEALTH = "/api/svc/user/health/ready"
NO_USER_SERVICE = "user-service, which auth-service's callback asks for the user, is not ready"
LEFT_BEHIND = (
    "auth-service: the redirect_uri of a sign-in that was given up stays in the session, and the "
    "next one lands there (OAuth2RedirectUriFilter, contract 2.1)"
)
ANOTHERS_SESSION = (
    "auth-service's callback: the user that user-service gave it (/api/internal/oauth/login), or a "
    "session that two users share"
)
LEFT_ALONE = "auth-service: logout blacklists the access token only (contract 2.3)"


async def expect_landing(web: Web, user: User) -> None:
    """Who signs in on the main app is sent back to it, with tokens that its services take. Raises
    Broken.
    """
    tokens = await _tokens(web, user, "", web.target.oauth.landing)
    answer = await web.ask("GET", web.target.hosts.api + ME, token=tokens.access)
    if answer.status == 401:
        await jwks.expect_no_key_problem(web, tokens.access)
    if finding := envelopes.explain(answer, 200):
        raise Broken(finding)


async def expect_portal_landing(web: Web, user: User) -> None:
    """Who starts on the portal is sent back to the portal, with a token that ops-service takes.
    Raises Broken.
    """
    wanted = f"{web.target.oauth.portal}login"
    tokens = await _tokens(web, user, wanted, wanted)
    answer = await web.ask("GET", web.target.hosts.api + ops.ME, token=tokens.access)
    if answer.status == 401 and claims(tokens.access).get("email"):
        await jwks.expect_no_key_problem(web, tokens.access)
    if finding := ops.explain(answer, tokens.access):
        raise Broken(finding)


async def _tokens(web: Web, user: User, redirect_uri: str, wanted: str) -> Tokens:
    answer = await _come_back(web, user, httpx.Cookies(), redirect_uri)
    if finding := oauth.explain_callback(answer, wanted, web.target.oauth):
        raise Broken(await narrow(web, finding))
    tokens = parse_landing(answer).tokens
    assert tokens, "a callback without finding has tokens"
    if finding := explain_session(tokens, user.id, user.email):
        raise Broken(finding)
    return tokens


def explain_session(tokens: Tokens, user: str, email: str) -> Finding | None:
    """Name whose session a sign-in gave in place of the user's; None where it is theirs; pure."""
    token_claims = claims(tokens.access)
    theirs = {"sub": user, "email": email.casefold(), "userId": user}
    got_email = str(token_claims.get("email") or "").casefold()
    got = {"sub": token_claims.get("sub"), "email": got_email, "userId": tokens.user_id}
    wrong = [name for name, value in got.items() if value and value != theirs[name]]
    if not wrong:
        return None
    observed = f"{email} signed in, and the session is of {got['email'] or got['sub']}"
    return Finding(Code.FOREIGN_DATA, f"{observed} ({', '.join(wrong)})", ANOTHERS_SESSION)


async def narrow(web: Web, finding: Finding) -> Finding:
    """`finding` with the one of its causes that a callback with a made-up code tells: where that
    reaches Spring, the rewrite is in order, and the real one ended in an exception.
    """
    if finding.cause != oauth.BEGINS_ANEW:
        return finding
    try:
        lost = oauth.explain_arrival(await _made_up(web))
    except Broken:
        return finding
    if lost:
        return replace(finding, cause=lost.cause)
    try:
        ready = await web.ask("GET", f"{web.target.hosts.api}{USER_HEALTH}")
    except Broken as failure:
        return replace(finding, cause=f"{NO_USER_SERVICE}: {failure.finding.observed}")
    if ready.status != 200:
        return replace(finding, cause=f"{NO_USER_SERVICE}: {ready}")
    return replace(finding, cause=oauth.FAILED)


async def _made_up(web: Web) -> Answer:
    """What a callback is answered that has a good state and session, and a code that the provider
    never gave. The provider's pages are not touched.
    """
    jar = httpx.Cookies()
    begun = await oauth.start(web, jar)
    query = {"code": MADE_UP, "state": begun.query["state"]}
    return await oauth.callback(
        web, jar, str(httpx.URL(web.target.oauth.redirect_uri, params=query))
    )


async def expect_arrival(web: Web) -> None:
    """A callback comes to auth-service, which refuses a made-up code. Raises Broken."""
    if finding := oauth.explain_arrival(await _made_up(web)):
        raise Broken(finding)


async def _come_back(web: Web, user: User, jar: httpx.Cookies, redirect_uri: str = "") -> Answer:
    return await oauth.callback(web, jar, await _grant(web, user, jar, redirect_uri))


async def _grant(web: Web, user: User, jar: httpx.Cookies, redirect_uri: str = "") -> str:
    """The URL with which the provider sends `user` back. Raises Broken, CannotAsk,
    NotApplicable.
    """
    identity_provider.require_drivable(web.target)
    begun = await oauth.start(web, jar, redirect_uri)
    return await identity_provider.sign_in(web, jar, begun.location, user.email)


async def expect_no_token_for(web: Web, user: User, redirect_uri: str) -> None:
    """A sign-in that asks for another place sends its tokens to the app, or nowhere. Raises
    Broken; CannotAsk where no sign-in gets tokens.
    """
    answer = await _come_back(web, user, httpx.Cookies(), redirect_uri)
    if finding := oauth.explain_leak(answer, web.target.oauth):
        raise Broken(finding)
    if not parse_landing(answer).tokens:
        await _expect_a_way_in(web, user)


async def expect_forgotten(web: Web, user: User) -> None:
    """Who gave up a sign-in on the portal and then signs in on the app lands on the app. Raises
    Broken, NotApplicable.
    """
    identity_provider.require_drivable(web.target)
    jar, oauth_of = httpx.Cookies(), web.target.oauth
    await oauth.start(web, jar, f"{oauth_of.portal}login")
    answer = await _come_back(web, user, jar)
    finding = oauth.explain_callback(answer, oauth_of.landing, oauth_of)
    if finding and finding.code is Code.OAUTH_LANDING_HIJACKED:
        raise Broken(replace(finding, cause=LEFT_BEHIND))
    if finding:
        raise Broken(await narrow(web, finding))


async def expect_state_checked(web: Web, user: User) -> None:
    """A callback with a state that belongs to another session gets nothing. Raises Broken;
    CannotAsk where no sign-in gets tokens, NotApplicable where the provider must not be driven: a
    made-up code is refused whatever its state.
    """
    mine, somebody_elses = httpx.Cookies(), httpx.Cookies()
    url = await _grant(web, user, somebody_elses)
    await oauth.start(web, mine)
    if finding := oauth.explain_refusal(await oauth.callback(web, mine, url)):
        raise Broken(await narrow(web, finding))
    await _expect_a_way_in(web, user)


async def _expect_a_way_in(web: Web, user: User) -> None:
    """Raises CannotAsk where a sign-in without tricks gets no tokens either."""
    answer = await _come_back(web, user, httpx.Cookies())
    if not parse_landing(answer).tokens:
        raise CannotAsk(
            "no sign-in gets tokens here, so that a refusal proves nothing: look at "
            "sign_in/who-signs-in-is-sent-home first"
        )


async def expect_starts_agree(web: Web) -> None:
    """Whichever pod begins it, sign-in begins the same way. Raises Broken."""
    if finding := oauth.explain_starts(
        [await oauth.start(web, httpx.Cookies()) for _ in range(oauth.STARTS)]
    ):
        raise Broken(finding)


async def expect_sign_out_ends(web: Web, user: User) -> None:
    """After signing out the refresh token gives nothing. Raises Broken, NotApplicable."""
    if not web.target.sign_out.ends_refresh:
        raise NotApplicable(
            "signing out does not end the refresh token here: ends_refresh in [sign_out] is false"
        )
    async with user.session() as session:
        await refresh.refresh(web, session)  # one that never works proves nothing
        await sign_out(web, session.tokens)
        answer = await refresh.request_pair(web, session.tokens.refresh)
        if again := refresh.read_pair(answer):
            await session.save(again)
            observed = f"{answer} with new tokens to who has signed out"
            raise Broken(Finding(Code.SIGN_OUT_INEFFECTIVE, observed, LEFT_ALONE))
        if finding := envelopes.explain(answer, 401):
            raise Broken(finding)
