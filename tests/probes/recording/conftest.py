"""A redactor that knows one secret."""

import pytest

from probes.recording.redactor import Redactor
from tests.support.planted import SECRET


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.remember(SECRET)
    return redactor
