"""What is shown in place of a secret, by the kind of place in which it stands; and the pieces of
patterns that more than one rule is made of; pure.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from probes.recording import secret_cookies, secret_labels, secret_names
from probes.recording.secret_labels import LABEL
from probes.recording.secret_names import NAME, PLAIN_WORD, is_secret

# Where a shell line wants the reader's own token; it is none.
PLACEHOLDER = "$TOKEN"
QUOTE = r"""\\{0,8}["']"""
SEPARATOR = (
    # a pair of name and value as JSON has them: the name is a secret's, the value is the secret
    rf"(?:{QUOTE}\s{{0,2}},\s{{0,4}}{QUOTE}value{QUOTE}\s{{0,4}}:\s{{0,4}}"
    # setItem("token", ...), and not {"field": "token", "message": ...}
    rf"|{QUOTE}\s{{0,2}},\s{{0,2}}(?={QUOTE})(?!{QUOTE}[A-Za-z_]{{1,40}}{QUOTE}\s{{0,4}}:)"
    r"""|["']\s{1,8}value=(?=["'])"""  # <input name="policy" value=...>
    rf"|(?:{QUOTE})?\s{{0,4}}(?:=>|={{1,3}}|:)\s{{0,4}})"
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
QUERY_VALUE = rf"""(?:(?:{LABEL})++(?:(?!#){_BARE})*+|(?:{LABEL}|[^\s&#"'<>\\])++)"""
ENCODED_VALUE = r"""(?:(?!%(?:25)*(?:26|23|20|22|2C|3B|7D))[^\s"'<>&])++"""
# A parameter begins here: in a query, a fragment, or one of these inside of another URL's query.
PARAMETER = r"(?:(?<=[?&#;])|(?<=%3F)|(?<=%26)|(?<=%23))"
NO_LABEL = r"(?<!…#)(?<!u2026#)"  # a "#" that does not begin the hash of a label
# "://", as JSON may escape it, as a query encodes it, or "//" where the scheme is left out.
AUTHORITY = r"""(?:(?<=//)|(?<=:\\/\\/)|(?<=%2F%2F))"""
PORT = r"\d{1,5}(?:[/?#\s]|\Z)"

_LITERAL = re.compile(r"null|true|false|undefined|None|nil", re.IGNORECASE)
_SIGNED = re.compile(r"\s*(?:AWS4-HMAC-SHA256|GOOG4-|AWS )")
_SCOPE = re.compile(r"/|%2F|%252F", re.IGNORECASE)
SIGV2 = re.compile(
    rf"\bAWS (?P<key>{LABEL}|[A-Za-z0-9._-]{{3,128}}):(?P<signature>[A-Za-z0-9+/=]{{8,}}+)"
)
JWT = re.compile(r"eyJ[A-Za-z0-9_-]*+(?:(?:\.|%(?:25)?2[Ee]){1,2}+[A-Za-z0-9_-]++){0,4}+")
NAMED = re.compile(
    rf"(?=[acegjpst])(?P<name>{NAME})(?P<separator>{SEPARATOR}){_VALUE}", re.IGNORECASE
)

Match = re.Match[str]


def hide(name: str, value: str) -> str:
    """`value`, which `name` says is secret."""
    if value == PLACEHOLDER:
        return value
    kind = secret_names.kind(name)
    if kind == "key" and len(secret_labels.split(value)) == 1:
        head = _SCOPE.split(value, maxsplit=1)[0]
        return secret_labels.key(unquote(head)) + value[len(head) :] if head else value
    if kind == "key" and secret_labels.whole(_SCOPE.split(value, maxsplit=1)[0]):
        return value
    if _SIGNED.match(value):
        return NAMED.sub(hide_named, SIGV2.sub(hide_sigv2, value))
    return secret_labels.mask(kind, value)


def _replace_group(match: Match, group: str, new: str) -> str:
    start, end = match.start(group) - match.start(), match.end(group) - match.start()
    return match[0][:start] + new + match[0][end:]


def hide_whole(kind: str) -> Callable[[Match], str]:
    return lambda match: secret_labels.plain(kind, match[0])


def hide_jwt(match: Match) -> str:
    first, *others = re.split(r"\.|%", match[0])
    glued = match.start() and match.string[match.start() - 1].isalnum()
    # "heyJude.play()" is no token.
    if others and (not glued or len(first) > len("eyJhbGciOi")):
        return secret_labels.token(match[0])
    return match[0]


def hide_sigv2(match: Match) -> str:
    signature = secret_labels.plain("signature", match["signature"])
    return f"AWS {secret_labels.key(match['key'])}:{signature}"


def hide_userinfo(match: Match) -> str:
    user, at = match["user"], match["at"]
    if secret_labels.whole(user):
        return match[0]
    return secret_labels.plain("userinfo", user) + at


def hide_in_query(match: Match) -> str:
    group = "value" if match["value"] is not None else "encoded"
    return _replace_group(match, group, hide(match["name"], match[group]))


def hide_encoded_name(match: Match) -> str:
    name = unquote(match["name"])
    if not secret_names.ends_secret(name):
        return match[0]
    return _replace_group(match, "value", hide(name, match["value"]))


def hide_random_parameter(match: Match) -> str:
    name, value = match["name"] or "", match["value"]
    if not secret_names.is_random_parameter(name, value):
        return match[0]
    return _replace_group(match, "value", secret_labels.plain("token", value))


def hide_named(match: Match) -> str:
    group = match.lastgroup or "bare"
    name, value = match["name"], match[group]
    if not is_secret(name, value) or (group == "bare" and _is_shown(match, name, value)):
        return match[0]
    return _replace_group(match, group, hide(name, value))


def _is_shown(match: Match, name: str, value: str) -> bool:
    if _LITERAL.fullmatch(value):
        return True
    if ":" not in match["separator"]:
        return False
    before = match.string[max(0, match.start() - 8) : match.start()]
    rest = match.string[match.end() : match.end() + 3]
    return secret_names.is_prose(name, value, rest) or secret_names.is_key_id(before, name, value)


def hide_field(match: Match) -> str:
    return _replace_group(match, "value", hide(match["name"], match["value"]))


def hide_private_member(match: Match) -> str:
    value = match["value"]
    return _replace_group(match, "value", secret_labels.mask("private key", value))


def hide_cookies(match: Match) -> str:
    value = match["value"]
    if PLAIN_WORD.fullmatch(value.strip()):
        return match[0]
    return _replace_group(match, "value", secret_cookies.redact(value))


def hide_bearer(match: Match) -> str:
    value = match["value"]
    if PLAIN_WORD.fullmatch(value):
        return match[0]
    return _replace_group(match, "value", secret_labels.plain("token", value))
