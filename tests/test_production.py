"""Production's own settings against a replica in production's mode: what is known is accepted,
until its date.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from probes.config import environment_file, selectors
from probes.finding import EXIT_BROKEN, EXIT_HELD, Verdict
from probes.results import Accepted
from probes.runner.target_process import Started
from tests.conftest import Probe

AREAS = (
    "token_trust or exposure or keys or sign_in or ops_portal or page_session or stranger "
    "or an_error_stays or (storage and page) or notifications or (open_stays_open and stream)"
)
# What production is besides the settings that `--as production` has.
OF_HEAD = (
    "edge-masks-api-errors",
    "page-calls-wrong-storage-path",
    "page-logs-out-on-any-refresh-error",
    "sockets-race-to-refresh",
    "page-loses-image-url",
    "notifications-come-thrice",
)
PROD = environment_file.ENVIRONMENTS / "prod.toml"
YESTERDAY, TOMORROW = timedelta(days=-1), timedelta(days=1)


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, Any]]:
    """Where a replica in production's mode is, with production's policy."""
    faults = [part for fault in OF_HEAD for part in ("--fault", fault)]
    started = Started(["python", "-m", "replica", "--as", "production", *faults], [])
    try:
        here = tomllib.loads(started.wait().read_text("utf-8"))
        del here["cluster"]  # asked by its own scenarios, which are none of these areas
        prod = tomllib.loads(PROD.read_text("utf-8"))
        yield here | {key: prod[key] for key in ("accepted", "exposure", "sign_out", "skip")}
    finally:
        started.stop()


def written(settings: dict[str, Any], place: Path, moved: timedelta) -> Path:
    """An environment file in which every accepted finding ends so long from today; TOML takes
    JSON's values.
    """
    until = datetime.now(UTC).date() + moved
    lines = [f"name = {json.dumps(settings['name'])}"]
    for name, rows in _tables(settings):
        lines += [
            "",
            name,
            *(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in rows.items()),
        ]
        lines += [f"until = {until.isoformat()}"] if name == "[[accepted]]" else []
    place.write_text("\n".join(lines) + "\n", "utf-8")
    return place


def _tables(settings: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in settings.items():
        if name == "users":
            yield from ((f"[users.{who}]", config) for who, config in value.items())
        elif name == "accepted":
            for row in value:
                yield "[[accepted]]", {key: row[key] for key in row if key != "until"}
        elif isinstance(value, dict):
            yield f"[{name}]", value


def _has_failed(known: Accepted, failures: Iterable[tuple[str, str]]) -> bool:
    return any(
        selectors.covers(known.scenario, scenario) and code == known.code
        for scenario, code in failures
    )


def test_what_is_known_is_accepted_until_its_date(
    settings: dict[str, Any], probe: Probe, tmp_path: Path
) -> None:
    """Before it, all that fails is accepted, and nothing is accepted that does not fail; the day
    after, all fails.
    """
    before = probe(
        "--env",
        str(written(settings, tmp_path / "before.toml", TOMORROW)),
        "-k",
        AREAS,
        "--no-confirm",
    )
    assert before.code == EXIT_HELD, before.output
    broken = [s for s in before.report.scenarios if s.verdict == Verdict.BROKEN]
    assert broken
    assert all(s.outcome.accepted for s in broken)
    known = environment_file.build(
        {**settings, "accepted": tomllib.loads(PROD.read_text("utf-8"))["accepted"]}, "prod.toml"
    ).accepted
    failures = [(s.id, str(s.finding.code)) for s in broken if s.finding]
    assert [each.scenario for each in known if not _has_failed(each, failures)] == []
    after = probe(
        "--env",
        str(written(settings, tmp_path / "after.toml", YESTERDAY)),
        "-k",
        AREAS,
        "--no-confirm",
    )
    assert (after.code, after.codes) == (EXIT_BROKEN, before.codes), after.output
    assert not any(s.outcome.accepted for s in after.report.scenarios)
