"""What tests of rotation share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probes.auth.rotation import Rotation
from probes.auth.tokens import Tokens
from probes.config.environment import UserConfig
from probes.recording.recorder import Recorder
from probes.state.store import Entry
from probes.transport.http import Web
from tests.support.session_tokens import pair

ALICE = UserConfig("u-1", refresh_token="ALICE_REFRESH")


OLD, NEW = pair(1), pair(2, age=0)


class Open:
    """A store that keeps nobody out, as a Secret."""

    is_exclusive = False

    def __init__(self, kept: Entry) -> None:
        self.kept, self.log = kept, list[str]()
        self.loses: Entry | None = None
        self.wins_at_read = 0

    async def read(self, user: str) -> Entry:
        self.log.append(f"read {user}")
        if self.log.count(f"read {user}") == self.wins_at_read:
            self.kept = {"refresh": NEW.refresh, "access": NEW.access}
        return dict(self.kept)

    async def swap(self, user: str, before: Entry, after: Entry) -> bool:
        self.log.append(f"swap {user}")
        if self.loses is not None:
            self.kept, self.loses = self.loses, None
        if before != self.kept:
            return False
        self.kept = after
        return True

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        self.log.append(f"turn {user}")
        yield


def rotating(web: Web, recorder: Recorder, store: Open, **environ: str) -> Rotation:
    return Rotation(web, recorder.evidence.redactor, store, environ)


async def signed_in(rotation: Rotation) -> Tokens:
    async with rotation.session("alice", ALICE) as session:
        return session.tokens
