"""What one run leaves for the next: refresh tokens that rotate, and access tokens that will have
expired by then.

A file of ours alone, replaced as a whole and locked, so that neither two runs at once nor a kill
can lose a token.
"""

import contextlib
import fcntl
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from probes.finding import BadEnvironment, CannotAsk
from probes.polling import poll_until

Entry = dict[str, str]  # name -> value, of one user
ELSEWHERE = "PROBES_STATE"  # names another store than the environment file does
STATE = re.compile(r"file:[^\x00\n]+|secret:[a-z0-9.-]+/[a-z0-9.-]+")
POLL_INTERVAL_S = 0.02  # flock has nothing that could be awaited


class State(Protocol):
    """Where tokens outlive a run."""

    @property
    def is_exclusive(self) -> bool:
        """Whether a turn keeps other runs out, so that what they left is of runs that have
        ended.
        """

    async def read(self, user: str) -> Entry:
        """All that is kept for `user`. Raises CannotAsk."""

    async def swap(self, user: str, before: Entry, after: Entry) -> bool:
        """Keep `after` for `user`, safe when this returns; False where no longer `before` is
        kept. Raises CannotAsk.

        Never a blind write: what another run has kept meanwhile is newer than anything that we
        know.
        """

    def turn(self, user: str) -> AbstractAsyncContextManager[None]:
        """Nobody else has a turn for `user` meanwhile, where the store can promise that. Raises
        CannotAsk.
        """


class FileState:
    """One JSON file, {user: {name: value}}, mode 0600, with a lock file beside it for each
    user's turn.
    """

    is_exclusive = True

    def __init__(self, path: Path, timeout_s: float) -> None:
        # Behind a link there is one file, with one lock, by whatever name it is called.
        self._path, self._timeout_s = Path(os.path.realpath(path.expanduser())), timeout_s

    async def read(self, user: str) -> Entry:
        return self._all().get(user, {})

    async def swap(self, user: str, before: Entry, after: Entry) -> bool:
        with self._complaining():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            async with self._lock("write"):
                kept = self._all()
                if kept.get(user, {}) != before:
                    return False
                self._replace(json.dumps({**kept, user: after}, indent=1))
        return True

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        with self._complaining():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with self._lock(user):
            yield

    def _all(self) -> dict[str, Entry]:
        try:
            return {
                str(user): dict(kept)
                for user, kept in json.loads(self._path.read_text("utf-8")).items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise CannotAsk(
                f"the state file {self._path} cannot be read ({error}); correct or remove it"
            ) from error

    @contextlib.contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"the state file {self._path} cannot be written ({error.strerror})"
            raise CannotAsk(f"{message}; name another in state of [identity]") from error

    @asynccontextmanager
    async def _lock(self, what: str) -> AsyncIterator[None]:
        """The lock falls with whoever holds it, so a kill leaves none behind."""
        with self._complaining():
            lock = os.open(
                self._path.with_name(f"{self._path.name}.{what}.lock"),
                os.O_RDWR | os.O_CREAT,
                0o600,
            )
        try:
            await self._acquire(lock, what)
            yield
        finally:
            os.close(lock)

    async def _acquire(self, lock: int, what: str) -> None:
        async def try_lock() -> bool:
            return _try_lock(lock)

        if not await poll_until(try_lock, self._timeout_s, POLL_INTERVAL_S):
            lock_name = f"{self._path.name}.{what}.lock"
            raise CannotAsk(
                f"another run has kept {lock_name} for {self._timeout_s:g} s; look for a run "
                "that hangs"
            )

    def _replace(self, text: str) -> None:
        descriptor, draft = tempfile.mkstemp(
            prefix=f".{self._path.name}.", dir=self._path.parent
        )  # made with 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self._path)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def with_store_of_environ(
    identity: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """`identity` with the store that PROBES_STATE names: that is up to where the suite runs, not to
    what it asks.
    """
    return {**identity, "state": environ[ELSEWHERE]} if environ.get(ELSEWHERE) else dict(identity)


def expect_store_name(source: str, where: str) -> None:
    """Raises BadEnvironment when `where` names something, but no store."""
    if where and not STATE.fullmatch(where):
        raise BadEnvironment(
            f"{source}: state in [identity], or {ELSEWHERE}, must be file:PATH or "
            f"secret:NAMESPACE/NAME, not {where!r}"
        )
    try:
        Path(where.partition(":")[2]).expanduser()
    except RuntimeError as error:
        raise BadEnvironment(
            f"{source}: state in [identity], or {ELSEWHERE}, is {where!r}, and this machine knows "
            "no such home; name a full path"
        ) from error


def open_state(where: str, timeout_s: float) -> State | None:
    """The store that `state` in [identity] names; None where it names none. Raises CannotAsk."""
    kind, _, place = where.partition(":")
    if kind == "secret":
        from probes.state.kubernetes_secret import SecretState  # noqa: PLC0415 - its library is an optional extra

        namespace, _, name = place.partition("/")
        return SecretState(namespace, name, timeout_s)
    return FileState(Path(place), timeout_s) if where else None
