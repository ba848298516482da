"""What each service takes for good: all of a good token, none of a bad one, and what each fault
makes of that.
"""

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from replica.signing_key import ISSUER, KEY_ID, SigningKey
from replica.state import ReplicaState
from tests.support.service_fixtures import Ask

WHERE = {
    "user": "/api/users/me",
    "board": "/api/projects/workspace/{home}",
    "chat": "/api/chats/my",
    "noti": "/api/notifications/unread-count",
    "storage": "/storage/folders/contents?workspaceId={home}",
    "ops": "/api/users/me",
}
FIVE = set(WHERE) - {"ops"}
OTHER = SigningKey()


def tokens(state: ReplicaState) -> dict[str, str]:
    """The operator's token in every way that it can be bad, by name."""
    who = state.test_users["operator"]
    claims = {"sub": who.id, "iss": ISSUER, "exp": 2**33, "type": "access", "email": who.email}
    pem, public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    secret = state.key.private.public_key().public_bytes(pem, public)
    header, body = (
        jwt.utils.base64url_encode(b'{"alg":"HS256","kid":"%s"}' % KEY_ID.encode()).decode(),
        "",
    )
    signing = f"{header}.{jwt.encode(claims, '', 'none').split('.')[1]}{body}"
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        signing.encode(), secret
    )

    def signed(key: SigningKey = state.key, kid: str = KEY_ID, **other: object) -> str:
        return jwt.encode({**claims, **other}, key.private, "RS256", {"kid": kid})

    return {
        "good": signed(),
        "expired": signed(exp=1),
        "other-key": signed(OTHER),
        "alg-none": jwt.encode(claims, "", "none", {"kid": KEY_ID}),
        "public-key-as-secret": f"{signing}.{jwt.utils.base64url_encode(signature).decode()}",
        "kid-unknown": signed(OTHER, kid="../../dev/null"),
        "other-issuer": signed(iss="somebody"),
        "refresh": signed(type="refresh"),
        "nonsense": "x" * 16_000,
    }


async def admitted(ask: Ask, state: ReplicaState) -> set[tuple[str, str]]:
    """Each service with each token that opens it."""
    home = add_operator(state)
    found = set()
    for service, path in WHERE.items():
        for name, token in tokens(state).items():
            asking = ask(service, Authorization=f"Bearer {token}", **{"X-Workspace-Id": home})
            answer = await asking.get(path.format(home=home))
            assert answer.status_code in (200, 401), (service, name, answer.text)
            found |= {(service, name)} if answer.status_code == 200 else set()
    return found


def add_operator(state: ReplicaState) -> str:
    state.home.members[state.test_users["operator"].id] = "MEMBER"
    return state.home.id


GOOD = {(service, "good") for service in WHERE}
PARSED = {
    "expired",
    "other-key",
    "alg-none",
    "public-key-as-secret",
    "kid-unknown",
    "other-issuer",
    "refresh",
}
CELLS = {
    "none": set(),
    "ops-parses-without-verifying": {("ops", name) for name in PARSED},
    "services-trust-unverified-tokens": {(service, name) for service in FIVE for name in PARSED},
    "services-ignore-expiry": {(service, "expired") for service in WHERE},
    "service-accepts-alg-none": {("storage", "alg-none")},
    "refresh-token-serves-as-access": {(service, "refresh") for service in WHERE},
    "auth-validates-foreign-issuers": {(service, "other-issuer") for service in WHERE},
}


@pytest.mark.parametrize("fault", CELLS)
async def test_a_fault_turns_exactly_its_cells(ask: Ask, state: ReplicaState, fault: str) -> None:
    """Of six services and nine tokens, the good one opens all, and a fault adds what its sentence
    says.
    """
    state.faults = {fault} - {"none"}
    assert await admitted(ask, state) == GOOD | CELLS[fault]


# What auth-service's /validate lets pass, and with it everybody who asks it (contract §2.3).
UNCOMPARED = {"other-issuer", "refresh"}


async def test_production_only_parses(ask: Ask, state: ReplicaState) -> None:
    """ISTIO_JWT_MODE is on for all but ops, which asks /validate (contract §2.5)."""
    state.production = True
    ops = {("ops", name) for name in UNCOMPARED}
    assert await admitted(ask, state) == GOOD | CELLS["services-trust-unverified-tokens"] | ops


@pytest.mark.parametrize(
    "bad", ["expired", "other-key", "alg-none", "kid-unknown", "other-issuer", "refresh"]
)
@pytest.mark.parametrize("production", [False, True])
@pytest.mark.slow
async def test_the_stream_validates_whatever_the_mode(
    ask: Ask, state: ReplicaState, bad: str, *, production: bool
) -> None:
    """By query and by header; in production with what /validate does not compare."""
    state.production = production
    token = tokens(state)[bad]
    stream = "/api/notifications/stream"
    answers = [
        await ask("noti").get(stream, params={"token": token}),
        await ask("noti", Authorization=f"Bearer {token}").get(stream),
    ]
    status = 200 if production and bad in UNCOMPARED else 401
    assert [answer.status_code for answer in answers] == [status] * 2


@pytest.mark.parametrize("service", ["ops", "user"])
async def test_a_key_is_not_chosen_by_its_id(ask: Ask, state: ReplicaState, service: str) -> None:
    """Auth-service looks at no kid, so that another one on a token of its own is good enough."""
    who = state.test_users["operator"]
    claims = {"sub": who.id, "iss": ISSUER, "exp": 2**33, "type": "access", "email": who.email}
    token = jwt.encode(claims, state.key.private, "RS256", {"kid": "of-yesterday"})
    answer = await ask(service, Authorization=f"Bearer {token}").get(WHERE[service])
    assert answer.status_code == 200


async def test_only_a_parser_says_that_it_could_not_parse(ask: Ask, state: ReplicaState) -> None:
    """The message tells the mode (contract §2.5)."""
    asking = ask("user", Authorization="Bearer nonsense")
    said = [(await asking.get(WHERE["user"])).json()["error"]["message"]]
    state.production = True
    said.append((await asking.get(WHERE["user"])).json()["error"]["message"])
    assert said == ["Invalid or expired token", "Failed to parse token"]
