"""Cookies are known by what headers bring, however the headers were put together."""

import pytest

from probes.recording import secret_cookies
from probes.recording.redactor import Redactor

ONE, TWO = "3b1f0c4e-first", "77aa0-second"


@pytest.mark.parametrize(
    ("header", "value", "brings"),
    [
        ("Set-Cookie", f"A={ONE}; Path=/\nB={TWO}; Secure", {ONE, TWO}),
        ("set-cookie", f"A={ONE}; Expires=Wed, 21 Oct 2026 07:28:00 GMT, B={TWO}", {ONE, TWO}),
        ("set-cookie", f"A={ONE}; Path=/deep/path-01,B={TWO}", {ONE, TWO}),
        ("Cookie", f'A={ONE}; B="{TWO}"', {ONE, TWO}),
        ("Cookie", f"{ONE}", {ONE}),
        ("set-cookie", "prefs=%7B%22a%22%3A1%7D; Path=/", {"%7B%22a%22%3A1%7D", '{"a":1}'}),
        ("set-cookie", 'j={"a":"b c1"}; Path=/', {'{"a":"b c1"}'}),
        ("set-cookie", "consent=accepted; Path=/", set()),
        ("location", f"/?A={ONE}", set()),
    ],
)
def test_every_cookie_of_a_header_is_read(header: str, value: str, brings: set[str]) -> None:
    """Joined by commas or line ends, quoted, encoded, or not what RFC 6265 allows; no attribute is
    taken for one, and no plain word that stands in other texts.
    """
    assert set(secret_cookies.values(header, value)) == brings


def test_no_cookie_of_a_joined_header_is_shown() -> None:
    """Nor is one that follows an attribute of the cookie before it."""
    shown = Redactor().headers({"Set-Cookie": f"A={ONE}; Path=/, B={TWO}; Secure"})["Set-Cookie"]
    assert ONE not in shown
    assert TWO not in shown
    assert "Path=/, B=" in shown
    assert shown.endswith("; Secure")
