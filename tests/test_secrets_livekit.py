"""LiveKit repeats whole tokens in its refusals, and hands out passwords: nothing that a run leaves
has one.
"""

import pytest

from tests.conftest import Probe, Replica
from tests.support.leaks import leaks


@pytest.mark.parametrize(
    "fault", ["livekit-secret-differs", "app-signs-with-another-key", "livekit-turn-refuses"]
)
def test_a_token_that_livekit_repeats_is_nowhere(
    fault: str, replica: Replica, probe: Probe
) -> None:
    """A refusal that says the token, a page that dials with it, a relay's password: told, and taken
    out.
    """
    replica.set_faults([fault])
    run = probe("--env", str(replica.environment), "-k", "livekit or calls", "--no-confirm")
    assert run.code == 1, run.output
    assert run.folder
    journal = (run.folder / "run.jsonl").read_text("utf-8")
    assert WITNESS[fault] in journal, "the run has not met what it was to leave out"
    assert leaks(run, replica.secrets()) == []


# What stands in the journal around what was taken out.
WITNESS = {
    "livekit-secret-differs": "invalid token: <",
    "app-signs-with-another-key": "invalid API key",
    "livekit-turn-refuses": "401 Unauthorized",
}
