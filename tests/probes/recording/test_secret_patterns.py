"""A secret in a text goes wherever it stands, and what a reader needs around it stays."""

import json
import re

import pytest

from probes.recording import secret_patterns
from tests.support.leaked_texts import LEAKS, SIGV4, STATIC, TOKEN


@pytest.mark.parametrize("case", LEAKS)
def test_the_secret_goes_and_the_diagnosis_stays(case: str) -> None:
    """Each place in which a secret was seen keeps what a reader needs around it."""
    text, secrets, needed = LEAKS[case]
    shown = secret_patterns.text(text)
    assert [secret for secret in secrets if secret in shown] == []
    assert [part for part in needed if part not in shown] == [], shown


@pytest.mark.parametrize("case", LEAKS)
def test_redacting_twice_changes_nothing(case: str) -> None:
    """Evidence passes the door more than once: recorded, noted, quoted in a finding."""
    shown = secret_patterns.text(LEAKS[case][0])
    assert secret_patterns.text(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        """Unexpected token '<', "<!doctype "... is not valid JSON""",
        "Unexpected token < in JSON at position 0",
        "invalid token: expired",
        "SyntaxError: token: }",
        '{"code":"NOT_FOUND","error":{"code":"AUTH_001","state":"open"},"status":404}',
        '{"accessToken":"","refreshToken":null,"token": undefined}',
        '{"tokenType":"Bearer","expiresIn":300,"token_type": "bearer"}',
        'www-authenticate: Bearer realm="wealist", error="invalid_token"',
        "Bearer authentication required; basic authentication failed",
        "fetch(u, {credentials: 'include'})",
        "credential: minioadmin/20260102/us-east-1/s3",
        "cookie: missing",
        "INTERNAL_API_KEY: storage-service has another one than chat-service",
        "INTERNAL_API_KEY: 서비스마다 다르다",
        "invalid API key: APIoldKey9",
        "invalid API key: wealist-livekit",
        "kid: wealist-auth-key-1, which the JWKS (keys: wealist-auth-key-2) does not publish",
        "JWKS publishes private members d, p, q",
        "?client_id=407408718192-a1b2c3d4e5f6g7h8i9j0.apps.googleusercontent.com&x=1",
        "/main.js?v=8790699aa8790699aa8790699aa8790699aa8790",
        "?workspaceId=b0395e6e-8a5f-4f7e-9c64-0c5d3a1b2c3d&from=b0395e6e-8a5f-4f7e-9c64-0c5d3a1b2c3d",
        "?at=2026-01-02T05:13:29.123456Z&at=2026-01-02T05%3A13%3A29.123456%2B09%3A00",
        "?tab=KanbanBoardViewModeExtended2&next=/workspace/board-7/overview/of-the-week-27",
        "https://h:8443/a@b and git@h and see //www.w3.org/2000/svg",
        "Cookie: <cookie #3f9a1c>",
        "heyJude.play.loud() and eyJ alone",
        "https://cdn.wealist.co.kr/a/b.png?v=3&code=#top",
        "b0395e6e-8a5f-4f7e-9c64-0c5d3a1b2c3d",
        "weekAKIAQWERTYUIOPASDFGHJ",
        "?%61=1&%zz=2",
        "/app#/workspace/b0395e6e-8a5f-4f7e-9c64-0c5d3a1b2c3d/boards",
        '400 with {"field":"password","message":"must not be blank"}',
        "?X-Amz-Credential=/2026",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    """A reader needs the words of an error as they were."""
    assert secret_patterns.text(text) == text


@pytest.mark.parametrize("rule", secret_patterns.RULES, ids=lambda rule: rule.name)
def test_each_rule_hides_its_example(rule: secret_patterns.Rule) -> None:
    """By itself, without the help of another rule."""
    shown = rule.pattern.sub(rule.replacement, rule.example)
    assert "hunT3r" not in shown
    assert "HUNT3R" not in shown
    assert " #" in shown or "…#" in shown


def test_a_text_made_to_be_settled_late_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds are counted: nobody's answer keeps a run busy."""
    monkeypatch.setattr(secret_patterns, "_ROUNDS", 1)
    assert secret_patterns.text("token=hunT3r").startswith("token=<token #")


def test_the_same_token_is_seen_to_be_the_same() -> None:
    """In a query, a header, a log line and percent-encoded: one hash."""
    places = (
        f"?token={TOKEN}&a=b Authorization: Bearer {TOKEN}\ninvalid token: {TOKEN}, "
        f"x%3D{TOKEN.replace('.', '%2e')}"
    )
    assert len(set(re.findall("#[0-9a-f]{6}", secret_patterns.text(places)))) == 1
    assert (
        secret_patterns.text(places).count("<access token sub=b0395e6e… exp=2026-01-02T05:13:29Z #")
        == 4
    )


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer 0paque", r"Bearer <secret #\w+>"),
        ("Authorization", f"Bearer {TOKEN}", r"Bearer <access token .* #\w+>"),
        ("Authorization", 'Digest username="u"', r"Digest <secret #\w+>"),
        ("Authorization", f"AWS {STATIC}:0badc0de=", r"AWS AKIA…#\w+:<signature #\w+>"),
        ("x-amz-security-token", "FwoGZX/+=", r"<token #\w+>"),
        ("x-internal-api-key", "k", r"<secret #\w+>"),
        ("cookie", "a=b; path=c", r"a=<cookie #\w+>; path=<cookie #\w+>"),
        (
            "Set-Cookie",
            "a=b; Path=/\nc=d; Secure",
            r"a=<cookie #\w+>; Path=/\nc=<cookie #\w+>; Secure",
        ),
        ("location", "https://h/?token=a", r"https://h/\?token=<token #\w+>"),
        ("accessKey", "SWFSkey/2026", r"<key #\w+>/2026"),
        ("accessKey", "<key #3f9a1c>/2026", r"<key #3f9a1c>/2026"),
        ("accessKey", "<key #3f9a1c>x", r"<key #3f9a1c><key #\w+>"),
        ("secretAccessKey", "hunT3r", r"<secret #\w+>"),
        ("code", "NOT_FOUND", r"NOT_FOUND"),
        ("code", "4/0AfJohXnLong0paqueCodeOfGoogle", r"<secret #\w+>"),
        ("token", "", r""),
    ],
)
def test_a_name_makes_a_secret_of_its_value(name: str, value: str, shown: str) -> None:
    """As a header, or as a key of JSON."""
    assert re.fullmatch(shown, secret_patterns.redact_named(name, value))


def test_json_that_is_shown_stays_json() -> None:
    """A label has no sign that JSON would have to escape."""
    shown = secret_patterns.text(json.dumps({"token": TOKEN, "u": SIGV4, "password": "a b"}))
    assert json.loads(shown)["u"].startswith(
        "https://s3.ap-northeast-2.amazonaws.com/b/k%20k?X-Amz-Algorithm"
    )


def test_the_place_for_a_readers_token_stays() -> None:
    """A shell line that says $TOKEN can be run; anything like it is a secret as before."""
    line = """curl -H "Authorization: Bearer $TOKEN" 'https://x/stream'"?token=$TOKEN" """
    assert secret_patterns.text(line) == line
    assert "$TOKENS" not in secret_patterns.text("https://x/?token=$TOKENS")
