"""One pod of auth-service: with Redis and a key from the secret store it has nothing for itself
(contract §2.1).
"""

import functools
from dataclasses import dataclass, field

from starlette.requests import Request

from replica.keys import SigningKey
from replica.state import Pending, World


@dataclass
class Pod:
    """A pod, and what it falls back to when nothing is shared."""

    world: World
    first: bool
    _sessions: dict[str, Pending] = field(default_factory=dict)

    @property
    def sessions(self) -> dict[str, Pending]:
        return (
            self._sessions
            if self.world.lies("oauth-session-stays-in-one-pod")
            else self.world.sessions
        )

    @property
    def key(self) -> SigningKey:
        """The services know the first pod's."""
        alone = self.world.lies("auth-pods-hold-different-keys") and not self.first
        return self._key if alone else self.world.key

    @functools.cached_property
    def _key(self) -> SigningKey:
        return SigningKey()

    def pair(self, user: str, email: str) -> dict[str, str]:
        """What somebody who signs in is given."""
        world = self.world
        told = None if world.lies("token-lacks-email-claim") else email
        return {
            "accessToken": self.key.mint(user, told, "access", world.access_seconds),
            "refreshToken": self.key.mint(user, told, "refresh", world.refresh_seconds),
            "userId": user,
        }


def pod_of(request: Request) -> Pod:
    pod: Pod = request.app.state.pod
    return pod
