"""What an environment file is told whose keys are those of 0.1.0."""

import tomllib

import pytest

from probes.config.environment import UserConfig
from probes.config.environment_file import build
from probes.config.renamed_keys import KEYS, TABLES
from probes.config.timeouts import Timeouts
from probes.finding import BadEnvironment

USABLE = """
[hosts]
apex = "https://wealist.co.kr"
api = "https://api.wealist.co.kr"
[workspace]
id = "w-1"
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[patience]\nanswer = 15", "patience.answer is now timeouts.answer_s"),
        ("[patience]\nrest = 5", "patience.rest is now timeouts.retry_delay_s"),
        ("[patience]\nrun_s = 5", "patience.run_s is now timeouts.run_s"),
        ("[patience]", "[patience] is now [timeouts]"),
        ("[timeouts]\nrun = 5", "timeouts.run is now timeouts.run_s"),
        (
            '[cast.alice]\nuser = "u-1"',
            "[cast.alice] is now [users.alice], user is now id",
        ),
        ('[cast.bob]\nid = "u-2"', "[cast.bob] is now [users.bob]"),
        ('[users.bob]\nuser = "u-2"', "user in [users.bob] is now id"),
        (
            '[cast.bob]\nuser = "u-2"\n[patience]\nscenario = 30',
            (
                "[cast.bob] is now [users.bob], user is now id, "
                "patience.scenario is now timeouts.scenario_s"
            ),
        ),
    ],
)
def test_a_renamed_key_is_refused_by_its_new_name(text: str, sentence: str) -> None:
    """All of them in one sentence, so that nobody corrects a file key by key."""
    with pytest.raises(BadEnvironment) as refusal:
        build(tomllib.loads(f"{USABLE}\n{text}\n"), "dev.toml")
    assert str(refusal.value) == f"dev.toml: {sentence}; rename and run again"


def test_the_new_names_are_those_that_are_read() -> None:
    """A sentence that names a key which nobody reads would send people in a circle."""
    fields = {"timeouts": Timeouts.__dataclass_fields__, "users": UserConfig.__dataclass_fields__}
    assert set(TABLES.values()) <= set(fields)
    for table, keys in KEYS.items():
        assert set(keys.values()) <= set(fields[table])
        assert not set(keys) & set(fields[table])
