"""Finds secrets in a text, a URL, a header or a cookie, and puts labels there: pure rules.

Sources: RFC 6265 (cookies), RFC 7519 (JWT), AWS SigV4, SigV2 and POST policy, GCS and Azure signed
URLs.
"""

import functools
import re
from collections.abc import Callable
from urllib.parse import unquote

from probes.recording import secret_labels
from probes.recording.secret_labels import LABEL

# Where a shell line wants the reader's own token; it is none.
PLACEHOLDER = "$TOKEN"
_KEY = r"credential|access[-_ ]?key(?:[-_ ]?id)?|googleaccessid"
# Names that mean a secret in a query, but often mean something else ("code": "NOT_FOUND")
# elsewhere.
_DOUBTFUL = r"(?:(?<![A-Za-z0-9_.-])|(?<=%3F)|(?<=%26)|(?<=%23))(?:code|state|policy|sig)"
_NAME = (
    rf"(?:secret(?:[-_ ]?access)?(?:[-_ ]?key)?|{_KEY}|{_DOUBTFUL}|token|jwt"
    r"|signature|authorization|passw(?:or)?d"
    r"|passphrase|(?:api|private|signing|encryption|account|shared|session|storage)[-_ ]?key)"
)
_QUOTE = r"""\\{0,8}["']"""
_SEPARATOR = (
    # a pair of name and value as JSON has them: the name is a secret's, the value is the secret
    rf"(?:{_QUOTE}\s{{0,2}},\s{{0,4}}{_QUOTE}value{_QUOTE}\s{{0,4}}:\s{{0,4}}"
    rf"|{_QUOTE}\s{{0,2}},\s{{0,2}}(?={_QUOTE})"  # setItem("token", ...)
    r"""|["']\s{1,8}value=(?=["'])"""  # <input name="policy" value=...>
    rf"|(?:{_QUOTE})?\s{{0,4}}(?:=>|={{1,3}}|:)\s{{0,4}})"
)
_BARE = rf"""(?:{LABEL}|[^\s"'<>&,;\\(){{}}\[\]])"""
# After a label a "#" begins the fragment of a URL.
_WORD = rf"(?:(?:{LABEL})++(?:(?!#){_BARE})*+|{_BARE}++)"
# Every repetition is possessive: no input makes a pattern try twice.
_VALUE = (
    rf'(?:"(?P<double>(?:{LABEL}|[^"\\\r\n]|\\.)*+)'
    rf"|'(?P<single>(?:{LABEL}|[^'\\\r\n]|\\.)*+)"
    rf"""|\\{{1,8}}["'](?P<escaped>(?:{LABEL}|[^"'\\\r\n]|\\++(?!["']))*+)"""
    rf"""|(?P<bare>{_WORD}))"""
)
# What follows a label may be prose: "?token=<access token ...>, error".
_QUERY_VALUE = rf"""(?:(?:{LABEL})++(?:(?!#){_BARE})*+|(?:{LABEL}|[^\s&#"'<>\\])++)"""
_ENCODED_VALUE = r"""(?:(?!%(?:25)*(?:26|23|20|22|2C|3B|7D))[^\s"'<>&])++"""

_PLAIN_WORD = re.compile(r"[A-Z]?[a-z]{1,20}")
_LITERAL = re.compile(r"null|true|false|undefined|None|nil", re.IGNORECASE)
_LOOKS_SECRET = re.compile(r"(?=[^0-9]*+[0-9])(?=[^A-Za-z]*+[A-Za-z])\S{24,}+")
_SIGNED = re.compile(r"\s*(?:AWS4-HMAC-SHA256|GOOG4-|AWS )")
_SCOPE = re.compile(r"/|%2F|%252F", re.IGNORECASE)
_NAME_AT_END = re.compile(rf"{_NAME}\Z", re.IGNORECASE)
_DOUBTFUL_AT_END = re.compile(rf"{_DOUBTFUL}\Z", re.IGNORECASE)
_COOKIE_NAME = re.compile(r"cookie\Z", re.IGNORECASE)
_COOKIE_PART = re.compile(r"[^;\r\n]++")
_COOKIE_ATTRIBUTES = frozenset(
    {
        "path",
        "domain",
        "expires",
        "max-age",
        "samesite",
        "secure",
        "httponly",
        "partitioned",
        "priority",
    }
)


def _kind(name: str) -> str:
    name = re.sub("[-_ ]", "", name.lower())
    if "secret" not in name and re.search(rf"(?:{_KEY})\Z", name):
        return "key"
    found = re.search(r"signature\Z|sig\Z|policy\Z|token\Z", name)
    return {"sig": "signature"}.get(found[0], found[0]) if found else "secret"


def hide(name: str, value: str) -> str:
    """`value`, which `name` says is secret."""
    if value == PLACEHOLDER:
        return value
    kind = _kind(name)
    if kind == "key" and len(secret_labels.split(value)) == 1:
        head = _SCOPE.split(value, maxsplit=1)[0]
        return secret_labels.key(unquote(head)) + value[len(head) :] if head else value
    if kind == "key" and secret_labels.whole(_SCOPE.split(value, maxsplit=1)[0]):
        return value
    if _SIGNED.match(value):
        return _NAMED.sub(_named, _SIGV2.sub(_sigv2, value))
    return secret_labels.mask(kind, value)


def _replaced(match: re.Match[str], group: str, new: str) -> str:
    start, end = match.start(group) - match.start(), match.end(group) - match.start()
    return match[0][:start] + new + match[0][end:]


def _jwt(match: re.Match[str]) -> str:
    first, *others = re.split(r"\.|%", match[0])
    glued = match.start() and match.string[match.start() - 1].isalnum()
    # "heyJude.play()" is no token.
    return (
        secret_labels.token(match[0])
        if others and (not glued or len(first) > len("eyJhbGciOi"))
        else match[0]
    )


def _sigv2(match: re.Match[str]) -> str:
    signature = secret_labels.plain("signature", match["signature"])
    return f"AWS {secret_labels.key(match['key'])}:{signature}"


def _userinfo(match: re.Match[str]) -> str:
    user = match[0][:-1]
    return match[0] if secret_labels.whole(user) else f"{secret_labels.plain('userinfo', user)}@"


def _in_query(match: re.Match[str]) -> str:
    group = "value" if match["value"] is not None else "encoded"
    return _replaced(match, group, hide(match["name"], match[group]))


def _encoded_name(match: re.Match[str]) -> str:
    name = unquote(match["name"])
    return (
        _replaced(match, "value", hide(name, match["value"]))
        if _NAME_AT_END.search(name)
        else match[0]
    )


def _named(match: re.Match[str]) -> str:
    group = match.lastgroup or "bare"
    name, value = match["name"], match[group]
    is_known = group == "bare" and (
        _LITERAL.fullmatch(value) or (":" in match["separator"] and _is_prose(name, value))
    )
    return (
        match[0]
        if is_known or not is_secret(name, value)
        else _replaced(match, group, hide(name, value))
    )


def _is_prose(name: str, value: str) -> bool:
    """The log line "invalid token: expired" says what is wrong and gives nothing away."""
    return _PLAIN_WORD.fullmatch(value) is not None and not name.lower().startswith("pass")


def _field(match: re.Match[str]) -> str:
    return _replaced(match, "value", hide(match["name"], match["value"]))


def _cookies(value: str, shown: frozenset[str] = _COOKIE_ATTRIBUTES) -> str:
    return _COOKIE_PART.sub(lambda part: _cookie(part[0], shown), value)


def _cookie(part: str, shown: frozenset[str]) -> str:
    # The first "=" before any label: labels have that sign too.
    name, equals, _ = secret_labels.split(part)[0].partition("=")
    if name.strip().lower() in shown:
        return part
    value_at = len(name) + 1 if equals else 0
    return part[:value_at] + secret_labels.mask("cookie", part[value_at:])


def _cookie_line(match: re.Match[str]) -> str:
    content = match["value"]
    return (
        match[0]
        if _PLAIN_WORD.fullmatch(content.strip())
        else _replaced(match, "value", _cookies(content))
    )


def _bearer(match: re.Match[str]) -> str:
    value = match["value"]
    return (
        match[0]
        if _PLAIN_WORD.fullmatch(value)
        else _replaced(match, "value", secret_labels.plain("token", value))
    )


_SIGV2 = re.compile(
    rf"\bAWS (?P<key>{LABEL}|[A-Za-z0-9._-]{{3,128}}):(?P<signature>[A-Za-z0-9+/=]{{8,}}+)"
)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]*+(?:(?:\.|%(?:25)?2[Ee]){1,2}+[A-Za-z0-9_-]++){0,4}+")
_NAMED = re.compile(
    rf"(?=[acegjpst])(?P<name>{_NAME})(?P<separator>{_SEPARATOR}){_VALUE}", re.IGNORECASE
)
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(
            r"-----BEGIN[^-\r\n]{0,40}PRIVATE(?: |%20|\+)KEY[^-\r\n]{0,20}-----(?:[^-]|-(?!----))*+"
            r"(?:-----END[^-\r\n]{0,60}-----)?"
        ),
        lambda match: secret_labels.plain("private key", match[0]),
    ),
    (_JWT, _jwt),
    (_SIGV2, _sigv2),
    (re.compile(r"A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"), lambda match: secret_labels.key(match[0])),
    (re.compile(rf"""(?<=://)(?:(?:{LABEL}|[^\s/?#"'<>\\@])*+@)++"""), _userinfo),
    (
        re.compile(
            rf"(?:\A|(?<=[?&#;])|(?<=%3F)|(?<=%26)|(?<=%23))(?P<name>[A-Za-z0-9_.-]{{0,40}}?{_NAME})"
            rf"""(?:=(?P<value>{_QUERY_VALUE})|%(?:25)?3D(?P<encoded>{_ENCODED_VALUE}))""",
            re.IGNORECASE,
        ),
        _in_query,
    ),
    (
        re.compile(
            rf"(?<=[?&#;])(?P<name>(?:[A-Za-z0-9_.-]|%[0-9A-Fa-f]{{2}}){{1,64}}+)"
            rf"""=(?P<value>(?:{LABEL}|[^\s&#?"'<>\\])++)"""
        ),
        _encoded_name,
    ),
    (
        re.compile(
            rf'name="(?P<name>[^"\r\n]{{0,40}}?{_NAME})"(?:\r?\n[^\r\n]{{1,200}}){{0,2}}\r?\n\r?\n'
            rf"(?P<value>(?:{LABEL}|[^\r\n])++)",
            re.IGNORECASE,
        ),
        _field,
    ),
    (_NAMED, _named),
    (
        re.compile(
            r"<(?P<name>(?:AWS)?AccessKeyId|SecretAccessKey|SessionToken|Signature(?:Provided)?|Token|Password|Secret"
            r"|StringToSignBytes|CanonicalRequestBytes)>(?P<value>[^<]++)",
            re.IGNORECASE,
        ),
        _field,
    ),
    (
        re.compile(
            r"""\b(?:bearer|basic)\s{1,4}(?P<value>[A-Za-z0-9._~+/=%-]{8,}+)(?!["'])""",
            re.IGNORECASE,
        ),
        _bearer,
    ),
    (
        re.compile(
            rf"cookie(?:{_SEPARATOR}{_QUOTE}|{_QUOTE}?\s{{0,2}}:\s{{0,4}})"
            rf"""(?P<value>(?:{LABEL}|[^"'\r\n\\]|(?<==)"[^"\r\n]*+"?)++)""",
            re.IGNORECASE,
        ),
        _cookie_line,
    ),
)
# One rule's label can show another rule where to look; a second round settles all but texts made to
# find a third.
_ROUNDS = 9
_SHORT = 300  # characters of a header or a URL, most of which a run meets a hundred times


def text(value: str) -> str:
    """Any text; secrets may stand anywhere in it."""
    return _met_again(value) if len(value) <= _SHORT else _disguised(value)


def _disguised(value: str) -> str:
    for _ in range(_ROUNDS):
        before = value
        for pattern, replace in _RULES:
            value = pattern.sub(replace, value)
        if value == before:
            break
    return value


_met_again = functools.lru_cache(4096)(_disguised)


def tokens(value: str) -> str:
    """`value`, which is secret as a whole, with those of its parts labelled that can tell more than
    that.
    """
    return _JWT.sub(_jwt, value)


def redact_named(name: str, value: str) -> str:
    """`value`, which a header or a key of JSON calls `name`."""
    if _COOKIE_NAME.search(name):
        return _cookies(
            tokens(value), _COOKIE_ATTRIBUTES if name.lower() == "set-cookie" else frozenset()
        )
    return hide(name, tokens(value)) if is_secret(name, value) else text(value)


def is_secret(name: str, value: str) -> bool:
    """Whether `name` alone makes a secret of `value`."""
    if _DOUBTFUL_AT_END.search(name):
        return _LOOKS_SECRET.match(value) is not None
    return _NAME_AT_END.search(name) is not None
