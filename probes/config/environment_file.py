"""An environment file, found, read and checked: it becomes a Target, or one sentence says what to
fix.

What differs between environments is TOML; secrets are named there and read from the process's
environment.
"""

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from probes.config import urls
from probes.config.cluster import cluster_config
from probes.config.environment import (
    Hosts,
    Identity,
    Paths,
    Presign,
    Target,
    Tls,
    UserConfig,
    Workspace,
)
from probes.config.livekit import read_livekit
from probes.config.notices import Notices
from probes.config.proxies import read_proxy
from probes.config.renamed_keys import expect_current_keys
from probes.config.sign_in import Exposure, OAuth, SignOut
from probes.config.timeouts import Realtime, Timeouts
from probes.config.toml_schema import nearest, section, table, text
from probes.config.tracing import tracing_config
from probes.finding import BadEnvironment, Code
from probes.results import Accepted
from probes.state.store import expect_store_name, with_store_of_environ

WAYS = ("test-endpoint", "signing-key", "refresh-token", "static")
# What lasts longer than these is BROKEN.
JUDGED, SHORTEST_S = ("answer_s", "deliver_seconds", "reconnect_seconds"), 0.1
LONGEST_S = 86_400  # no clock of this machine waits for ever
ENVIRONMENTS = Path(__file__).parents[2] / "environments"


def find(name_or_path: str) -> Path:
    """The file that `--env` names: one in environments/, or a path. Raises BadEnvironment."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.parent != Path():
        if _is_file(path):
            return path
        raise BadEnvironment(
            f"there is no environment file {name_or_path}; give a path to a TOML file that exists"
        )
    known = sorted(p.stem for p in ENVIRONMENTS.glob("*.toml"))
    if name_or_path in known:
        return ENVIRONMENTS / f"{name_or_path}.toml"
    raise BadEnvironment(
        f"there is no environment {name_or_path!r}; {nearest(name_or_path, known)}, or give "
        "a path to a TOML file"
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that we may not enter, a name too long
        return False


def parse(path: Path) -> dict[str, Any]:
    """The TOML of `path`. Raises BadEnvironment."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))  # editors on Windows write a BOM
    except (OSError, ValueError, RecursionError) as error:  # tomllib's own error is a ValueError
        raise BadEnvironment(
            f"{path} is not valid TOML: {error}; correct it and run again"
        ) from error


def build(settings: Mapping[str, Any], source: str) -> Target:
    """A Target from parsed TOML; `source` names the file in complaints. Raises BadEnvironment."""
    expect_current_keys(source, settings)
    known = {"control", *(f.name for f in fields(Target))}
    if strange := sorted(set(settings) - known):
        raise BadEnvironment(f"{source}: unknown key {strange[0]!r}; {nearest(strange[0], known)}")
    users = table(source, "users", settings)
    accepted = settings.get("accepted", [])
    if not isinstance(accepted, list):
        raise BadEnvironment(
            f"{source}: accepted findings are a list of tables; write [[accepted]] above each"
        )
    hosts = section(source, "hosts", Hosts, settings.get("hosts", {}))
    presign = None
    if "presign" in settings:
        presign = section(source, "presign", Presign, settings["presign"])
    target = Target(
        name=text(source, "name", settings.get("name", Path(source).stem)),
        hosts=hosts,
        workspace=section(source, "workspace", Workspace, settings.get("workspace", {})),
        users={
            who: section(source, f"users.{who}", UserConfig, config)
            for who, config in users.items()
        },
        tls=section(source, "tls", Tls, settings.get("tls", {})),
        proxy=read_proxy(source, settings),
        identity=section(
            source, "identity", Identity, with_store_of_environ(table(source, "identity", settings))
        ),
        presign=presign,
        paths=section(source, "paths", Paths, settings.get("paths", {})),
        timeouts=section(source, "timeouts", Timeouts, settings.get("timeouts", {})),
        realtime=section(source, "realtime", Realtime, settings.get("realtime", {})),
        oauth=section(source, "oauth", OAuth, settings.get("oauth", {})).at(hosts.apex, hosts.api),
        sign_out=section(source, "sign_out", SignOut, settings.get("sign_out", {})),
        exposure=section(source, "exposure", Exposure, settings.get("exposure", {})),
        notices=section(source, "notices", Notices, settings.get("notices", {})),
        livekit=read_livekit(source, settings),
        cluster=cluster_config(source, settings),
        tracing=tracing_config(source, settings),
        accepted=tuple(section(source, "accepted", Accepted, a) for a in accepted),
        skip={
            key: text(source, f"{key} in [skip]", why)
            for key, why in table(source, "skip", settings).items()
        },
    )
    _check(source, target)
    return target


def _check(source: str, target: Target) -> None:
    _check_hosts(source, target.hosts)
    _check_timeouts(source, target)
    for known in target.accepted:
        if known.code not in tuple(Code):
            hint = nearest(known.code, Code)
            raise BadEnvironment(
                f"{source}: [[accepted]] names the unknown code {known.code!r}; {hint}"
            )
    _check_identity(source, target.identity)
    _check_ids(source, target)
    _check_presign(source, target.presign)
    _check_paths(source, target)
    try:
        _ = target.trust
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; a NUL is a ValueError
        raise BadEnvironment(
            f"{source}: ca in [tls] names {target.tls.ca}, which is no PEM file of "
            f"certificates: {error}"
        ) from error


def _check_hosts(source: str, hosts: Hosts) -> None:
    for name in ("apex", "api", "cdn", "plain"):
        origin = getattr(hosts, name)
        needed = name in ("apex", "api")
        schemes = ("http",) if name == "plain" else urls.SCHEMES
        if (origin or needed) and not urls.is_origin(origin, schemes):
            example = f"{schemes[-1]}://example.org"
            shown = urls.without_user(origin)
            raise BadEnvironment(
                f"{source}: {name} in [hosts] must look like {example}, not {shown!r}"
            )
    if not hosts.loopback or not all(map(_is_loopback, hosts.loopback)):
        raise BadEnvironment(
            f"{source}: loopback in [hosts] must list addresses of this machine, like 127.0.0.1, "
            f"not {list(hosts.loopback)!r}"
        )


def _check_ids(source: str, target: Target) -> None:
    """They go into paths as they are."""
    workspace = target.workspace
    named = {"id in [workspace]": workspace.id, "project in [workspace]": workspace.project}
    named |= {f"id in [users.{name}]": user.id for name, user in target.users.items()}
    for name, identity in named.items():
        if "/" in identity or not urls.is_path(f"/{identity}"):
            raise BadEnvironment(
                f"{source}: {name} must be an id as weAlist writes it, not {identity!r}"
            )


def _check_presign(source: str, presign: Presign | None) -> None:
    if presign is None:
        return
    for name, known in (("style", ("path", "virtual-host")), ("scheme", urls.SCHEMES)):
        value = getattr(presign, name)
        if value not in known:
            right = " or ".join(known)
            raise BadEnvironment(f"{source}: {name} in [presign] must be {right}, not {value!r}")
    if not urls.is_origin(f"{presign.scheme}://{presign.host}"):
        raise BadEnvironment(
            f"{source}: host in [presign] must look like files.example.org, with its port where it "
            f"is not the usual one, not {presign.host!r}"
        )


def _check_paths(source: str, target: Target) -> None:
    storage, oauth = target.paths.storage, target.oauth
    if storage and (not urls.is_path(storage) or storage.endswith("/")):
        raise BadEnvironment(
            f"{source}: storage in [paths] must look like /api/svc/storage, not {storage!r}"
        )
    for name in ("authorize", "start", "redirect_uri", "landing", "portal"):
        url = getattr(oauth, name)
        if not urls.is_url(url):
            example = f"https://example.org/{name}"
            raise BadEnvironment(
                f"{source}: {name} in [oauth] must look like {example}, not "
                f"{urls.without_user(url)!r}"
            )
    if oauth.provider and not urls.is_origin(oauth.provider):
        raise BadEnvironment(
            f"{source}: provider in [oauth] must look like https://example.org, not "
            f"{urls.without_user(oauth.provider)!r}"
        )
    if not oauth.portal.endswith("/"):
        raise BadEnvironment(
            f"{source}: portal in [oauth] must end with a slash, not {oauth.portal!r}"
        )


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _check_timeouts(source: str, target: Target) -> None:
    """No promise can be kept in no time: such a file would blame the target. Nor can a run be
    ended that may take for ever.
    """
    for name, limits, may_be_zero in (
        ("timeouts", target.timeouts, ("retry_delay_s",)),
        ("realtime", target.realtime, ()),
    ):
        for f in fields(limits):
            value = getattr(limits, f.name)
            if value <= 0 and f.name not in may_be_zero:
                raise BadEnvironment(f"{source}: {f.name} in [{name}] must be more than 0")
            if f.name in JUDGED and value < SHORTEST_S:
                raise BadEnvironment(
                    f"{source}: {f.name} in [{name}] must be at least {SHORTEST_S} s; it is in "
                    "seconds, and no network is faster"
                )
            if value > LONGEST_S:
                raise BadEnvironment(
                    f"{source}: {f.name} in [{name}] must be at most {LONGEST_S}, which is a day"
                )
    presign = target.presign
    if presign and min(presign.put_seconds, presign.get_seconds) <= 0:
        raise BadEnvironment(
            f"{source}: put_seconds and get_seconds in [presign] must be more than 0"
        )


def _check_identity(source: str, identity: Identity) -> None:
    if identity.way not in WAYS:
        raise BadEnvironment(
            f"{source}: way in [identity] is {identity.way!r}; {nearest(identity.way, WAYS)}"
        )
    expect_store_name(source, identity.state)
    for way, key in (("refresh-token", "state"), ("signing-key", "signing_key")):
        if identity.way == way and not getattr(identity, key):
            raise BadEnvironment(f"{source}: way {way} in [identity] needs {key}; add it")
