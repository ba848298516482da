"""A seeded replica behind one origin, one browser for all, and alice signed in."""

import socket
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from replica.service_settings import BucketSettings, PublicHosts
from replica.services import APPS
from replica.signing_key import SigningKey
from replica.state import ReplicaState
from tests.support.page_visits import Place, Visitor, served, tokens_of, visitor

KEY = SigningKey()
expect.set_options(timeout=30_000)  # playwright's five seconds are short on a busy machine


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """A seeded replica behind one loopback origin."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        url = f"http://localhost:{port}"
        bucket = BucketSettings(
            url, f"localhost:{port}/bucket", "bucket", "eu-x", "ASIAX", "s", "t", scheme="http"
        )
        place = Place(
            url, ReplicaState.with_seed_data(PublicHosts(url, url, url, url), bucket, key=KEY)
        )
        place.apps = {name: app(place.state) for name, app in APPS.items()}
        async with served(place, listening):
            yield place


@pytest.fixture
async def alice(browser: Browser, place: Place) -> AsyncIterator[Visitor]:
    """Alice, signed in."""
    found = await visitor(browser, place, tokens_of(place))
    yield found
    await found.page.close()
