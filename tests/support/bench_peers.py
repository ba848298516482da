"""How each peer of `make bench` is run on the same questions and journeys as the suite."""

import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.support.bench_cost import Command
from tests.support.bench_install import BIN, NPM

SCRIPTS = Path(__file__).parent / "peers"
PLAYWRIGHT, SYNTHETICS = "@playwright/test/cli.js", "@elastic/synthetics/dist/cli.js"


@dataclass(frozen=True, slots=True)
class Peer:
    """`missing`: why it is not measured, "" where it is."""

    name: str
    command: Command | None
    missing: str = ""


def for_questions(work: Mapping[str, Any], folder: Path, wrong: Mapping[str, str]) -> list[Peer]:
    """Who asks the questions; `folder` is for what they leave, `wrong` says who is not there."""
    file, environ = folder / "work.json", _environ(folder)
    bare = [sys.executable, str(SCRIPTS / "bare.py"), str(file)]
    k6 = [str(BIN / "k6"), "run", "--quiet", str(SCRIPTS / "k6.js")]
    named = {
        "blackbox_exporter, 8 curls at a time": ("blackbox_exporter", _blackbox(work, folder)),
        "k6, batches of 8": ("k6", k6),
        "Hurl, 8 jobs": ("hurl", _hurl(work, folder)),
        "Playwright Test, request fixture, 1 worker": ("npm", _playwright("questions")),
    }
    peers = [Peer("bare httpx, 8 at a time", Command(bare, folder))]
    for name, (needed, words) in named.items():
        missing = wrong[needed]
        command = None if missing else Command(words, folder, environ)
        peers.append(Peer(name, command, missing))
    return peers


def for_journeys(work: Mapping[str, Any], folder: Path, wrong: Mapping[str, str]) -> list[Peer]:
    """Who goes on the journeys, one after another."""
    environ, missing = _environ(folder), wrong["npm"]
    playwright = _playwright("journeys")
    options = json.dumps({"executablePath": work["chromium"]})
    synthetics = [
        *("node", str(NPM / "node_modules" / SYNTHETICS), ".", "--no-throttling"),
        *("--ignore-https-errors", "--screenshots", "off", "--playwright-options", options),
    ]
    kept = {**environ, "BENCH_TRACE": "retain-on-failure"}
    named = {
        "Playwright Test, 1 worker": Command(playwright, folder, environ),
        "Playwright Test, 1 worker, trace retained on failure": Command(playwright, folder, kept),
        "Elastic Synthetics": Command(synthetics, _copied(), environ),
    }
    if missing:
        return [Peer(name, None, missing) for name in named]
    return [Peer(name, command, "") for name, command in named.items()]


def _environ(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "BENCH_WORK": str(folder / "work.json"),
        "BENCH_OUTPUT": str(folder / "output"),
        "NODE_OPTIONS": f"--require {SCRIPTS / 'localhost.cjs'}",
        "NO_COLOR": "1",
    }


def _copied() -> Path:
    """The scripts where Node finds the packages that they require."""
    to = NPM / "peers"
    if NPM.exists():
        shutil.copytree(SCRIPTS, to, dirs_exist_ok=True)
    return to


def _playwright(spec: str) -> list[str]:
    config = str(_copied() / "playwright.config.cjs")
    return ["node", str(NPM / "node_modules" / PLAYWRIGHT), "test", "-c", config, spec]


def _blackbox(work: Mapping[str, Any], folder: Path) -> list[str]:
    """A module for each set of headers, as its configuration wants it; the answer must be JSON."""
    modules: dict[str, Any] = {}
    requests = []
    port = _free_port()
    for each in work["questions"]:
        parts = urlsplit(each["url"])
        module = "-".join(["json", *sorted(each["headers"])])
        modules[module] = {"prober": "http", "http": _module(work, each["headers"])}
        target = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
        query = urlencode({"target": target, "module": module, "hostname": parts.hostname})
        requests.append(f'url = "http://127.0.0.1:{port}/probe?{query}"')
    config, asked = folder / "blackbox.json", folder / "blackbox.txt"
    config.write_text(json.dumps({"modules": modules}), "utf-8")
    asked.write_text("\n".join(requests) + "\n", "utf-8")
    script = ["bash", str(SCRIPTS / "blackbox.sh"), str(BIN / "blackbox_exporter")]
    return [*script, str(config), str(port), str(asked), str(len(requests))]


def _module(work: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "valid_status_codes": [200],
        "headers": dict(headers),
        "tls_config": {"ca_file": work["ca"]},
        "fail_if_body_not_matches_regexp": [r"^\s*[{\[]"],
        "preferred_ip_protocol": "ip4",
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _hurl(work: Mapping[str, Any], folder: Path) -> list[str]:
    files = list(_hurl_files(work, folder / "hurl"))
    return ["hurl", "--test", "--jobs", "8", "--insecure", *files]


def _hurl_files(work: Mapping[str, Any], folder: Path) -> Iterator[str]:
    folder.mkdir(exist_ok=True)
    for number, each in enumerate(work["questions"]):
        headers = [f"{name}: {value}" for name, value in each["headers"].items()]
        lines = [f"GET {each['url']}", *headers, "HTTP 200", "[Asserts]", 'jsonpath "$" exists']
        file = folder / f"{number}.hurl"
        file.write_text("\n".join(lines) + "\n", "utf-8")
        yield str(file)
