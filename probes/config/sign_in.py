"""What an environment promises of coming in, being trusted and staying out (contract 2.1, 2.3,
2.5).
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class OAuth:
    """Sign-in with a provider. What is left empty follows from [hosts], or is not compared."""

    drivable: bool = False
    provider: str = ""
    authorize: str = "https://accounts.google.com/o/oauth2/v2/auth"
    client_id: str = ""
    scope: str = "email profile"
    start: str = ""
    redirect_uri: str = ""
    landing: str = ""
    portal: str = ""
    cookie: str = "SESSION"

    def at(self, apex: str, api: str) -> "OAuth":
        """The same, with what was left empty."""
        return replace(
            self,
            start=self.start or f"{api}/api/oauth2/authorization/google",
            redirect_uri=self.redirect_uri or f"{api}/api/oauth2/callback/google",
            landing=self.landing or f"{apex}/oauth/callback",
            portal=self.portal or f"{apex}/api/ops-portal/",
        )


@dataclass(frozen=True, slots=True)
class SignOut:
    """What signing out ends: the doors that then refuse the access token, and whether the refresh
    token dies.
    """

    ends_access: tuple[str, ...] = ()
    ends_refresh: bool = False


@dataclass(frozen=True, slots=True)
class Exposure:
    """What is promised to be closed to the public, by the names in scenarios/exposures.py."""

    closed: tuple[str, ...] = ()

    def covers(self, name: str) -> bool:
        """A name covers itself and what begins with it and a dash."""
        return any(name == closed or name.startswith(f"{closed}-") for closed in self.closed)
