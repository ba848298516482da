"""What an environment leaves out of its entrance follows from its hosts."""

from probes.config.sign_in import Exposure, OAuth


def test_what_is_left_out_follows_from_the_hosts() -> None:
    """Start and callback on the api host, landings on the apex."""
    filled = OAuth().at("https://a", "https://b")
    assert (filled.start, filled.redirect_uri) == (
        "https://b/api/oauth2/authorization/google",
        "https://b/api/oauth2/callback/google",
    )
    assert (filled.landing, filled.portal) == (
        "https://a/oauth/callback",
        "https://a/api/ops-portal/",
    )


def test_what_is_said_stays() -> None:
    """No host takes the place of what the file says."""
    assert (
        OAuth(start="https://x/start", portal="https://x/p/").at("https://a", "https://b").start
        == "https://x/start"
    )


def test_a_name_covers_its_family() -> None:
    """And not what only begins with the same letters."""
    promised = Exposure(closed=("metrics", "git-app"))
    assert [promised.covers(name) for name in ("metrics", "metrics-user", "git-app")] == [
        True,
        True,
        True,
    ]
    assert [promised.covers(name) for name in ("metricsx", "git-portal", "loki")] == [
        False,
        False,
        False,
    ]
