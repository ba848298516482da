"""One environment as a frozen Target: where to probe, as whom, with which timeouts, and what is
promised there.
"""

import difflib
import functools
import os
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from probes.config import authorities
from probes.config.cluster import ClusterConfig
from probes.config.livekit import LiveKit
from probes.config.notices import Notices
from probes.config.proxies import Proxy
from probes.config.selectors import area, covers, literal
from probes.config.sign_in import Exposure, OAuth, SignOut
from probes.config.timeouts import Realtime, Timeouts
from probes.config.tracing import TracingConfig
from probes.finding import BadEnvironment
from probes.results import Accepted

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Absolute origins. `plain` is the http origin that must lead to https; empty where there is
    none. `loopback`: the addresses of every name under .localhost, which no DNS knows.
    """

    apex: str
    api: str
    cdn: str = ""
    plain: str = ""
    loopback: tuple[str, ...] = (LOOPBACK,)


@dataclass(frozen=True, slots=True)
class Tls:
    """`ca`: a PEM file to trust beside all others. `warn_days`: life left that is too
    short.
    """

    ca: str = ""
    warn_days: int = 14


@dataclass(frozen=True, slots=True)
class Identity:
    """How the test users get their tokens, and where those are kept that the next run needs;
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
    """A test user. `token` and `refresh_token` name process variables (ways `static` and
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
    scheme: str = "https"


@dataclass(frozen=True, slots=True)
class Paths:
    """Outside paths that differ between environments: storage's base path is /api in dev only
    (contract 4.1).
    """

    storage: str = "/api/svc/storage"


@dataclass(frozen=True, slots=True)
class Target:
    """One environment, ready to be asked."""

    name: str
    hosts: Hosts
    workspace: Workspace
    users: Mapping[str, UserConfig]
    tls: Tls = Tls()
    proxy: Proxy = field(default_factory=Proxy)
    identity: Identity = Identity()
    presign: Presign | None = None
    paths: Paths = Paths()
    timeouts: Timeouts = field(default_factory=Timeouts)
    realtime: Realtime = field(default_factory=Realtime)
    oauth: OAuth = field(default_factory=OAuth)
    sign_out: SignOut = field(default_factory=SignOut)
    exposure: Exposure = field(default_factory=Exposure)
    notices: Notices = field(default_factory=Notices)
    livekit: LiveKit | None = None
    cluster: ClusterConfig | None = None
    tracing: TracingConfig | None = None
    accepted: tuple[Accepted, ...] = ()
    skip: Mapping[str, str] = field(default_factory=dict)

    @property
    def trust(self) -> ssl.SSLContext:
        """What every client of a run trusts (probes/config/authorities.py)."""
        return _trusting(self.tls.ca)

    @property
    def ids(self) -> frozenset[str]:
        """Ids that exist between runs, in lower case."""
        users = [user.id for user in self.users.values()]
        found = (*users, self.workspace.id, self.workspace.project)
        return frozenset(identity.lower() for identity in found if identity)

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
        _expect_asked("closed in [exposure]", self.exposure.closed, _cases(scenarios, "exposure/"))
        doors = _cases(scenarios, "token_trust/", "signed-out-")
        _expect_asked("ends_access in [sign_out]", self.sign_out.ends_access, doors)
        areas = {area(name) for name in scenarios}
        borne = scenarios | areas | {name.partition("[")[0] for name in scenarios}
        skipped = [name for name in self.skip if not _is_any(covers, name, scenarios)]
        accepted = [each.scenario for each in self.accepted]
        stray = [name for name in accepted if not _is_any(_is_pattern_of, name, scenarios)]
        named = [("[skip]", name, borne) for name in skipped]
        named += [("[[accepted]]", name, scenarios) for name in stray]
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


def _cases(scenarios: Iterable[str], family: str, kind: str = "") -> set[str]:
    """What stands in the brackets of those scenarios, after `kind`."""
    cases = {
        name.partition("[")[2].removesuffix("]") for name in scenarios if name.startswith(family)
    }
    return {case.removeprefix(kind) for case in cases if case.startswith(kind)} - {""}


def _expect_asked(where: str, promised: Iterable[str], cases: set[str]) -> None:
    """A promise that no case asks for would hold for ever; nothing is known where there are no
    cases. Raises BadEnvironment.
    """
    for name in promised:
        if cases and not any(map(Exposure((name,)).covers, cases)):
            near = difflib.get_close_matches(name, sorted(cases), 1)
            hint = f"did you mean {near[0]}?" if near else "correct or remove it"
            raise BadEnvironment(f"{where} names {name!r}, which no scenario asks for; {hint}")


def _is_pattern_of(pattern: str, scenario: str) -> bool:
    return fnmatchcase(scenario, literal(pattern))


def _is_any(is_named: Callable[[str, str], bool], selector: str, scenarios: Iterable[str]) -> bool:
    return any(is_named(selector, scenario) for scenario in scenarios)


@functools.cache
def _trusting(ca: str) -> ssl.SSLContext:
    """Read once: to read all authorities takes 40 ms, and every socket asks."""
    return authorities.context(os.environ, ca)


def address(host: str) -> str:
    """The name to connect to: RFC 6761 makes every name under .localhost loopback, resolvers do not
    always know.
    """
    return LOOPBACK if host == "localhost" or host.endswith(".localhost") else host
