"""A body is shown by what it is: JSON by its keys, text cut to a limit, bytes by their hash."""

import hashlib
import json
import re
from typing import Any

import pytest

from probes.recording import redactor as redaction
from probes.recording.redactor import Redactor
from tests.support import planted
from tests.support.planted import SECRET


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"data": {"accessToken": "hunT3r"}}, r'{"data": {"accessToken": "<token #\w+>"}}'),
        (
            {"secret": ["hunT3r", 7, None, True]},
            (
                r'{"secret": \["<secret #\w+>", "<secret '
                r'#\w+>", null, true\]}'
            ),
        ),
        (
            {"url": "https://h/k?X-Amz-Signature=0a"},
            (
                r'{"url": "https://h/k\?X-Amz-Signature=<si'
                r'gnature #\w+>"}'
            ),
        ),
        (
            {"error": {"code": "NOT_FOUND", "status": 404}},
            (
                r'{"error": {"code": "NOT_FOUND", '
                r'"status": 404}}'
            ),
        ),
        ([{"name": "token", "value": "hunT3r"}], r'\[{"name": "token", "value": "<token #\w+>"}\]'),
        ([{"name": 3, "value": "plain"}], r'\[{"name": 3, "value": "plain"}\]'),
        ({"token": {"value": "hunT3r"}}, r'{"token": {"value": "<token #\w+>"}}'),
        (
            {"cookies": [{"name": "sid", "value": "a", "path": "/"}]},
            (
                r'.*"value": "<cookie '
                r'#\w+>", "path": "/"}\]}'
            ),
        ),
        ({"cookies": {"sid": "a"}}, r'{"cookies": {"sid": "<cookie #\w+>"}}'),
        (
            {"type": "password", "__playwright_value_": "a"},
            (
                r'.*"__playwright_value_": "<secret '
                r'#\w+>"}'
            ),
        ),
        (
            {"keys": [{"kty": "RSA", "kid": "k-1", "n": "7", "d": "1", "oth": [{"r": "5"}]}]},
            (
                r'{"keys": \[{"kty": "RSA", "kid": "k-1", "n": "7", '
                r'"d": "<secret #\w+>", "oth": \[{"r": "<secret #\w+>"}\]}\]}'
            ),
        ),
        ({"d": "3", "k": "v"}, r'{"d": "3", "k": "v"}'),
        ({"code": 404, "n": 1.5}, r'{"code": 404, "n": 1.5}'),
        ({SECRET: 1}, r'{"<secret #\w+>": 1}'),
    ],
)
def test_json_is_redacted_by_its_keys(redactor: Redactor, body: Any, shown: str) -> None:
    """At any depth; numbers too; an error code is not an OAuth code."""
    assert re.fullmatch(shown, redactor.body(json.dumps(body), "application/json"))


def test_json_too_deep_to_walk_is_redacted_as_text(redactor: Redactor) -> None:
    """Whoever answers with a thousand brackets does not get a token into the journal."""
    for depth in (600, 5000):
        shown = redactor.document("[" * depth + '{"token":"hunT3r"}' + "]" * depth)
        assert "hunT3r" not in shown


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (b"\x89PNG\0", "image/png; q=1", "<5 bytes of image/png, sha256 {}>"),
        (b"plain", "application/octet-stream", "<5 bytes of application/octet-stream, sha256 {}>"),
        (b"a\0b", "", "<3 bytes of no stated type, sha256 {}>"),
        (b"\xff\xfe", "multipart/form-data", "<2 bytes of multipart/form-data, sha256 {}>"),
    ],
)
def test_bytes_are_summed_up(
    redactor: Redactor, body: bytes, content_type: str, shown: str
) -> None:
    """The hash tells one picture from another."""
    assert redactor.body(body, content_type) == shown.format(hashlib.sha256(body).hexdigest()[:8])


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (b"<p>\xff</p>", "Text/HTML", "<p>�</p>"),
        (b"plain", "", "plain"),
        (b"--b", "multipart/form-data; boundary=b", "--b"),
        ("text", "image/png", "text"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
    ],
)
def test_text_is_shown(
    redactor: Redactor, body: bytes | str, content_type: str, shown: str
) -> None:
    """By its type, or, if the type leaves that open, by what it is."""
    assert redactor.body(body, content_type) == shown


def test_a_long_body_says_how_much_was_left_out(redactor: Redactor) -> None:
    """2000 characters, unless told otherwise."""
    assert redactor.body("a " * 2000, "text/plain") == f"{'a ' * 1000}… <2000 more characters>"
    assert redactor.body("abcdef", "text/plain", limit_chars=4) == "abcd… <2 more characters>"
    assert redactor.body("abcd", "text/plain", limit_chars=4) == "abcd"
    huge = redactor.body("a " * 500_000, "text/plain", limit_chars=10)
    assert huge == "a a a a a … <999990 more characters>"


def test_a_body_is_not_cut_inside_a_label(redactor: Redactor) -> None:
    """Half a label tells nothing and would be redacted again."""
    shown = redactor.body(f"x {planted.token()} y", "text/plain", limit_chars=20)
    assert re.fullmatch(r"x … <\d+ more characters>", shown)


def test_a_huge_text_is_cut_where_a_word_ends(redactor: Redactor) -> None:
    """A token that lies across the end is dropped whole."""
    assert redactor.text("a " * 40 + planted.token(), scanned=100) == "a " * 40


def test_huge_json_is_not_parsed(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be held three times in memory; its text is redacted all the same."""
    monkeypatch.setattr(redaction, "_SCANNED_CHARS", 10)
    assert re.fullmatch(r'{"token":"<token #\w+>"}', redactor.document('{"token":"hunT3r"}'))
