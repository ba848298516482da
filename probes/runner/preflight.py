"""What of this machine would be taken for the target's fault, looked at once before anything is
judged: authorities, clock, file descriptors, disk.

What is found is corrected or allowed for where that is possible, and is a fact of the run.
"""

import contextlib
import os
import resource
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from probes import clock
from probes.config import authorities, proxies
from probes.config.environment import Target, address
from probes.config.proxies import Proxy
from probes.finding import CannotAsk
from probes.transport.connection_errors import trust_trouble
from probes.transport.tls import unverified_context
from probes.transport.tunnel import open_blocking_tunnel

TIMEOUT_S = 3.0
DESCRIPTORS_WANTED = 4096
DESCRIPTORS_A_SCENARIO = 8  # connections, and a page's share of the browser's pipes
DESCRIPTORS_OF_THE_RUN = 64
DISK_WANTED_BYTES = 50_000_000

Fact = tuple[str, str]


def look(target: Target, folder: Path) -> Iterator[Fact]:
    """What is amiss, as facts of the run; nothing where all is well. Takes seconds at most. From
    here on no client of this process or its children knows another proxy than [proxy], nor other
    authorities than all.
    """
    if way := proxies.describe(os.environ, target.proxy):
        yield "proxy", way
    with contextlib.suppress(CannotAsk):  # of missing credentials every scenario tells
        proxies.replace(os.environ, target.proxy)
    authorities.replace(os.environ, target.tls.ca)
    if reason := trust_trouble():
        yield "authorities", reason
    yield from _look_at_clock(target)
    yield from _look_at_descriptors()
    yield from _look_at_disk(folder)


def affordable_concurrency(wanted: int) -> int:
    """How many scenarios may run at once with the descriptors that this process may open."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, (limit - DESCRIPTORS_OF_THE_RUN) // DESCRIPTORS_A_SCENARIO))


def _look_at_clock(target: Target) -> Iterator[Fact]:
    """Where the target's Date says that our clock is off, its time is what tokens are judged by."""
    clock.correct_by(0.0)
    skew_s = measure_skew(target)
    if skew_s is None or abs(skew_s) <= clock.SKEW_TOLERATED_S:
        return
    clock.correct_by(skew_s)
    direction = "behind" if skew_s > 0 else "ahead of"
    host = urlsplit(target.hosts.api).hostname
    yield (
        "clock",
        (
            f"this machine's clock is {abs(skew_s):.0f} s {direction} that of {host}; tokens are "
            "judged by the target's time; look at the time service here"
        ),
    )


def measure_skew(target: Target) -> float | None:
    """Seconds by which this machine's clock is behind that of the target; None where the target's
    hosts do not agree with each other, or do not say.
    """
    offsets: list[float] = []
    threads = [
        threading.Thread(target=_add_date_offset, args=(target.proxy, origin, offsets), daemon=True)
        for origin in (target.hosts.api, target.hosts.apex)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:  # a resolver that hangs has no timeout of its own
        thread.join(TIMEOUT_S)
    if not offsets or max(offsets) - min(offsets) > clock.SKEW_TOLERATED_S:
        return None
    return sum(offsets) / len(offsets)


def _add_date_offset(proxy: Proxy, origin: str, offsets: list[float]) -> None:
    offset = _date_offset(proxy, origin)
    if offset is not None:
        offsets.append(offset)


def _date_offset(proxy: Proxy, origin: str) -> float | None:
    """By the header Date of any answer (RFC 9110 6.6.1). The certificate is not checked: with a
    wrong clock it could not be, and nothing is sent that is worth anything.
    """
    parts = urlsplit(origin)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        with connect(proxy, host, port) as plain:
            connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
            connection.sock = plain
            if secure:
                connection.sock = unverified_context().wrap_socket(plain, server_hostname=host)
            asked = time.time()
            connection.request("HEAD", "/", headers={"Connection": "close"})
            headers = connection.getresponse().headers
            connection.close()
            if (
                int(headers.get("Age", "0")) > 0
            ):  # from a cache: its Date is that of the origin then
                return None
            return parsedate_to_datetime(headers["Date"]).timestamp() - asked
    except (OSError, ValueError, TypeError, HTTPException, CannotAsk):
        return None


def connect(proxy: Proxy, host: str, port: int) -> socket.socket:
    """Raises OSError, CannotAsk."""
    if proxy.leads_to(host):
        return open_blocking_tunnel(proxy, host, port, TIMEOUT_S)
    return socket.create_connection((address(host), port), timeout=TIMEOUT_S)


def _look_at_descriptors() -> Iterator[Fact]:
    """As many as this process may have; where that is few, fewer scenarios run at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < DESCRIPTORS_WANTED // 4:
        yield (
            "descriptors",
            (
                f"this process may open {wanted} files, so fewer scenarios run at once; raise the "
                "limit (ulimit -n)"
            ),
        )


def _look_at_disk(folder: Path) -> Iterator[Fact]:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    if free < DISK_WANTED_BYTES:
        yield "disk", f"{free // 1_000_000} MB are free under {folder}; traces may not fit"
