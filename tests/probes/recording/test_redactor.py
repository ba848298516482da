"""What a run knows to be secret is shown nowhere, however it is written; the rest stays."""

import base64
import json
import random
import re
from urllib.parse import quote, quote_plus

import pytest

from probes.recording import secret_labels
from probes.recording.redactor import Redactor
from tests.support import cause_texts, planted
from tests.support.planted import SECRET

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
        repr(SECRET.encode())[2:-1],
        json.dumps(json.dumps(SECRET)),
        SECRET.replace("&", "&amp;")
        .replace('"', "&#34;")
        .replace("'", "&#39;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("+", "&#43;"),
        json.dumps(SECRET, ensure_ascii=False)
        .replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e"),
    ],
)
def test_a_remembered_secret_goes_however_it_is_written(redactor: Redactor, written: str) -> None:
    """A secret of the environment or of this run shows as the same label in every spelling."""
    shown = redactor.text(f"before {written} after")
    assert written not in shown
    assert secret_labels.plain("secret", SECRET) in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("written", ["p4ss!%20w(o)rd*", "p4ss%21+w%28o%29rd*"])
def test_a_secret_goes_as_a_browser_and_as_java_encode_it(redactor: Redactor, written: str) -> None:
    """They do not agree on what may stay in a URL."""
    redactor.remember("p4ss! w(o)rd*")
    assert redactor.text(f"/cb/{written}").startswith("/cb/<secret #")


@pytest.mark.parametrize("filled_in", ["storage-service", "2", "wealist-auth-key-1"])
def test_the_words_of_our_causes_stay(redactor: Redactor, filled_in: str) -> None:
    """A reader is told a cause, and its translation is found by it."""
    causes = [text.replace("{}", filled_in) for text in sorted(cause_texts.templates())]
    assert causes
    assert [redactor.text(cause) for cause in causes] == causes


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
@pytest.mark.slow
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
