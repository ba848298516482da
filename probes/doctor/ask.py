"""`python -m probes ask`: what a finding's reproduce line runs. Asks one URL as a test user, or one
whole promise.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from probes import proxy_variables
from probes.config import proxies, urls
from probes.config.environment import Target
from probes.config.environment_file import LONGEST_S, build, find, parse
from probes.config.selectors import area
from probes.doctor.ask_request import Request, ask
from probes.finding import (
    EXIT_BAD_INPUT,
    EXIT_BROKEN,
    EXIT_UNKNOWN,
    BadEnvironment,
    Broken,
    CannotAsk,
)
from probes.runner.target_process import running
from probes.transport.typed_answers import url_problem
from reports.publish import publishers

SCENARIOS = Path(__file__).parents[2] / "scenarios"
LISTEN_S = 9.0
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 5.6.2
EXAMPLES = """examples:
  python -m probes ask https://api.example.org/api/svc/user/api/users/me --env prod --as alice
  python -m probes ask 'wss://example.org/api/svc/chat/api/chats/ws/presence?token=$TOKEN' \\
      --env prod --as alice
  python -m probes ask storage/a-file-comes-back --env prod"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"ask: {message}; python -m probes ask --help has examples\n")


def main(arguments: Sequence[str]) -> int:
    """0 when an answer came, whatever it is; 1 when none did, or the promise is broken; 10 when it
    could not be asked; 4 for bad input.
    """
    options = _parser().parse_args(arguments)
    proxy_variables.remove(os.environ)
    if "://" not in options.what:
        return _ask_scenario(options)
    try:
        target = _target(options.env)
        proxies.replace(os.environ, target.proxy)
        request = _request(options, target)
    except (BadEnvironment, CannotAsk) as error:
        print(f"ask: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    try:
        return asyncio.run(ask(target, request))
    except CannotAsk as error:
        print(f"ask: {error}", file=sys.stderr)
        return EXIT_UNKNOWN
    except Broken as failure:
        print(f"no answer: {failure.finding.observed}")
        return EXIT_BROKEN
    except KeyboardInterrupt:
        return EXIT_UNKNOWN


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m probes ask",
        description="Ask one URL as a test user, or one promise again. Secrets are not shown.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("what", metavar="URL|SCENARIO", help="http(s):// or ws(s)://, or a scenario's name")
    add("--env", default="replica", help="as for pytest")
    add("--as", dest="user", default="", metavar="USER", help="a test user, who is signed in")
    add("-X", "--method", default="GET", help="GET, HEAD, OPTIONS, POST ...")
    add("-H", "--header", action="append", default=[], metavar="'NAME: VALUE'")
    add("--data", default="", help="a body, as it is")
    add("--stream", action="store_true", help="show what comes as it comes")
    add(
        "--seconds",
        type=_seconds,
        default=LISTEN_S,
        help="how long to listen to a socket or stream",
    )
    add("--fault", action="append", default=[], help="for a scenario: as for pytest")
    add("--file", default="", help="for a scenario that is not in scenarios/")
    add("--runs", default="", help="for a scenario: as for pytest")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"must be more than 0 and at most {LONGEST_S}")
    return seconds


def _target(environment: str) -> Target:
    """Raises BadEnvironment, also for a target that would have to be started first."""
    path = find(environment)
    settings = parse(path)
    if "start" not in settings:
        return build(settings, str(path))
    if already := running(settings):
        return build(parse(already), str(already))
    command = " ".join(map(str, settings["start"]))
    raise BadEnvironment(f"{path.stem} is not running; start it in another terminal: {command}")


def _request(options: argparse.Namespace, target: Target) -> Request:
    """Raises BadEnvironment for a user whom nobody knows, and for what nobody can send."""
    if options.user and options.user not in target.users:
        known = ", ".join(target.users) or "none"
        raise BadEnvironment(f"--as {options.user}: the environment's test users are {known}")
    as_http = re.sub(r"^ws(?=s?://)", "http", options.what)
    if problem := url_problem(as_http):
        raise BadEnvironment(f"{urls.without_user(options.what)} cannot be asked: {problem}")
    if not _TOKEN.fullmatch(options.method):
        raise BadEnvironment(f"-X {options.method!r} is no method; write one like POST")
    return Request(
        options.what,
        options.user,
        options.method,
        _read_headers(options.header),
        options.data.encode("utf-8", "surrogateescape"),
        options.stream,
        options.seconds,
    )


def _read_headers(lines: Sequence[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        is_header = ":" in line and _TOKEN.fullmatch(name.strip())
        if not (is_header and value.isascii() and value.isprintable()):
            raise BadEnvironment(f"-H {line!r} is no header; write 'name: value'")
        headers[name.strip()] = value.strip()
    return headers


def _ask_scenario(options: argparse.Namespace) -> int:
    """Run the one scenario, with its evidence; nobody is notified of it."""
    file = Path(options.file or SCENARIOS / f"test_{area(options.what)}.py").resolve()
    if not file.is_file():
        lists = "python -m pytest scenarios --collect-only lists them"
        print(f"ask: there is no scenario {options.what!r}; {lists}", file=sys.stderr)
        return EXIT_BAD_INPUT
    command = [sys.executable, "-m", "pytest", f"{file}::{_function(options.what)}", "-vv"]
    for fault in options.fault:
        command += ["--fault", fault]
    if options.runs:
        command += ["--runs", options.runs]
    return subprocess.call([*command, "--env", options.env], env=_without_publishers(os.environ))


def _function(scenario: str) -> str:
    """The test function, with its case, that probes.runner.collection gave the name to."""
    name, bracket, case = scenario.partition("/")[2].partition("[")
    return f"test_{name.replace('-', '_')}{bracket}{case}"


def _without_publishers(environ: Mapping[str, str]) -> dict[str, str]:
    """One promise is no run: it must not replace the figures of one."""
    unwanted = (publishers.NOTICES, publishers.PUSHGATEWAY)
    return {name: value for name, value in environ.items() if name not in unwanted}
