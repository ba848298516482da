"""Keys of environment files that have another name now: a file that still has the old one is
refused with a sentence that names the new one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from probes.finding import BadEnvironment

# Since 0.2.0: what a table was called -> what it is called.
TABLES = {"patience": "timeouts", "cast": "users"}
# {table as it is called now: {old key: new key}}; in "users" for each user's own table.
KEYS = {
    "timeouts": {
        "answer": "answer_s",
        "scenario": "scenario_s",
        "run": "run_s",
        "rest": "retry_delay_s",
    },
    "users": {"user": "id"},
}
TABLES_OF_TABLES = ("users",)


def expect_current_keys(source: str, settings: Mapping[str, Any]) -> None:
    """Raises BadEnvironment with every renamed key of `settings` and its new name."""
    renamed = [
        change
        for name, values in settings.items()
        for change in _describe_renamed(str(name), values)
    ]
    if renamed:
        raise BadEnvironment(f"{source}: {', '.join(renamed)}; rename and run again")


def _describe_renamed(name: str, values: Any) -> Iterator[str]:
    new = TABLES.get(name, name)
    if new not in KEYS or not isinstance(values, Mapping):
        return
    if new in TABLES_OF_TABLES:
        for key, nested in values.items():
            yield from _renamed_in(f"{name}.{key}", f"{new}.{key}", KEYS[new], nested)
    else:
        yield from _renamed_keys(name, new, KEYS[new], values)


def _renamed_keys(
    name: str, new: str, keys: Mapping[str, str], values: Mapping[str, Any]
) -> Iterator[str]:
    """`patience.answer is now timeouts.answer_s`."""
    for key in values:
        if name != new or key in keys:
            yield f"{name}.{key} is now {new}.{keys.get(key, key)}"
    if name != new and not values:
        yield f"[{name}] is now [{new}]"


def _renamed_in(name: str, new: str, keys: Mapping[str, str], values: Any) -> Iterator[str]:
    """`[cast.alice] is now [users.alice], user is now id`."""
    if name != new:
        yield f"[{name}] is now [{new}]"
    for key in values if isinstance(values, Mapping) else ():
        if key in keys:
            where = "" if name != new else f" in [{new}]"
            yield f"{key}{where} is now {keys[key]}"
