"""What pytest has collected, read as scenarios; complains of those that are written as nobody can
run them.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from probes.config.environment import Target
from probes.results import Scenario
from probes.runner.attempt import Call

# A browser, and the people of a call in a process of their own.
_COSTLY = frozenset({"browser", "sdk_calls"})


def is_scenario(item: pytest.Item) -> bool:
    return item.get_closest_marker("promise") is not None


def scenario_id(item: pytest.Item) -> str:
    """For instance storage/a-file-comes-back[apex]: stable, ASCII, the name that reports and tables
    share.
    """
    name, bracket, parameters = item.name.removeprefix("test_").partition("[")
    return f"{area(item.path)}/{name.replace('_', '-')}{bracket}{parameters}"


def area(file: Path) -> str:
    return file.stem.removeprefix("test_")


def scenario(name: str, item: pytest.Item, target: Target) -> Scenario:
    mark: dict[str, Any] = {}
    for level in reversed(list(item.iter_markers("promise"))):
        mark |= level.kwargs
    lingers = item.get_closest_marker("lingers") is not None
    file, line, _ = item.location
    return Scenario(
        id=name,
        title=" ".join((inspect.getdoc(item.obj) or name).partition("\n\n")[0].split()),  # type: ignore[attr-defined]
        file=file,
        line=(line or 0) + 1,
        classname=".".join(Path(file).with_suffix("").parts),
        name=item.name,
        owner=mark.get("owner", "nobody"),
        area=area(item.path),
        incident=mark.get("incident", ""),
        deadline_s=mark.get("deadline", target.timeouts.scenario_s)
        + (target.realtime.linger_seconds if lingers else 0.0),
        alone=item.get_closest_marker("alone") is not None,
        first="browser" in item.fixturenames,  # type: ignore[attr-defined]
        lingers=lingers,
    )


def is_quick(item: pytest.Item) -> bool:
    """Whether it needs no browser, no call and no long wait: `--tier quick`."""
    fixtures: list[str] = item.fixturenames  # type: ignore[attr-defined]
    return _COSTLY.isdisjoint(fixtures) and item.get_closest_marker("lingers") is None


def check(items: Sequence[Any]) -> None:
    """Complain of scenarios that are written as nobody can run them."""
    names = [scenario_id(item) for item in items]
    for item, name in zip(items, names, strict=True):
        if names.count(name) > 1:
            raise pytest.UsageError(
                f"two scenarios are called {name}; rename one of the functions or files"
            )
        if not inspect.iscoroutinefunction(item.obj):
            raise pytest.UsageError(
                f"scenario {name} is a plain function; write async def {item.originalname}"
            )
        asked = item._fixtureinfo  # noqa: SLF001 - pytest has no public name for it
        if strange := set(asked.argnames) - {"request", *asked.name2fixturedefs}:
            raise pytest.UsageError(
                f"scenario {name} asks for {min(strange)!r}, which is no fixture; correct the name"
            )


def binding(item: Any) -> Callable[[pytest.FixtureRequest], Call]:
    """How to get the scenario ready to be called, once fixtures can be asked for (those of plugin
    and conftest).
    """
    function, names = item.obj, item._fixtureinfo.argnames  # noqa: SLF001 - pytest has no public name for it
    parameters = item.callspec.params if hasattr(item, "callspec") else {}

    def bind(request: pytest.FixtureRequest) -> Call:
        values = {
            n: parameters[n] if n in parameters else request.getfixturevalue(n) for n in names
        }
        return functools.partial(function, **values)

    return bind
