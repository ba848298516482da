"""Frozen values from the tables of a TOML file, each key and type checked, each mistake told in one
sentence.
"""

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from probes.finding import BadEnvironment

TEXTS = tuple[str, ...]
NUMBERS = tuple[int, ...]


def nearest(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(word, names, 1)
    return (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(names)}"


def table(source: str, name: str, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    values = settings.get(name, {})
    if not isinstance(values, Mapping):
        raise BadEnvironment(f"{source}: [{name}] must be a table")
    return values


def text(source: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadEnvironment(f"{source}: {name} must be a text, not {value!r}")
    return value


def section(source: str, name: str, kind: type, values: Any) -> Any:
    """A frozen value of `kind` from one TOML table, each key and type checked."""
    values = table(source, name, {name: values})
    types = {f.name: f.type for f in fields(kind)}
    for key, value in values.items():
        if key not in types:
            raise BadEnvironment(
                f"{source}: unknown key {key!r} in [{name}]; {nearest(key, types)}"
            )
        if not _fits(value, types[key]):
            raise BadEnvironment(
                f"{source}: {key} in [{name}] must be {_describe_kind(types[key])}, not {value!r}"
            )
    try:
        return kind(
            **{
                key: tuple(value) if isinstance(value, list) else value
                for key, value in values.items()
            }
        )
    except BadEnvironment as error:
        raise BadEnvironment(f"{source}: {error}") from error
    except TypeError as error:
        missing = str(error).rpartition("argument")[2].strip("s: ") or str(error)
        raise BadEnvironment(f"{source}: [{name}] lacks {missing}") from error


def _fits(value: Any, kind: Any) -> bool:
    if kind == TEXTS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if kind == NUMBERS:
        return isinstance(value, list) and all(_fits(each, int) for each in value)
    if kind is float:
        return (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and 0 <= value < math.inf
        )
    if (
        kind is date
    ):  # a TOML date with a time is a datetime, which is a date and cannot be compared with one
        return type(value) is date
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _describe_kind(kind: Any) -> str:
    names: dict[Any, str] = {TEXTS: "a list of texts", NUMBERS: "a list of whole numbers"}
    names |= {
        str: "a text",
        int: "a whole number",
        float: "a number of seconds",
        bool: "true or false",
        date: "a date",
    }
    return names[kind]
