"""What a scenario may ask for by name: the fixtures of a run, all opened by its session."""

from collections.abc import Callable

import pytest

from probes.auth.users import User
from probes.browser.browser import Browser
from probes.cluster.reader import Cluster
from probes.config.environment import Target
from probes.recording.ledger import Ledger
from probes.runner.session import Session
from probes.services.storage import Drive
from probes.transport.http import Web

SESSION = pytest.StashKey[Session]()


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    return request.config.stash[SESSION].target


@pytest.fixture(scope="session")
def web(request: pytest.FixtureRequest) -> Web:
    return request.config.stash[SESSION].web


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Browser:
    return request.config.stash[SESSION].browser


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The API of the environment's Kubernetes cluster, where it names one."""
    return request.config.stash[SESSION].cluster


@pytest.fixture(scope="session")
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return request.config.stash[SESSION].ledger


@pytest.fixture(scope="session")
def user(request: pytest.FixtureRequest) -> Callable[[str], User]:
    """A test user, by role."""
    return request.config.stash[SESSION].users.user


@pytest.fixture(scope="session")
def drive_of(request: pytest.FixtureRequest) -> Callable[[str], Drive]:
    """The drive of a test user, by role."""
    return request.config.stash[SESSION].drive
