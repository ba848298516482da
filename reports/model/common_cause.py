"""One cause at many services, as where the mesh, the database or a node is down: told once, not
once for each of them. Pure.
"""

import re
from collections.abc import Hashable, Mapping, Sequence

# Two services may well be broken for reasons of their own.
MANY = 3
NAMED = 4
_SERVICE = re.compile(r"\b[a-z]+-service\b")


# What excuses a result, and its cause: results with the same one are told together.
Identity = tuple[Hashable, Hashable]


def services_by_identity(causes: Mapping[Identity, str]) -> dict[Identity, tuple[str, ...]]:
    """{identity: the services at which its cause is found}, for those alone whose causes differ in
    nothing but the service that they name, and name MANY or more.
    """
    alike: dict[tuple[Hashable, str], list[Identity]] = {}
    for identity, cause in causes.items():
        if len(set(_SERVICE.findall(cause))) == 1:
            alike.setdefault((identity[0], shape(cause)), []).append(identity)
    found: dict[Identity, tuple[str, ...]] = {}
    for identities in alike.values():
        services = tuple(sorted({_service(causes[identity]) for identity in identities}))
        if len(services) >= MANY:
            found |= dict.fromkeys(identities, services)
    return found


def _service(cause: str) -> str:
    named = _SERVICE.search(cause)
    return named[0] if named else ""


def shape(cause: str) -> str:
    """The cause without the service that it names."""
    return _SERVICE.sub("-service", cause)


def with_services(cause: str, services: Sequence[str]) -> str:
    """The cause with all `services` in the place of the one that it names."""
    names = list(services[:NAMED])
    left = len(services) - len(names)
    more = f"{left} more" if left else names.pop()
    text = f"{', '.join(names)} and {more}"
    return _SERVICE.sub(lambda _: text, cause)
