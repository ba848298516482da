"""Alice, who visits pages as a member."""

from dataclasses import replace

import pytest

from probes.auth.users import User, Users
from probes.config.environment import Identity, Target, UserConfig
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.support.planted import ALICES_TOKEN


@pytest.fixture
def alice(target: Target, web: Web, recorder: Recorder) -> User:
    """Signed in with a token that the redactor knows, as every member is."""
    static = replace(
        target, identity=Identity("static"), users={"alice": UserConfig("u-1", token="ALICE")}
    )
    return Users(static, web, recorder.evidence.redactor, {"ALICE": ALICES_TOKEN}).user("alice")
