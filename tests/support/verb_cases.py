"""A verb of the suite, and the answers of a healthy service to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.services.storage import Drive
from probes.transport.http import Web
from tests.support.site import Said


@dataclass(frozen=True, slots=True)
class Cast:
    """Who asks, and with what."""

    web: Web
    user: User
    ledger: Ledger

    @property
    def drive(self) -> Drive:
        base = f"{self.web.target.hosts.apex}/api/svc/storage/api"
        return Drive(self.web, self.user, base, "w-1", self.ledger)


@dataclass(frozen=True, slots=True)
class Case:
    """A verb, and the healthy answers to its requests in their order; the last is repeated."""

    name: str
    ask: Callable[[Cast], Awaitable[object]]
    answers: tuple[Said, ...] = field(default=())
