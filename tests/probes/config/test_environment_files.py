"""The environment files that come with the suite can be used as they are, and promise nothing they
cannot know.
"""

import ast
import fnmatch
from pathlib import Path

import pytest

from probes.auth.users import Users
from probes.config import environment_file
from probes.config.environment import Target
from probes.config.environment_file import ENVIRONMENTS
from probes.finding import CannotAsk
from probes.recording.redactor import Redactor
from probes.transport.http import Web

WITH_HOSTS = sorted(
    path.stem for path in ENVIRONMENTS.glob("*.toml") if "hosts" in environment_file.parse(path)
)
SCENARIOS = Path(__file__).parents[3] / "scenarios"


def named(name: str) -> Target:
    path = environment_file.find(name)
    return environment_file.build(environment_file.parse(path), str(path))


def known_scenarios() -> set[str]:
    """Areas and scenarios by the names that skip and accepted use, without cases."""
    names = set()
    for path in SCENARIOS.glob("test_*.py"):
        area = path.stem.removeprefix("test_")
        names.add(area)
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
                names.add(f"{area}/{node.name.removeprefix('test_').replace('_', '-')}")
    return names


def test_dev_and_production_are_there() -> None:
    """Both environments of weAlist can be named on the command line."""
    assert {"dev", "prod"} <= set(WITH_HOSTS)


@pytest.mark.parametrize("name", WITH_HOSTS)
def test_an_environment_builds_a_target(name: str) -> None:
    """The file is understood, speaks of itself by its own name, and asks over TLS."""
    built = named(name)
    assert built.name == name
    assert built.hosts.apex.startswith("https://")
    assert built.hosts.api.startswith("https://")
    assert built.presign is not None
    assert built.presign.style in ("path", "virtual-host")


@pytest.mark.parametrize("name", WITH_HOSTS)
def test_an_environment_skips_and_accepts_scenarios_that_exist(name: str) -> None:
    """No exception outlives the scenario that it was made for, and none stands without a reason."""
    built = named(name)
    accepted = [known.scenario for known in built.accepted]
    wanted = {key.partition("[")[0] for key in (*built.skip, *accepted)}
    scenarios = known_scenarios()
    assert [name for name in wanted if not fnmatch.filter(scenarios, name)] == []
    assert all(built.skip.values())


@pytest.mark.parametrize("name", WITH_HOSTS)
@pytest.mark.parametrize("who", ["alice", "bob", "stranger"])
async def test_an_id_that_is_not_filled_in_is_asked_for(name: str, who: str) -> None:
    """As it comes, the file blames nobody: it says which table to fill in, and asks weAlist
    nothing.
    """
    built = named(name)
    web = Web(built)
    try:
        with pytest.raises(CannotAsk, match=rf"\[users\.{who}\]"):
            await Users(built, web, Redactor(), environ={}).user(who).token()
    finally:
        await web.close()


def test_production_takes_its_tokens_from_variables() -> None:
    """No token of production stands in a file, and each of the cast has a variable of its own."""
    prod = named("prod")
    assert prod.identity.way == "refresh-token"
    assert prod.identity.state
    tokens = [config.refresh_token for config in prod.users.values()]
    assert len(set(tokens)) == len(tokens)
    assert all(token.startswith("PROBES_") for token in tokens)


def test_dev_and_production_differ_in_storages_base_path() -> None:
    """Incident 1: storage serves /api/storage in dev and /storage in production (contract 4.1)."""
    assert named("dev").paths.storage == "/api/svc/storage/api"
    assert named("prod").paths.storage == "/api/svc/storage"


def test_production_confirms_later_than_its_edge_forgets() -> None:
    """CloudFront keeps an error for 10 s (contract 1.3); a rerun before that would only read it
    again.
    """
    assert named("prod").timeouts.retry_delay_s > 10


def test_the_replica_is_started() -> None:
    """The default environment needs nothing but this repository."""
    settings = environment_file.parse(environment_file.find("replica"))
    assert settings["start"] == ["python", "-m", "replica"]
    assert "hosts" not in settings
