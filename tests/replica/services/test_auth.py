"""auth-service: whom to trust, for how long, and how a used refresh token gives itself away."""

import asyncio

import jwt
import pytest

from replica.signing_key import SigningKey
from replica.state import SYSTEM_USER, ReplicaState
from tests.support.service_fixtures import Ask

REFRESH = "/api/auth/refresh"


@pytest.fixture(autouse=True)
def _tokens_for_tests(state: ReplicaState) -> None:
    """The test endpoint is a quick way to a pair."""
    state.faults.add("test-token-endpoint-open")


async def test_the_test_endpoint_signs_in_whom_it_is_asked_for(
    ask: Ask, state: ReplicaState
) -> None:
    """The claims are weAlist's: no jti, no aud, the type and the e-mail in both tokens."""
    bob = state.test_users["bob"]
    whom = {"userId": bob.id, "email": bob.email}
    pair = (await ask("auth").post("/api/test/token", json=whom)).json()
    access, refresh = state.key.read(pair["accessToken"]), state.key.read(pair["refreshToken"])
    assert set(access) == {"sub", "iss", "iat", "exp", "type", "email"}
    assert (access["sub"], access["email"], access["type"]) == (bob.id, bob.email, "access")
    assert refresh["type"] == "refresh"
    assert (access["exp"] - access["iat"], refresh["exp"] - refresh["iat"]) == (1800, 7 * 24 * 3600)


async def test_the_test_endpoint_falls_back_to_the_system_user(ask: Ask) -> None:
    """Without a body, and with an id that is none."""
    assert (await ask("auth").post("/api/test/token")).json()["userId"] == SYSTEM_USER
    assert (await ask("auth").post("/api/test/token", json={"userId": "?"})).json()[
        "userId"
    ] == SYSTEM_USER


@pytest.mark.parametrize(
    ("sent", "claimed"), [({}, "loadtest@wealist.co.kr"), ({"email": ""}, None)]
)
async def test_an_address_is_claimed_for_who_sends_none(
    ask: Ask, state: ReplicaState, sent: dict[str, str], claimed: str | None
) -> None:
    """One address for all users, unless an empty one is sent: then there is no claim."""
    whom = {"userId": state.test_users["bob"].id, **sent}
    pair = (await ask("auth").post("/api/test/token", json=whom)).json()
    assert state.key.read(pair["accessToken"]).get("email") == claimed


async def test_the_public_key_checks_the_token(ask: Ask) -> None:
    """What the JWKS shows is what signs, under the kid of the token's header."""
    token = (await ask("auth").post("/api/test/token")).json()["accessToken"]
    (shown,) = (await ask("auth").get("/.well-known/jwks.json")).json()["keys"]
    assert jwt.get_unverified_header(token) == {
        "alg": "RS256",
        "kid": "wealist-auth-key-1",
        "typ": "JWT",
    }
    assert shown["kid"] == "wealist-auth-key-1"
    jwt.decode(token, jwt.PyJWK(shown), algorithms=["RS256"], issuer="wealist-auth-service")


async def test_a_used_refresh_token_is_refused(ask: Ask) -> None:
    """Rotation: once is enough; the second time it is AUTH006."""
    first = (await ask("auth").post("/api/test/token")).json()["refreshToken"]
    fresh = await ask("auth").post(REFRESH, json={"refreshToken": first})
    again = await ask("auth").post(REFRESH, json={"refreshToken": first})
    assert (fresh.status_code, set(fresh.json())) == (
        200,
        {"accessToken", "refreshToken", "userId"},
    )
    assert (again.status_code, again.json()["code"]) == (401, "AUTH006")


@pytest.mark.parametrize("forgets", [False, True])
async def test_logout_ends_what_it_is_given(
    ask: Ask, state: ReplicaState, *, forgets: bool
) -> None:
    """The access token always; the refresh token that comes along unless weAlist's habit is asked
    for.
    """
    state.faults |= {"sign-out-forgets-refresh-token"} if forgets else set()
    pair = (await ask("auth").post("/api/test/token")).json()
    validate, both = {"token": pair["accessToken"]}, {"refreshToken": pair["refreshToken"]}
    assert (await ask("auth").post("/api/auth/validate", json=validate)).json()["valid"] is True
    left = await ask("auth", Authorization=f"Bearer {pair['accessToken']}").post(
        "/api/auth/logout", json=both
    )
    assert left.json()["success"] is True
    assert (await ask("auth").post("/api/auth/validate", json=validate)).json()["valid"] is False
    again = await ask("auth").post(REFRESH, json=both)
    assert again.status_code == (200 if forgets else 401)


async def test_without_its_switch_there_is_no_test_endpoint(ask: Ask, state: ReplicaState) -> None:
    """ENABLE_TEST_AUTH is off: the path is as unknown as any other (contract §2.4)."""
    state.faults.clear()
    answers = [await ask("auth").post("/api/test/token"), await ask("auth").get("/api/test/status")]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (500, "AUTH999")
    ] * 2


def token_of(state: ReplicaState, kind: str) -> str:
    """A token that is bad in one way, truly signed where that is not the way."""
    alice = state.test_users["alice"]
    claims = {"sub": alice.id, "iss": "elsewhere", "exp": 2**32, "type": "access"}
    match kind:
        case "expired":
            return state.key.mint(alice.id, alice.email, "access", -1)
        case "foreign-key":
            return jwt.encode(claims, SigningKey().private, "RS256")
        case "foreign-issuer":
            return jwt.encode(claims, state.key.private, "RS256")
        case "refresh":
            return state.key.mint(alice.id, alice.email, "refresh", 60)
    return "nonsense"


@pytest.mark.parametrize(
    "kind", ["expired", "foreign-key", "foreign-issuer", "refresh", "nonsense"]
)
async def test_validate_says_the_same_of_every_bad_token(
    ask: Ask, state: ReplicaState, kind: str
) -> None:
    """200, valid false, one message, and no userId."""
    answer = await ask("auth").post("/api/auth/validate", json={"token": token_of(state, kind)})
    assert answer.status_code == 200
    assert answer.json() == {"valid": False, "message": "Internal server error"}


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("refresh", "refresh-token-serves-as-access"),
        ("foreign-issuer", "auth-validates-foreign-issuers"),
    ],
)
@pytest.mark.parametrize("production", [False, True])
async def test_validate_looks_at_neither_type_nor_issuer(
    ask: Ask, state: ReplicaState, kind: str, fault: str, *, production: bool
) -> None:
    """As it is in production, and under its fault elsewhere."""
    state.production, state.faults = production, set() if production else {fault}
    answer = await ask("auth").post("/api/auth/validate", json={"token": token_of(state, kind)})
    assert answer.json()["valid"] is True


async def test_refreshes_that_come_at_once_all_succeed(ask: Ask) -> None:
    """Look and entry in the blacklist are two steps; one refresh later the token is spent."""
    token = (await ask("auth").post("/api/test/token")).json()["refreshToken"]
    body = {"refreshToken": token}
    at_once = await asyncio.gather(*(ask("auth").post(REFRESH, json=body) for _ in range(3)))
    assert [answer.status_code for answer in at_once] == [200] * 3
    assert (await ask("auth").post(REFRESH, json=body)).json()["code"] == "AUTH006"


@pytest.mark.parametrize(
    ("kind", "code"), [("expired", "AUTH002"), ("foreign-key", "AUTH003"), ("nonsense", "AUTH004")]
)
async def test_each_bad_refresh_token_has_a_code(
    ask: Ask, state: ReplicaState, kind: str, code: str
) -> None:
    """None of them is the code of reuse."""
    answer = await ask("auth").post(REFRESH, json={"refreshToken": token_of(state, kind)})
    assert (answer.status_code, answer.json()["code"]) == (401, code)


async def test_the_unexpected_is_500(ask: Ask) -> None:
    """A wrong path, a wrong method and a missing body are all AUTH999: no outage."""
    auth = ask("auth")
    answers = [await auth.get("/api/auth/login"), await auth.get(REFRESH), await auth.post(REFRESH)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (500, "AUTH999")
    ] * 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/refresh"),
        ("GET", "/error"),
        ("GET", "/login?error"),
        ("GET", "/api/oauth2/callback/google?code=c&state=s"),
        ("GET", "/config.yaml"),
    ],
)
async def test_what_nobody_may_ask_leads_to_sign_in(ask: Ask, method: str, path: str) -> None:
    """302 to the authorization endpoint and a session, not 500 (contract §2.1)."""
    answer = await ask("auth").request(method, path)
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://auth-service/oauth2/authorization/google"
    assert answer.headers["set-cookie"].startswith("SESSION=")


async def test_a_visitor_with_a_session_gets_no_other(ask: Ask) -> None:
    """A cookie once, however often they are sent to sign in."""
    browser = ask("auth")
    first, again = await browser.get("/error"), await browser.get("/error")
    assert ("set-cookie" in first.headers, "set-cookie" in again.headers) == (True, False)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://wealist.localhost:41001", 200),
        ("https://auth-service", 200),
        ("http://localhost:3000", 200),
        ("https://wealist.localhost.elsewhere.invalid", 403),
        ("null", 403),
    ],
)
async def test_an_origin_that_is_not_listed_is_refused(ask: Ask, origin: str, status: int) -> None:
    """Spring's CorsFilter answers 403 whatever is asked, and the service's own origin is none."""
    answer = await ask("auth", Origin=origin).get("/.well-known/jwks.json")
    assert answer.status_code == status
    assert status == 200 or answer.text == "Invalid CORS request"


async def test_a_preflight_is_answered_for_listed_methods(ask: Ask) -> None:
    """PATCH is not among them (contract §1.5)."""
    browser = ask("auth", Origin="http://localhost:3000")
    answers = [
        await browser.options(REFRESH, headers={"Access-Control-Request-Method": method})
        for method in ("POST", "PATCH")
    ]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert answers[0].headers["access-control-allow-origin"] == "http://localhost:3000"


async def test_its_health_is_told_in_three_ways(ask: Ask) -> None:
    """Its own on /health and /ready, the actuator's below /actuator, and Prometheus text."""
    paths = ["", "/liveness", "/readiness"]
    assert (await ask("auth").get("/health")).json() == {"status": "ok", "service": "auth-service"}
    assert (await ask("auth").get("/ready")).json()["status"] == "ready"
    assert [(await ask("auth").get(f"/actuator/health{path}")).json() for path in paths] == [
        {"status": "UP"}
    ] * 3
    assert (
        (await ask("auth").get("/actuator/prometheus"))
        .headers["content-type"]
        .startswith("text/plain")
    )
    assert (await ask("auth").get("/actuator/info")).json() == {}
    assert (await ask("auth").get("/api/test/status")).json()["testAuthEnabled"] is True
    assert (await ask("auth").get("/.well-known/openid-configuration")).json()[
        "issuer"
    ] == "wealist-auth-service"


async def test_a_refresh_is_replayed(ask: Ask, state: ReplicaState) -> None:
    """Fault gateway-replays-refresh: the token is spent, and the answer is that of the second
    time.
    """
    state.faults.add("gateway-replays-refresh")
    token = (await ask("auth").post("/api/test/token")).json()["refreshToken"]
    answer = await ask("auth").post(REFRESH, json={"refreshToken": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTH006")
    assert token in state.blacklist


async def test_a_refresh_does_not_rotate(ask: Ask, state: ReplicaState) -> None:
    """Fault refresh-does-not-rotate: the same refresh token again, as often as one likes."""
    state.faults.add("refresh-does-not-rotate")
    token = (await ask("auth").post("/api/test/token")).json()["refreshToken"]
    for _ in range(2):
        answer = await ask("auth").post(REFRESH, json={"refreshToken": token})
        assert (answer.status_code, answer.json()["refreshToken"]) == (200, token)
        assert state.key.read(answer.json()["accessToken"])["type"] == "access"
