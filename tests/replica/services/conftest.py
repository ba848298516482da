"""One seeded state a test, and its services in this process: no socket is opened."""

import httpx
import pytest

from replica.services import APPS
from replica.signing_key import SigningKey
from replica.state import ReplicaState
from tests.support.service_fixtures import BUCKET, HOSTS, Ask, InMemoryObjects

KEY = SigningKey()  # one for all tests: making it costs more than they do


@pytest.fixture
def objects() -> InMemoryObjects:
    return InMemoryObjects()


@pytest.fixture
def state(objects: InMemoryObjects) -> ReplicaState:
    return ReplicaState.with_seed_data(HOSTS, BUCKET, objects=objects, key=KEY)


@pytest.fixture
def ask(state: ReplicaState) -> Ask:
    """`ask("storage", "bob")` speaks to a service as a test user; without a name, as nobody."""

    def speak(service: str, who: str | None = None, **headers: str) -> httpx.AsyncClient:
        if who:
            user = state.test_users[who]
            headers["Authorization"] = f"Bearer {state.key.mint(user.id, user.email, 'access', 60)}"
        transport = httpx.ASGITransport(app=APPS[service](state))
        return httpx.AsyncClient(
            transport=transport, base_url=f"https://{service}-service", headers=headers
        )

    return speak
