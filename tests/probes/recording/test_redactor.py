"""What one run may show: nothing it knows to be secret, whatever it is asked to record."""

import base64
import hashlib
import json
import random
import re
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from probes.recording import redactor as redaction
from probes.recording import secret_labels
from probes.recording.redactor import Redactor
from tests.support import planted

SECRET = "wJalr/Xu+tnFE MI=%&\"'<ü>"
PIECES = [
    planted.token(),
    SECRET,
    quote(SECRET, ""),
    "token",
    "password",
    "code",
    "state",
    "policy",
    "Signature",
    "Credential",
    "X-Amz-Credential",
    "AKIAQWERTYUIOPASDFGH",
    "minioadmin",
    "/2026",
    "Authorization: ",
    "Bearer ",
    "Basic ",
    "AWS ",
    "AWS4-HMAC-SHA256 ",
    "Cookie: ",
    "Set-Cookie",
    "a=b",
    "path",
    "eyJ",
    "://",
    "u:p@",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "<SecretAccessKey>",
    "<secret #abcdef>",
    "ASIA…#123456",
    "<access token sub=abc exp=1 #123456>",
    "deadbeef0123456789abcdef01234567890",
    "%3D",
    "%26",
    "%3F",
    "%22",
    "%2E",
    "%74",
    "http://h/",
    "value",
    'name="',
    *"\"'=:?&#;,.<>{}[]\\ \n…é日\ud800",
    ": ",
    "\r\n\r\n",
    '\\"',
    "null",
    "true",
]


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.remember(SECRET)
    return redactor


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, ""),
        quote(SECRET),
        quote(quote(SECRET, ""), ""),
        re.sub("%..", lambda match: match[0].lower(), quote(SECRET, "")),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        base64.b64encode(SECRET.encode()).decode(),
        quote(base64.b64encode(SECRET.encode())),
        base64.urlsafe_b64encode(f"alice:{SECRET}".encode()).decode(),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        quote_plus(SECRET),
        "".join(f"%{byte:02x}" for byte in SECRET.encode()),
    ],
)
def test_a_remembered_secret_goes_however_it_is_written(redactor: Redactor, written: str) -> None:
    """A secret of the environment or of this run shows as the same label in every spelling."""
    shown = redactor.text(f"before {written} after")
    assert written not in shown
    assert secret_labels.plain("secret", SECRET) in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


def test_a_remembered_token_keeps_its_kind(redactor: Redactor) -> None:
    """In base64, too, where no rule could find it."""
    token = planted.token("refresh")
    redactor.remember(token)
    assert redactor.text(base64.b64encode(token.encode()).decode()) == secret_labels.token(token)


@pytest.mark.parametrize("public", ["minioadmin", "MinioAdmin", "abc", "  ", ""])
def test_public_and_tiny_words_are_not_secrets(redactor: Redactor, public: str) -> None:
    """A development name is the diagnosis, and a word of three letters would shred every text."""
    redactor.remember(public)
    assert redactor.text(f"x{public}y minioadmin abc") == f"x{public}y minioadmin abc"


def test_the_longest_secret_goes_first(redactor: Redactor) -> None:
    """A secret that begins like another leaves no tail."""
    redactor.remember("abcdefgh")
    redactor.remember("abcdefgh-more")
    assert redactor.text("abcdefgh-more") == secret_labels.plain("secret", "abcdefgh-more")


def test_a_secret_that_labels_contain_does_not_harm_them(redactor: Redactor) -> None:
    """Somebody's password is "secret" one day."""
    redactor.remember("secret")
    assert (
        redactor.text("<secret #3f9a1c> secret")
        == f"<secret #3f9a1c> {secret_labels.plain('secret', 'secret')}"
    )


def test_headers_lose_what_their_names_say_is_secret(redactor: Redactor) -> None:
    """Names and attributes of cookies stay, as does all that is public."""
    shown = redactor.headers(
        {
            "Authorization": f"Bearer {planted.token()}",
            "Cookie": "sid=hunT3r; path=hunT3r",
            "Set-Cookie": "sid=hunT3r; Path=/; HttpOnly",
            "X-Internal-API-Key": SECRET,
            "X-Request-Id": "b0395e6e",
        }
    )
    assert shown["Authorization"] == f"Bearer {secret_labels.token(planted.token())}"
    assert re.fullmatch(r"sid=<cookie #(\w+)>; path=<cookie #\1>", shown["Cookie"])
    assert re.fullmatch(r"sid=<cookie #\w+>; Path=/; HttpOnly", shown["Set-Cookie"])
    assert shown["X-Internal-API-Key"] == secret_labels.plain("secret", SECRET)
    assert shown["X-Request-Id"] == "b0395e6e"


def test_a_url_keeps_what_is_no_secret(redactor: Redactor) -> None:
    """Host, path and the rest of the query say where it went."""
    shown = redactor.url("https://u:p@api.wealist.co.kr/a/b?page=1&token=hunT3r#x")
    assert re.fullmatch(
        r"https://<userinfo #\w+>@api\.wealist\.co\.kr/a/b\?page=1&token=<token #\w+>#x", shown
    )


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
    assert redactor.body("abcdef", "text/plain", limit=4) == "abcd… <2 more characters>"
    assert redactor.body("abcd", "text/plain", limit=4) == "abcd"
    huge = redactor.body("a " * 500_000, "text/plain", limit=10)
    assert huge == "a a a a a … <999990 more characters>"


def test_a_body_is_not_cut_inside_a_label(redactor: Redactor) -> None:
    """Half a label tells nothing and would be redacted again."""
    shown = redactor.body(f"x {planted.token()} y", "text/plain", limit=20)
    assert re.fullmatch(r"x … <\d+ more characters>", shown)


def test_a_huge_text_is_cut_where_a_word_ends(redactor: Redactor) -> None:
    """A token that lies across the end is dropped whole."""
    assert redactor.text("a " * 40 + planted.token(), scanned=100) == "a " * 40


def test_huge_json_is_not_parsed(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be held three times in memory; its text is redacted all the same."""
    monkeypatch.setattr(redaction, "_SCANNED", 10)
    assert re.fullmatch(r'{"token":"<token #\w+>"}', redactor.document('{"token":"hunT3r"}'))


@pytest.mark.parametrize("seed", range(4))
def test_nothing_leaks_twice_is_once_and_nothing_raises(redactor: Redactor, seed: int) -> None:
    """Whatever is thrown at it: pieces of what the rules look for, in any order."""
    rnd = random.Random(seed)
    token = planted.token()
    for _ in range(400):
        text = "".join(rnd.choices(PIECES, k=rnd.randint(1, 14)))
        shown = redactor.text(text)
        assert redactor.text(shown) == shown, text
        assert token not in shown, text
        assert SECRET not in shown, text
        headers = redactor.headers(
            {"authorization": text, "cookie": text, "set-cookie": text, "x": text}
        )
        assert redactor.headers(headers) == headers, text
        body = redactor.body(text, "application/json")
        assert redactor.body(body, "application/json") == body, text


@pytest.mark.parametrize("seed", range(2))
def test_random_bytes_and_characters_pass(redactor: Redactor, seed: int) -> None:
    """Without an error, and the same when they pass again."""
    rnd = random.Random(seed)
    for size in (0, 1, 17, 300, 5000):
        raw = rnd.randbytes(size)
        text = "".join(
            chr(rnd.choice((rnd.randrange(128), rnd.randrange(0x11_0000)))) for _ in range(size)
        )
        for content_type in ("", "application/json", "text/html", text[:50]):
            redactor.body(raw, content_type)
            redactor.body(text, content_type)
        assert redactor.url(redactor.text(text)) == redactor.text(text)


@pytest.mark.parametrize(
    "unit",
    ["eyJ", "eyJ.", '"', "token=", 'token="', "&a", "%3F", " ", "://a@", "<", "\\", "Cookie: "],
)
def test_time_grows_with_length_and_no_faster(redactor: Redactor, unit: str) -> None:
    """A pattern that tries twice would not end here within the life of the test run."""
    redactor.text(unit * (300_000 // len(unit)))


def test_a_cookie_is_known_wherever_it_is_quoted_after_it_was_seen_in_a_header() -> None:
    """A cookie's value carries no mark of its own; the header that brought it does."""
    redactor = Redactor()
    redactor.learn_cookies(
        {"Set-Cookie": "SESSION=3b1f0c4e-planted; Path=/; HttpOnly", "content-type": "3b1f"}
    )
    assert "3b1f0c4e-planted" not in redactor.text("the session 3b1f0c4e-planted was refused")
