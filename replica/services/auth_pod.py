"""One pod of auth-service: with Redis and a key from the secret store it has nothing for itself
(contract §2.1).
"""

import functools
from dataclasses import dataclass, field

from starlette.requests import Request

from replica.signing_key import SigningKey
from replica.state import ReplicaState, SignInSession


@dataclass
class Pod:
    """A pod, and what it falls back to when nothing is shared."""

    state: ReplicaState
    first: bool
    _sessions: dict[str, SignInSession] = field(default_factory=dict)

    @property
    def keeps_sessions_alone(self) -> bool:
        """Whether there is no Spring Session: Tomcat's own sessions, in this pod's memory."""
        return self.state.is_fault_active("oauth-session-stays-in-one-pod")

    @property
    def cookie(self) -> str:
        return "JSESSIONID" if self.keeps_sessions_alone else "SESSION"

    @property
    def sessions(self) -> dict[str, SignInSession]:
        return self._sessions if self.keeps_sessions_alone else self.state.sessions

    @property
    def key(self) -> SigningKey:
        """The services know the first pod's."""
        alone = self.state.is_fault_active("auth-pods-hold-different-keys") and not self.first
        return self._key if alone else self.state.key

    @functools.cached_property
    def _key(self) -> SigningKey:
        return SigningKey()

    def pair(self, user: str, email: str) -> dict[str, str]:
        """What somebody who signs in is given."""
        state = self.state
        email_claim = None if state.is_fault_active("token-lacks-email-claim") else email
        return {
            "accessToken": self.key.mint(user, email_claim, "access", state.access_seconds),
            "refreshToken": self.key.mint(user, email_claim, "refresh", state.refresh_seconds),
            "userId": user,
        }


def pod_of(request: Request) -> Pod:
    pod: Pod = request.app.state.pod
    return pod
