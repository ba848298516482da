"""What the documents say to type can be typed: commands, options, faults and scenarios exist."""

import functools
import itertools
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from probes.__main__ import COMMANDS
from replica.faults import FAULTS
from tests.test_docs import FENCED, ROOT, documents, expect_none, name, scenarios

COMMAND = re.compile(r"\b(python -m (?:probes|reports|replica)\b.*|pytest scen.*|make [a-z].*)")
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][a-z-]*")
END_OF_COMMAND = re.compile(r"\s+(?:\||&&|>)\s|;")
TARGET_OR_VARIABLE = re.compile(r"^[a-z][a-z-]*(?=:)|(?<=\$\()[A-Z_]+(?=\))", re.MULTILINE)
MAKE_WORDS = set(TARGET_OR_VARIABLE.findall((ROOT / "Makefile").read_text("utf-8")))
# The changelog names what is gone.
DOCUMENTS = [path for path in documents() if path.name != "CHANGELOG.md"]


def commands(document: Path) -> list[list[str]]:
    """Every command in a fenced block or between back-ticks, in words."""
    text = document.read_text("utf-8").replace("\\\n", " ")
    lines = [line for block in FENCED.findall(text) for line in block.splitlines()]
    lines += [" ".join(each.split()) for each in re.findall(r"`([^`]+)`", FENCED.sub("", text))]
    found = [match[1] for line in lines if (match := COMMAND.search(line))]
    return [shlex.split(END_OF_COMMAND.split(each)[0], comments=True) for each in found]


@functools.cache
def options(*command: str) -> frozenset[str]:
    """Those that `--help` of a command lists."""
    asked = [sys.executable, "-m", *command, "--help"]
    shown = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return frozenset(OPTION.findall(shown.stdout))


def stale(words: list[str]) -> list[str]:
    """The words of a command that mean nothing any more."""
    match words:
        case ["make", *rest]:
            return [each for each in rest if each.partition("=")[0] not in MAKE_WORDS]
        case ["python", "-m", "probes", command, *rest] if not command.startswith("-"):
            return stale_options(rest, "probes", command) if command in COMMANDS else [command]
        case ["python", "-m", module, *rest]:
            return stale_options(rest, module) if find_spec(module) else [module]
        case ["pytest", *rest]:
            return stale_options(rest, "pytest") + stale_selection(rest)
    return words


def stale_options(words: list[str], *command: str) -> list[str]:
    asked = [word.partition("=")[0] for word in words if OPTION.match(word)]
    long = [word if word.startswith("--") else word[:2] for word in asked]
    gone = [word for word in long if word not in options(*command)]
    return gone + [fault for fault in after("--fault", words) if fault not in FAULTS]


def stale_selection(words: list[str]) -> list[str]:
    """Those words of -k that no scenario has."""
    asked = [word for text in after("-k", words) for word in re.findall(r"[\w-]+", text)]
    known = " ".join(scenarios()).replace("-", "_")
    grammar = {"and", "or", "not"}
    return [word for word in asked if word not in grammar and word.replace("-", "_") not in known]


def after(option: str, words: list[str]) -> list[str]:
    """Its values, but for <name> and NAME, which stand for one."""
    values = [value for word, value in itertools.pairwise(words) if word == option]
    return [value for value in values if not (value.startswith("<") or value.isupper())]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_a_command_can_be_typed(document: Path) -> None:
    """No document tells its reader to type what is refused."""
    gone = [(" ".join(words), each) for words in commands(document) for each in stale(words)]
    expect_none(*(f"fix `{text}` in {name(document)}: {each} is gone" for text, each in gone))


@pytest.mark.parametrize(
    ("command", "gone"),
    [
        ("python -m probes physician --env X", ["physician"]),
        ("python -m probes doctor --environment X", ["--environment"]),
        ("python -m replica.nothing", ["replica.nothing"]),
        ("pytest scenarios --faults X -k 'livekit or parrots'", ["--faults", "parrots"]),
        ("python -m replica --fault gateway-sings", ["gateway-sings"]),
        ("make tea SUGAR=2 FAULT=x", ["tea", "SUGAR=2"]),
    ],
)
def test_what_is_gone_is_found(command: str, gone: list[str]) -> None:
    """A command, an option, a module, a fault, a word of -k, a target and a variable."""
    assert stale(shlex.split(command)) == gone
