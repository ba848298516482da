"""auth-service: whom to trust, for how long, and how a used refresh token gives itself away."""

import jwt
import pytest

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
    pair = (await ask("auth").post("/api/test/token", json={"userId": bob.id})).json()
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
    await ask("auth", Authorization=f"Bearer {pair['accessToken']}").post(
        "/api/auth/logout", json=both
    )
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


async def test_validate_never_refuses(ask: Ask) -> None:
    """A bad token is 200 with valid false."""
    answer = await ask("auth").post("/api/auth/validate", json={"token": "nonsense"})
    assert (answer.status_code, answer.json()["valid"], answer.json()["userId"]) == (
        200,
        False,
        None,
    )


async def test_an_expired_or_forged_refresh_token_is_401(ask: Ask, state: ReplicaState) -> None:
    """Neither is the reuse code."""
    old = state.key.mint("u", "e", "refresh", -1)
    answers = [
        await ask("auth").post(REFRESH, json={"refreshToken": token}) for token in (old, "nonsense")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert "AUTH006" not in {answer.json()["code"] for answer in answers}


async def test_the_unexpected_is_500(ask: Ask) -> None:
    """A wrong path, a wrong method and a missing body are all AUTH999: no outage."""
    auth = ask("auth")
    answers = [await auth.get("/api/auth/login"), await auth.get(REFRESH), await auth.post(REFRESH)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (500, "AUTH999")
    ] * 3


async def test_its_health_is_springs(ask: Ask) -> None:
    """UP on five paths, and Prometheus text."""
    paths = [
        "/health",
        "/ready",
        "/actuator/health",
        "/actuator/health/liveness",
        "/actuator/health/readiness",
    ]
    assert [(await ask("auth").get(path)).json() for path in paths] == [{"status": "UP"}] * 5
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
