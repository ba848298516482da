"""What a healthy auth-service answers to those who sign in, refresh, or ask for its keys."""

from urllib.parse import quote

import httpx

from probes.auth import jwks, refresh
from probes.auth.tokens import OwnSession, Tokens
from probes.services import oauth, sign_in, token_checks
from probes.services.protected_endpoints import OPS, USER
from tests.support.envelopes import success
from tests.support.session_tokens import token
from tests.support.site import Said, js
from tests.support.verb_cases import Case, Cast

PUBLIC = {
    "kty": "RSA",
    "kid": "k-1",
    "use": "sig",
    "alg": "RS256",
    "e": "AQAB",
    "n": "1" + "A" * 342,
}
PAIR = {
    "accessToken": token(number=1, age=50),
    "refreshToken": token("refresh", 1),
    "userId": "u-1",
}
LANDING = "https://apex.localhost/oauth/callback?" + "&".join(
    f"{name}={quote(value)}" for name, value in PAIR.items()
)
START = (
    "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=c&scope=email+profile"
    "&state=0123456789abcdef0123&redirect_uri=https%3A%2F%2Fapi.localhost%2Fapi%2Foauth2%2Fcallback%2Fgoogle"
)
COOKIE = "SESSION=abc; Path=/; Secure; HttpOnly; SameSite=Lax"


async def _refresh(cast: Cast) -> object:
    async def keep(_: Tokens) -> None:
        return None

    # The answer was made when this was imported, which may be an hour ago.
    old = Tokens(token(number=0, age=9000), token("refresh", 0, 9000), "u-1")
    return await refresh.refresh(cast.web, OwnSession(old, keep))


async def _callback(cast: Cast) -> object:
    answer = await oauth.callback(cast.web, httpx.Cookies(), "https://api.localhost/api/oauth2/x")
    promised = cast.web.target.oauth
    return oauth.explain_callback(answer, promised.landing, promised)


async def _admitted(cast: Cast) -> None:
    await token_checks.expect_admitted(cast.web, USER, await cast.user.token())


async def _operator(cast: Cast) -> None:
    await token_checks.expect_admitted(cast.web, OPS, await cast.user.token())


SIGN_IN = (
    Case("refresh", _refresh, (js(PAIR),)),
    Case("keys", lambda cast: jwks.fetch_keys(cast.web), (js({"keys": [PUBLIC]}),)),
    Case(
        "openid",
        lambda cast: jwks.expect_keys_verify(cast.web, PAIR["accessToken"]),
        (
            js({"issuer": "i", "jwks_uri": "https://h/.well-known/jwks.json"}),
            js({"keys": [PUBLIC]}),
        ),
    ),
    Case("user", _admitted, (js({"userId": "u-1", "email": "alice@example.org"}),)),
    Case("operator", _operator, (success({"id": "u-1", "email": "alice@example.org"}),)),
    Case(
        "start",
        lambda cast: oauth.start(cast.web, httpx.Cookies()),
        (Said(302, headers={"location": START, "set-cookie": COOKIE}),),
    ),
    Case("callback", _callback, (Said(302, headers={"location": LANDING}),)),
    Case(
        "arrival",
        lambda cast: sign_in.expect_arrival(cast.web),
        (
            Said(302, headers={"location": START, "set-cookie": COOKIE}),
            Said(302, headers={"location": "https://api.localhost/login?error"}),
        ),
    ),
)
