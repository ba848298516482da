"""Finds secrets in a text, a URL, a header or a cookie, and puts labels there: pure rules.

Sources: RFC 6265 (cookies), RFC 7517 (JWK), RFC 7519 (JWT), AWS SigV4, SigV2 and POST policy, GCS
and Azure signed URLs.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from probes.recording import secret_cookies, secret_labels, secret_names
from probes.recording.secret_labels import LABEL
from probes.recording.secret_names import NAME, QUERY_NAME, is_secret
from probes.recording.secret_replacements import (
    AUTHORITY,
    ENCODED_VALUE,
    JWT,
    NAMED,
    NO_LABEL,
    PARAMETER,
    PORT,
    QUERY_VALUE,
    QUOTE,
    SEPARATOR,
    SIGV2,
    Match,
    hide,
    hide_bearer,
    hide_cookies,
    hide_encoded_name,
    hide_field,
    hide_in_query,
    hide_jwt,
    hide_named,
    hide_private_member,
    hide_random_parameter,
    hide_sigv2,
    hide_userinfo,
    hide_whole,
)

_COOKIE_NAME = re.compile(r"cookie\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of place in which a secret stands: `replacement` gives what is shown for a match of
    `pattern`, which is found in `example`.
    """

    name: str
    pattern: re.Pattern[str]
    replacement: Callable[[Match], str]
    example: str


RULES = (
    Rule(
        "private key in PEM",
        re.compile(
            r"-----BEGIN[^-\r\n]{0,40}PRIVATE(?: |%20|\+)KEY[^-\r\n]{0,20}-----(?:[^-]|-(?!----))*+"
            r"(?:-----END[^-\r\n]{0,60}-----)?"
        ),
        hide_whole("private key"),
        "-----BEGIN PRIVATE KEY-----\nMIIhunT3r\n-----END PRIVATE KEY-----",
    ),
    Rule("JWT", JWT, hide_jwt, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.hunT3r"),
    Rule("SigV2 header", SIGV2, hide_sigv2, "AWS AKIAQWERTYUIOPASDFGH:hunT3r0badc0de="),
    Rule(
        "AWS access key",
        re.compile(r"A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"),
        lambda match: secret_labels.key(match[0]),
        "AKIAQWERTYUIHUNT3RGH",
    ),
    Rule(
        "token by its issuer's prefix",
        re.compile(
            r"(?<![A-Za-z0-9])(?:ya29\.|GOCSPX-|AIza|gh[oprsu]_|github_pat_|glpat-|xox[abprs]-|hvs\.)"
            r"[A-Za-z0-9_.-]{10,}+"
        ),
        hide_whole("token"),
        "GOCSPX-hunT3r0badc0de",
    ),
    Rule(
        "userinfo of a URL",
        re.compile(
            rf"""{AUTHORITY}(?P<user>(?:{LABEL}|(?!%40)[^\s/?#"'<>\\@,;])++(?:@(?:{LABEL}|(?!%40)"""
            rf"""[^\s/?#"'<>\\@,;])++(?=@))*+)(?P<at>@|%40)""",
            re.IGNORECASE,
        ),
        hide_userinfo,
        "https:\\/\\/user:hunT3r@h/p",
    ),
    Rule(
        "password with a slash in a URL",
        re.compile(
            rf"""(?<=://)(?P<user>[^\s/?#"'<>\\@:\[]++:(?!{PORT})[^\s"'<>\\@]++)(?P<at>@)"""
        ),
        hide_userinfo,
        "redis://user:hun/T3r@redis:6379/0",
    ),
    Rule(
        "named in a query",
        re.compile(
            rf"(?:\A|{PARAMETER})(?P<name>[A-Za-z0-9_.-]{{0,40}}?{QUERY_NAME})"
            rf"""(?:=(?P<value>{QUERY_VALUE})|%(?:25)?3D(?P<encoded>{ENCODED_VALUE}))""",
            re.IGNORECASE,
        ),
        hide_in_query,
        "https://h/cb#ticket=hunT3r",
    ),
    Rule(
        "named in a query, the name encoded",
        re.compile(
            rf"(?<=[?&#;])(?P<name>(?:[A-Za-z0-9_.-]|%[0-9A-Fa-f]{{2}}){{1,64}}+)"
            rf"""=(?P<value>(?:{LABEL}|[^\s&#?"'<>\\])++)"""
        ),
        hide_encoded_name,
        "/cb?%74oken=hunT3r",
    ),
    Rule(
        "random in a query or a fragment",
        re.compile(
            rf"{PARAMETER}{NO_LABEL}(?:(?P<name>[A-Za-z0-9_.%\[\]-]{{1,64}}?)(?:=|%(?:25)?3D))?+"
            r"(?P<value>(?:[A-Za-z0-9._~+/=-]|%(?:2B|2F|3D|7E)){20,}+)",
            re.IGNORECASE,
        ),
        hide_random_parameter,
        "https://h/welcome#hunT3r0badC0de5fG7hI9jK1lM3nO5",
    ),
    Rule(
        "field of a form",
        re.compile(
            rf'name="(?P<name>[^"\r\n]{{0,40}}?{NAME})"(?:\r?\n[^\r\n]{{1,200}}){{0,2}}\r?\n\r?\n'
            rf"(?P<value>(?:{LABEL}|[^\r\n])++)",
            re.IGNORECASE,
        ),
        hide_field,
        'Content-Disposition: form-data; name="policy"\r\n\r\nhunT3r',
    ),
    Rule("named", NAMED, hide_named, '{"client_secret": "hunT3r"}'),
    Rule(
        "private member of a JSON Web Key",
        re.compile(
            rf"""(?P<quote>{QUOTE})(?:{"|".join(sorted(secret_names.PRIVATE_KEY_MEMBERS))})(?P=quote)"""
            rf"\s{{0,4}}:\s{{0,4}}(?P=quote)(?P<value>[A-Za-z0-9_-]{{20,}}+)(?=\\|[\"'])"
        ),
        hide_private_member,
        '{"kty":"EC","d":"hunT3r0badC0de5fG7hI9jK1lM3nO5"}',
    ),
    Rule(
        "element of XML",
        re.compile(
            r"<(?P<name>(?:AWS)?AccessKeyId|SecretAccessKey|SessionToken|Signature(?:Provided)?|Token|Password|Secret"
            r"|StringToSignBytes|CanonicalRequestBytes)>(?P<value>[^<]++)",
            re.IGNORECASE,
        ),
        hide_field,
        "<SecretAccessKey>hunT3r+/=</SecretAccessKey>",
    ),
    Rule(
        "scheme of an Authorization header",
        re.compile(
            r"""\b(?:bearer|basic)\s{1,4}(?P<value>[A-Za-z0-9._~+/=%-]{8,}+)(?!["'])""",
            re.IGNORECASE,
        ),
        hide_bearer,
        "sent bearer hunT3r-opaque, got 401",
    ),
    Rule(
        "cookies",
        re.compile(
            rf"cookie(?:{SEPARATOR}{QUOTE}|{QUOTE}?\s{{0,2}}:\s{{0,4}})"
            rf"""(?P<value>(?:{LABEL}|[^"'\r\n\\]|(?<==)"[^"\r\n]*+"?)++)""",
            re.IGNORECASE,
        ),
        hide_cookies,
        "set-cookie: a=b; Path=/, sid=hunT3r; HttpOnly",
    ),
)
# One rule's label can show another rule where to look; a second round settles all but texts made to
# find a third.
_ROUNDS = 9
_SHORT = 300  # characters of a header or a URL, most of which a run meets a hundred times


def text(value: str) -> str:
    """Any text; secrets may stand anywhere in it."""
    return _met_again(value) if len(value) <= _SHORT else _apply_rules(value)


def _apply_rules(value: str) -> str:
    for _ in range(_ROUNDS):
        before = value
        for rule in RULES:
            value = rule.pattern.sub(rule.replacement, value)
        if value == before:
            break
    return value


_met_again = functools.lru_cache(4096)(_apply_rules)


def tokens(value: str) -> str:
    """`value`, which is secret as a whole, with those of its parts labelled that can tell more than
    that.
    """
    return JWT.sub(hide_jwt, value)


def redact_named(name: str, value: str) -> str:
    """`value`, which a header or a key of JSON calls `name`."""
    if _COOKIE_NAME.search(name):
        shown = secret_cookies.ATTRIBUTES if name.lower() == "set-cookie" else frozenset[str]()
        return secret_cookies.redact(tokens(value), shown)
    return hide(name, tokens(value)) if is_secret(name, value) else text(value)
