"""Where to probe, as whom, how patiently: an environment file becomes one frozen Target.

What differs between environments is TOML; secrets are named there and read from the process's
environment.
"""

import difflib
import functools
import ssl
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from probes.config.cluster import ClusterConfig, cluster_config
from probes.config.livekit import LiveKit, promised
from probes.config.notices import Notices
from probes.config.realtime import Realtime
from probes.config.selectors import area, covers, literal
from probes.config.sign_in import Exposure, OAuth, SignOut
from probes.config.toml_schema import nearest, section, table, text
from probes.finding import BadEnvironment, Code
from probes.results import Accepted
from probes.state.store import check_place, placed

WAYS = ("test-endpoint", "signing-key", "refresh-token", "static")
ENVIRONMENTS = Path(__file__).parents[2] / "environments"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Absolute origins. `plain` is the http origin that must lead to https; empty where there is
    none.
    """

    apex: str
    api: str
    cdn: str = ""
    plain: str = ""


@dataclass(frozen=True, slots=True)
class Tls:
    """`ca`: a PEM file to trust beside the system's authorities. `warn_days`: life left that is too
    short.
    """

    ca: str = ""
    warn_days: int = 14


@dataclass(frozen=True, slots=True)
class Identity:
    """How the cast gets its tokens, and where those are kept that the next run needs;
    probes/auth/users.py says more.
    """

    way: str = "test-endpoint"
    signing_key: str = ""
    issuer: str = "wealist-auth-service"
    kid: str = "wealist-auth-key-1"
    state: str = ""
    short_life: bool = False


@dataclass(frozen=True, slots=True)
class UserConfig:
    """One of the cast. `token` and `refresh_token` name process variables (ways `static` and
    `refresh-token`).
    """

    id: str
    email: str = ""
    token: str = ""
    refresh_token: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where alice and bob are members and the stranger is not. `project` is a board project in
    it.
    """

    id: str
    project: str = ""


@dataclass(frozen=True, slots=True)
class Presign:
    """What a presigned URL of this environment looks like (contract 4.3). Lifetimes in seconds."""

    host: str
    style: str
    bucket: str
    region: str
    temporary: bool = True
    put_seconds: int = 300
    get_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class Paths:
    """Outside paths that differ between environments: storage's base path is /api in dev only
    (contract 4.1).
    """

    storage: str = "/api/svc/storage"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that one answer, one scenario and the whole run may take, and the wait before a
    confirming rerun.
    """

    answer_s: float = 10
    scenario_s: float = 60
    run_s: float = 300
    retry_delay_s: float = 1


@dataclass(frozen=True, slots=True)
class Target:
    """One environment, ready to be asked."""

    name: str
    hosts: Hosts
    workspace: Workspace
    users: Mapping[str, UserConfig]
    tls: Tls = Tls()
    identity: Identity = Identity()
    presign: Presign | None = None
    paths: Paths = Paths()
    timeouts: Timeouts = Timeouts()
    realtime: Realtime = field(default_factory=Realtime)
    oauth: OAuth = field(default_factory=OAuth)
    sign_out: SignOut = field(default_factory=SignOut)
    exposure: Exposure = field(default_factory=Exposure)
    notices: Notices = field(default_factory=Notices)
    livekit: LiveKit | None = None
    cluster: ClusterConfig | None = None
    accepted: tuple[Accepted, ...] = ()
    skip: Mapping[str, str] = field(default_factory=dict)

    @property
    def trust(self) -> ssl.SSLContext:
        """The system's authorities, and the environment's own."""
        return _trusting(self.tls.ca)

    def acceptance(self, scenario: str, code: str, today: date) -> Accepted | None:
        """The environment's word that `code` in `scenario` is known, while its date has not
        passed.
        """
        return next(
            (
                a
                for a in self.accepted
                if a.code == code and _is_pattern_of(a.scenario, scenario) and today <= a.until
            ),
            None,
        )

    def check_names(self, known: Iterable[str], *, all_areas: bool) -> None:
        """Raise BadEnvironment for a name that no scenario bears; `known` may leave whole areas
        out.
        """
        scenarios = set(known)
        areas = {area(name) for name in scenarios}
        borne = scenarios | areas | {name.partition("[")[0] for name in scenarios}
        named = [
            ("[skip]", name, borne)
            for name in self.skip
            if not any(covers(name, s) for s in scenarios)
        ]
        stray = [
            a for a in self.accepted if not any(_is_pattern_of(a.scenario, s) for s in scenarios)
        ]
        named += [("[[accepted]]", accepted.scenario, scenarios) for accepted in stray]
        for where, name, right in named:
            if name not in right and (all_areas or area(name) in areas):
                near = difflib.get_close_matches(name, sorted(right), 1)
                hint = f"did you mean {near[0]}?" if near else "correct or remove it"
                raise BadEnvironment(
                    f"{where} names {name!r}, which is no scenario of ours; {hint}"
                )

    def reason_to_skip(self, scenario: str) -> str:
        """Why `scenario` (or its whole area) does not apply here; empty when it does."""
        names = (scenario, scenario.partition("[")[0], area(scenario), *self.skip)
        return next(
            (self.skip[name] for name in names if name in self.skip and covers(name, scenario)), ""
        )


def _is_pattern_of(pattern: str, scenario: str) -> bool:
    return fnmatchcase(scenario, literal(pattern))


@functools.cache
def _trusting(ca: str) -> ssl.SSLContext:
    """Read once: to read all authorities takes 40 ms, and every socket asks."""
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(ca)
    return context


def address(host: str) -> str:
    """The name to connect to: RFC 6761 makes every name under .localhost loopback, resolvers do not
    always know.
    """
    return LOOPBACK if host == "localhost" or host.endswith(".localhost") else host


def find(name_or_path: str) -> Path:
    """The file that `--env` names: one in environments/, or a path. Raises BadEnvironment."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.parent != Path():
        if path.is_file():
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


def parse(path: Path) -> dict[str, Any]:
    """The TOML of `path`. Raises BadEnvironment."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadEnvironment(f"{path} is not valid TOML: {error}; mend it and run again") from error


def build(settings: Mapping[str, Any], source: str) -> Target:
    """A Target from parsed TOML; `source` names the file in complaints. Raises BadEnvironment."""
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
    target = Target(
        name=text(source, "name", settings.get("name", Path(source).stem)),
        hosts=hosts,
        workspace=section(source, "workspace", Workspace, settings.get("workspace", {})),
        users={
            who: section(source, f"users.{who}", UserConfig, config)
            for who, config in users.items()
        },
        tls=section(source, "tls", Tls, settings.get("tls", {})),
        identity=section(source, "identity", Identity, placed(table(source, "identity", settings))),
        presign=section(source, "presign", Presign, settings["presign"])
        if "presign" in settings
        else None,
        paths=section(source, "paths", Paths, settings.get("paths", {})),
        timeouts=section(source, "timeouts", Timeouts, settings.get("timeouts", {})),
        realtime=section(source, "realtime", Realtime, settings.get("realtime", {})),
        oauth=section(source, "oauth", OAuth, settings.get("oauth", {})).at(hosts.apex, hosts.api),
        sign_out=section(source, "sign_out", SignOut, settings.get("sign_out", {})),
        exposure=section(source, "exposure", Exposure, settings.get("exposure", {})),
        notices=section(source, "notices", Notices, settings.get("notices", {})),
        livekit=promised(source, settings),
        cluster=cluster_config(source, settings),
        accepted=tuple(section(source, "accepted", Accepted, a) for a in accepted),
        skip={
            key: text(source, f"{key} in [skip]", why)
            for key, why in table(source, "skip", settings).items()
        },
    )
    _check(source, target)
    return target


def _check(source: str, target: Target) -> None:
    for f in fields(Hosts):
        origin = getattr(target.hosts, f.name)
        needed = f.name in ("apex", "api")
        if (origin or needed) and not _is_origin(origin):
            raise BadEnvironment(
                f"{source}: {f.name} in [hosts] must look like https://example.org, not {origin!r}"
            )
    for known in target.accepted:
        if known.code not in tuple(Code):
            hint = nearest(known.code, Code)
            raise BadEnvironment(
                f"{source}: [[accepted]] names the unknown code {known.code!r}; {hint}"
            )
    _check_identity(source, target.identity)
    if target.presign and target.presign.style not in ("path", "virtual-host"):
        raise BadEnvironment(
            f"{source}: style in [presign] must be path or virtual-host, not "
            f"{target.presign.style!r}"
        )
    try:
        _ = target.trust
    except OSError as error:  # of which ssl.SSLError is one
        raise BadEnvironment(
            f"{source}: ca in [tls] names {target.tls.ca}, which is no PEM file of "
            f"certificates: {error}"
        ) from error


def _check_identity(source: str, identity: Identity) -> None:
    if identity.way not in WAYS:
        raise BadEnvironment(
            f"{source}: way in [identity] is {identity.way!r}; {nearest(identity.way, WAYS)}"
        )
    check_place(source, identity.state)
    for way, key in (("refresh-token", "state"), ("signing-key", "signing_key")):
        if identity.way == way and not getattr(identity, key):
            raise BadEnvironment(f"{source}: way {way} in [identity] needs {key}; add it")


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False
    return bool(named) and not (parts.path or parts.query or parts.fragment or parts.username)
