"""Who may do what at LiveKit: short tokens, signed with the environment's API key (docs.livekit.io,
"Authentication").

Ten lines on pyjwt instead of livekit-api, which would bring another HTTP library for them.
"""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from jwt.warnings import InsecureKeyLengthWarning

from probes import clock
from probes.auth.secret_variables import clean
from probes.config.livekit import LiveKit
from probes.finding import CannotAsk, NotApplicable
from probes.recording.redactor import Redactor

ALGORITHM = "HS256"
LIFETIME_S = 120  # of a token's life: a run's calls are over by then
MEDIA_GRANTS = {"canPublish": True, "canSubscribe": True, "canPublishData": True}


@dataclass(frozen=True, slots=True)
class Access:
    """An API key and its secret."""

    key: str
    secret: str = field(repr=False)

    def token(self, identity: str = "", **grants: Any) -> str:
        """A token with `grants` in LiveKit's own words; never the same twice."""
        now = int(clock.now())
        claims = {
            "iss": self.key,
            "nbf": now - 5,
            "exp": now + LIFETIME_S,
            "video": grants,
            "jti": os.urandom(8).hex(),
        }
        with warnings.catch_warnings():
            # Keys that everybody knows are shorter than they should be; they are tried for that
            # very reason.
            warnings.simplefilter("ignore", InsecureKeyLengthWarning)
            return jwt.encode(
                claims | ({"sub": identity} if identity else {}), self.secret, algorithm=ALGORITHM
            )

    def to_join(self, room: str, identity: str) -> str:
        """For one participant of one room, who may speak, listen and send data."""
        return self.token(identity, roomJoin=True, room=room, **MEDIA_GRANTS)

    def to_manage_rooms(self) -> str:
        """For who lists, makes and removes rooms."""
        return self.token(roomList=True, roomCreate=True)


def expect_livekit(promised: LiveKit | None, tier: str) -> LiveKit:
    """What the environment promises of its LiveKit, if `tier` may be asked there. Raises
    NotApplicable.
    """
    if promised is None:
        raise NotApplicable("this environment has no LiveKit: [livekit]")
    if tier not in promised.tiers:
        raise NotApplicable(f"tiers in [livekit] leaves out {tier}")
    return promised


def open_access(
    promised: LiveKit, redactor: Redactor, environ: Mapping[str, str] = os.environ
) -> Access:
    """The environment's key and secret, which `redactor` knows before anybody can use it. Raises
    CannotAsk.
    """
    access = Access(
        _read(promised.api_key, "api_key", environ),
        _read(promised.api_secret, "api_secret", environ),
    )
    redactor.remember(access.secret)
    return access


def _read(where: str, name: str, environ: Mapping[str, str]) -> str:
    """Raises CannotAsk for what is not there, or is no key: a token of it would be refused, and
    LiveKit blamed.
    """
    value = clean(environ.get(where, "")) or clean(_read_file(where, name))
    if not value or not value.isprintable() or " " in value:
        raise CannotAsk(
            f"no token for LiveKit: what {name} in [livekit] names, {where}, holds no key; put the "
            "key itself there"
        )
    return value


def _read_file(where: str, name: str) -> str:
    try:
        return Path(where).expanduser().read_text("utf-8")
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: nobody has that ~
        raise CannotAsk(
            f"no token for LiveKit: {name} in [livekit] is {where}, which is neither a "
            "variable that is set nor a file"
            " that can be read; put it into that variable"
        ) from error
