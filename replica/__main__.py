"""`python -m replica`: weAlist on this machine, until Ctrl-C, with faults that can be switched on.

It listens on loopback only, keeps its state in memory and a temporary folder, and leaves nothing at
its end. Its pods' credentials last twelve hours, so a replica outlives no working day.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from replica.faults import FAULTS
from replica.faults.lookup import UnknownFault, expect_fault_names

ENVIRONMENT = Path(".replica/environment.toml")
BAD_INPUT = 4
PRODUCTION = "production"
MODES = ("dev", PRODUCTION)


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    if given.list_faults:
        print(listing(), end="")
        return 0
    try:
        faults = expect_fault_names(given.fault)
    except UnknownFault as error:
        return _complain(error)
    return _until_stopped(faults, given.environment.absolute(), given.mode)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m replica", description="weAlist on this machine, healthy unless a fault is named."
    )
    parser.add_argument(
        "--fault",
        metavar="NAME",
        action="append",
        default=[],
        help="a fault to start with; may be repeated",
    )
    parser.add_argument(
        "--list-faults", action="store_true", help="name every fault and what it rehearses, and end"
    )
    parser.add_argument(
        "--environment",
        metavar="PATH",
        type=Path,
        default=ENVIRONMENT,
        help=f"file to write (default: {ENVIRONMENT})",
    )
    parser.add_argument(
        "--as",
        dest="mode",
        choices=MODES,
        default=MODES[0],
        help="whose settings: production trusts and opens more",
    )
    return parser


def listing() -> str:
    """Every fault with its sentence and its incident."""
    return "".join(
        f"{fault.name}\n    {fault.sentence}\n    rehearses: {fault.rehearses}\n"
        for fault in FAULTS.values()
    )


def _complain(error: Exception) -> int:
    print(error, file=sys.stderr)
    return BAD_INPUT


def _until_stopped(faults: Collection[str], environment: Path, mode: str) -> int:
    # Imported late, so that a wrong name or --list-faults is answered at once.
    from replica.environment import BadPath  # noqa: PLC0415
    from replica.infra.processes import ChildError  # noqa: PLC0415

    try:
        asyncio.run(_serve(faults, environment, mode))
    except (BadPath, ChildError) as error:
        return _complain(error)
    return 0


async def _serve(faults: Collection[str], path: Path, mode: str) -> None:
    from replica.environment import environment_file, toml  # noqa: PLC0415
    from replica.lifecycle import run_replica  # noqa: PLC0415

    name = "replica-production" if mode == PRODUCTION else "replica"
    me = asyncio.current_task()
    assert me is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, me.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with run_replica(faults, production=mode == PRODUCTION) as (replica, tables):
            with environment_file(path, toml(name, tables)):
                print(_greeting(tables, path, faults), flush=True)
                await replica.wait_for_exit()


def _greeting(
    tables: Mapping[str, Mapping[str, object]], path: Path, faults: Collection[str]
) -> str:
    urls = {host: url for host, url in tables["hosts"].items() if isinstance(url, str)}
    lines = [f"{host:<6}{url}" for host, url in urls.items()]
    active = ", ".join(sorted(faults)) or "none"
    scale = f"time-outs, pings and pauses: {tables['realtime']['scale']} of weAlist's"
    return "\n".join([*lines, f"environment: {path}", scale, f"faults: {active}", "ready"])


if __name__ == "__main__":
    sys.exit(main())
