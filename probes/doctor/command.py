"""`python -m probes doctor --env X`: whether a run could ask what it wants to, before it tries.

An init step: it stops the pod where a run could ask nothing, and lets it go on where only something
beside it is amiss.
"""

import argparse
import contextlib
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from probes.config import authorities, proxies
from probes.config.environment import Target
from probes.config.environment_file import build, find, parse
from probes.config.proxies import Proxy
from probes.doctor import checks as doctor_checks
from probes.doctor.checks import Check
from probes.finding import EXIT_BAD_INPUT, EXIT_HELD, EXIT_UNKNOWN, BadEnvironment, CannotAsk
from probes.runner import sharding
from probes.transport.connection_errors import trust_trouble

TIMEOUT_S = 12.0  # seconds, for all checks together


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"doctor: {message}; say: python -m probes doctor --env NAME\n")


@dataclass(slots=True)
class Seen:
    """What became of one check; until it has ended, that it has not."""

    ok: bool = False
    detail: str = f"no answer within {TIMEOUT_S:g} s; is the network there?"


def main(arguments: Sequence[str]) -> int:
    """0 when a run can ask, 10 when it cannot, 4 when the environment file is no good."""
    parser = _Parser(
        prog="python -m probes doctor", description="Check what a run needs, and say what to do."
    )
    parser.add_argument("--env", default="replica", help="as for pytest")
    parser.add_argument("--shard", default="", help="as for pytest")
    options = parser.parse_args(arguments)
    try:
        name, _ = sharding.part(options.env, options.shard, os.environ)
        target = _target(name)
    except (BadEnvironment, CannotAsk) as error:
        print(_line("FAIL", "environment", str(error)))
        return EXIT_BAD_INPUT
    where = f"{target.name}: {target.hosts.apex}" if target else f"{name}: is started for a run"
    print(_line("ok", "environment", where))
    _prepare(target)
    looked = run_checks(list(doctor_checks.checks(target, os.environ)))
    words = [_word(check, seen) for check, seen in looked]
    for word, (check, seen) in zip(words, looked, strict=True):
        print(_line(word, check.name, seen.detail))
    return EXIT_UNKNOWN if "FAIL" in words else EXIT_HELD


def _prepare(target: Target | None) -> None:
    """Set the machine's variables for the checks as a run would, and show by which way they ask."""
    proxy = target.proxy if target else Proxy()
    if way := proxies.describe(os.environ, proxy):
        word = "ok" if proxy.url else "warn"
        print(_line(word, "way", way))
    with contextlib.suppress(CannotAsk):  # a check says so
        proxies.replace(os.environ, proxy)
    ca = target.tls.ca if target else ""
    authorities.replace(os.environ, ca)
    if reason := trust_trouble():
        print(_line("warn", "trust", reason))


def _word(check: Check, seen: Seen) -> str:
    if seen.ok:
        return "ok"
    return "FAIL" if check.is_needed else "warn"


def _target(name: str) -> Target | None:
    path = find(name)
    settings = parse(path)
    return None if "start" in settings else build(settings, str(path))


def run_checks(checks: Sequence[Check], timeout_s: float = TIMEOUT_S) -> list[tuple[Check, Seen]]:
    """All at once, each in a thread; nobody waits longer than `timeout_s` in all."""
    seen = [Seen() for _ in checks]
    threads = [
        threading.Thread(target=_look, args=(check, result), daemon=True)
        for check, result in zip(checks, seen, strict=True)
    ]
    ends = time.monotonic() + timeout_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    return [
        (check, Seen(result.ok, result.detail)) for check, result in zip(checks, seen, strict=True)
    ]


def _look(check: Check, seen: Seen) -> None:
    try:
        seen.detail, seen.ok = check.look(), True
    except CannotAsk as error:
        seen.detail = str(error)
    except Exception as error:  # noqa: BLE001 - a check of ours that fails must not hide the others
        seen.detail = f"the check itself failed with {type(error).__name__}; tell the suite's owner"


def _line(word: str, name: str, detail: str) -> str:
    return f"{word:<5} {name:<12} {' '.join(detail.split())}"
