"""Whether the doctor knows that calls would not be asked for."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from probes.config.livekit import LiveKit
from probes.doctor import checks
from probes.doctor.livekit import livekit
from probes.finding import CannotAsk
from tests.support.fake_run import TARGET

PROMISED = LiveKit("wss://livekit.example.org", "LK_KEY", "LK_SECRET")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "api_key in [livekit] is LK_KEY, which is neither a variable that is set nor"),
        ({"LK_KEY": "APIx"}, "api_secret in [livekit] is LK_SECRET"),
        ({"LK_KEY": "APIx", "LK_SECRET": "<put it here>"}, "LK_SECRET, holds no key"),
    ],
)
def test_a_key_for_livekit_that_is_missing_is_named(environ: Mapping[str, str], words: str) -> None:
    """Calls would not be asked for, and the rest of a run would."""
    there = {
        check.name: check for check in checks.checks(replace(TARGET, livekit=PROMISED), environ)
    }
    with pytest.raises(CannotAsk) as told:
        there["livekit"].look()
    assert words in str(told.value)
    assert not there["livekit"].is_needed


def test_a_key_for_livekit_that_is_there_is_not_shown() -> None:
    """Line ends are none of it."""
    environ = {"LK_KEY": "APIx\n", "LK_SECRET": "planted\n"}
    assert livekit(PROMISED, environ) == "key and secret are at hand"
