"""The cast, and what each of them has: roles, not clients."""

from collections.abc import Callable

import pytest

from probes.identity import Member
from probes.storage import Drive
from probes.target import Presign, Target


@pytest.fixture(scope="session")
def alice(member: Callable[[str], Member]) -> Member:
    """A member of the workspace."""
    return member("alice")


@pytest.fixture(scope="session")
def bob(member: Callable[[str], Member]) -> Member:
    """Another member of the workspace."""
    return member("bob")


@pytest.fixture(scope="session")
def stranger(member: Callable[[str], Member]) -> Member:
    """Somebody with an account, and no part in the workspace."""
    return member("stranger")


@pytest.fixture(scope="session")
def operator(member: Callable[[str], Member]) -> Member:
    """Somebody whom the operations portal knows."""
    return member("operator")


@pytest.fixture(scope="session")
def expected(target: Target) -> Presign:
    """What the environment promises of a presigned URL."""
    return target.presign or Presign("", "", "", "")


@pytest.fixture(scope="session")
def drive(drive_of: Callable[[str], Drive]) -> Drive:
    """The workspace's drive, as alice has it through the apex."""
    return drive_of("alice")


@pytest.fixture(scope="session")
def drive_of_a_stranger(drive_of: Callable[[str], Drive]) -> Drive:
    return drive_of("stranger")
