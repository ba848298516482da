"""Where everything of one replica listens, and the names and URLs by which the public knows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from replica.infra.certificates import Certificate
from replica.infra.seaweed import DOMAIN, FILES
from replica.service_settings import PublicHosts

NAMES = {
    "apex": "wealist.localhost",
    "api": "api.wealist.localhost",
    "cdn": "cdn.wealist.localhost",
    "bucket": f"{FILES}.{DOMAIN}",
    "google": "accounts.google.localhost",
    "livekit": "livekit.wealist.localhost",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is: public ports, SeaweedFS, the services' pods, sockets and certificates by
    host part.

    `production`: what stands there is as open as weAlist's production is known to be.
    """

    apex: int
    api: int
    cdn: int
    bucket: int
    plain: int
    google: int
    livekit: int
    s3: str
    filer: str
    gateway: str
    provider: str
    calls: str
    admin: str
    storage: str
    upstreams: Mapping[str, Sequence[str]]
    certificates: Mapping[str, Certificate]
    production: bool = False


def public_hosts(places: Places) -> PublicHosts:
    """The public base URLs."""
    return PublicHosts(
        apex=f"https://{NAMES['apex']}:{places.apex}",
        api=f"https://{NAMES['api']}:{places.api}",
        cdn=f"https://{NAMES['cdn']}:{places.cdn}",
        plain=f"http://{NAMES['apex']}:{places.plain}",
    )


def google_url(places: Places) -> str:
    """The public base URL of what stands for Google."""
    return f"https://{NAMES['google']}:{places.google}"


def livekit_url(places: Places) -> str:
    """Where the app sends people to talk."""
    return f"wss://{NAMES['livekit']}:{places.livekit}"
