"""Where a sign-in may land: the tricks by which an address looks like one of ours."""

import pytest

from replica.services.redirect_allow_list import allowed_patterns, is_allowed
from tests.support.service_fixtures import HOSTS

OURS = allowed_patterns(HOSTS)
APP = "wealist.localhost:41001"


@pytest.mark.parametrize(
    "address", [f"https://{APP}/oauth/callback", f"https://{APP}", "http://localhost:3000/a?b=c"]
)
def test_an_address_of_ours_is_allowed(address: str) -> None:
    """Any path of a listed origin, with a query or without."""
    assert is_allowed(address, OURS)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.invalid/oauth/callback",
        f"https://{APP}.evil.invalid/",
        f"https://{APP}@evil.invalid/",
        f"https://user@{APP}/",
        f"http://{APP}/",
        f"javascript://{APP}/%0aalert(1)",
        f"https:%2F%2F{APP}/",
        f"https://{APP}%2F@evil.invalid/",
        f"//{APP}/",
        f"https:\\\\{APP}\\",
        f"https://evil.invalid\\@{APP}/",
        f"https://{APP}\t/",
        "https://wealist.localhost:41009/",
        "https://[wealist",
        f"https://{APP}\uff0f/",
        "/oauth/callback",
    ],
)
def test_an_address_that_only_looks_like_ours_is_not(address: str) -> None:
    """Host, suffix, userinfo, scheme, encoded slashes, no scheme, backslash, control signs, port,
    nonsense.
    """
    assert not is_allowed(address, OURS)
