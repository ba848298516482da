"""Takes secrets out of evidence at the door, so that no journal, span, report or trace can leak what a run saw.

Own code because the maintained ones leave presigned URLs alone: opentelemetry-util-http 0.66b2, which Python's
auto-instrumentation relies on, knows AWSAccessKeyId, Signature, sig and X-Goog-Signature, and so passes X-Amz-Credential,
X-Amz-Signature and X-Amz-Security-Token on (OpenTelemetry's url.full asks for their removal since 1.42). None shows which
token it took out. Sources: RFC 7519, RFC 6265, AWS SigV4/SigV2 query and POST policy, contract sections 2.2 and 4.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from probes import labels
from probes.labels import DEV_CREDENTIALS, LABEL, credential_kind

__all__ = ["DEV_CREDENTIALS", "Redactor", "credential_kind"]

_SHORTEST = 6  # a shorter "secret" would shred every text it is looked for in
_SCANNED = 4_000_000  # characters of one text; what lies beyond is dropped, not kept unread

_KEY = r"credential|access[-_ ]?key(?:[-_ ]?id)?|googleaccessid"
# Names that mean a secret in a query, but often mean something else ("code": "NOT_FOUND") elsewhere.
_DOUBTFUL = r"(?:(?<![A-Za-z0-9_.-])|(?<=%3F)|(?<=%26)|(?<=%23))(?:code|state|policy|sig)"
_NAME = (
    rf"(?:secret(?:[-_ ]?access)?(?:[-_ ]?key)?|{_KEY}|{_DOUBTFUL}|token|jwt|signature|authorization|passw(?:or)?d"
    r"|passphrase|(?:api|private|signing|encryption|account|shared|session|storage)[-_ ]?key)"
)
_QUOTE = r"""\\{0,8}["']"""
_SEPARATOR = (
    rf"(?:{_QUOTE}\s{{0,2}},\s{{0,4}}{_QUOTE}value{_QUOTE}\s{{0,4}}:\s{{0,4}}"  # {"name": "token", "value": ...}
    rf"|{_QUOTE}\s{{0,2}},\s{{0,2}}(?={_QUOTE})"  # setItem("token", ...)
    r"""|["']\s{1,8}value=(?=["'])"""  # <input name="policy" value=...>
    rf"|(?:{_QUOTE})?\s{{0,4}}(?:=>|={{1,3}}|:)\s{{0,4}})"
)
# Every repetition is possessive: no input makes a pattern try twice.
_VALUE = (
    rf'(?:"(?P<double>(?:{LABEL}|[^"\\\r\n]|\\.)*+)'
    rf"|'(?P<single>(?:{LABEL}|[^'\\\r\n]|\\.)*+)"
    rf"""|\\{{1,8}}["'](?P<escaped>(?:{LABEL}|[^"'\\\r\n]|\\++(?!["']))*+)"""
    rf"""|(?P<bare>(?:{LABEL}|[^\s"'<>&,;\\(){{}}\[\]])++))"""
)
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
    {"path", "domain", "expires", "max-age", "samesite", "secure", "httponly", "partitioned", "priority"}
)
_TEXT_TYPE = re.compile(r"text/|json|xml|javascript|ecmascript|x-www-form-urlencoded|mpegurl", re.IGNORECASE)
_OPEN_TYPE = re.compile(r"\s*(?:\Z|multipart/)", re.IGNORECASE)  # may be text, may be bytes


def _kind(name: str) -> str:
    name = re.sub("[-_ ]", "", name.lower())
    if "secret" not in name and re.search(rf"(?:{_KEY})\Z", name):
        return "key"
    found = re.search(r"signature\Z|sig\Z|policy\Z|token\Z", name)
    return {"sig": "signature"}.get(found[0], found[0]) if found else "secret"


def _hide(name: str, value: str) -> str:
    """`value`, which `name` says is secret."""
    kind = _kind(name)
    if kind == "key":
        head = _SCOPE.split(value, maxsplit=1)[0]
        return labels.key(unquote(head)) + value[len(head) :] if head else value
    if _SIGNED.match(value):
        return _NAMED.sub(_named, _SIGV2.sub(_sigv2, value))
    return labels.mask(kind, value)


def _replaced(match: re.Match[str], group: str, new: str) -> str:
    start, end = match.start(group) - match.start(), match.end(group) - match.start()
    return match[0][:start] + new + match[0][end:]


def _jwt(match: re.Match[str]) -> str:
    first, *others = re.split(r"\.|%", match[0])
    glued = match.start() and match.string[match.start() - 1].isalnum()
    # "heyJude.play()" is no token.
    return labels.token(match[0]) if others and (not glued or len(first) > len("eyJhbGciOi")) else match[0]


def _sigv2(match: re.Match[str]) -> str:
    return f"AWS {labels.key(match['key'])}:{labels.plain('signature', match['signature'])}"


def _userinfo(match: re.Match[str]) -> str:
    user = match[0][:-1]
    return match[0] if labels.whole(user) else f"{labels.plain('userinfo', user)}@"


def _in_query(match: re.Match[str]) -> str:
    group = "value" if match["value"] is not None else "encoded"
    return _replaced(match, group, _hide(match["name"], match[group]))


def _encoded_name(match: re.Match[str]) -> str:
    name = unquote(match["name"])
    return _replaced(match, "value", _hide(name, match["value"])) if _NAME_AT_END.search(name) else match[0]


def _named(match: re.Match[str]) -> str:
    group = match.lastgroup or "bare"
    name, value = match["name"], match[group]
    told = group == "bare" and (_LITERAL.fullmatch(value) or (":" in match["separator"] and _is_prose(name, value)))
    doubtful = _DOUBTFUL_AT_END.search(name) and not _LOOKS_SECRET.match(value)
    return match[0] if told or doubtful else _replaced(match, group, _hide(name, value))


def _is_prose(name: str, value: str) -> bool:
    """ "invalid token: expired" says what is wrong and gives nothing away."""
    return _PLAIN_WORD.fullmatch(value) is not None and not name.lower().startswith("pass")


def _field(match: re.Match[str]) -> str:
    return _replaced(match, "value", _hide(match["name"], match["value"]))


def _cookies(value: str, shown: frozenset[str] = _COOKIE_ATTRIBUTES) -> str:
    return _COOKIE_PART.sub(lambda part: _cookie(part[0], shown), value)


def _cookie(part: str, shown: frozenset[str]) -> str:
    name, equals, value = part.partition("=")
    if labels.split(part)[0].strip() and name.strip().lower() not in shown:
        return f"{name}={labels.mask('cookie', value)}" if equals else labels.mask("cookie", part)
    return part


def _cookie_line(match: re.Match[str]) -> str:
    said = match["value"]
    return match[0] if _PLAIN_WORD.fullmatch(said.strip()) else _replaced(match, "value", _cookies(said))


def _bearer(match: re.Match[str]) -> str:
    value = match["value"]
    return match[0] if _PLAIN_WORD.fullmatch(value) else _replaced(match, "value", labels.plain("token", value))


_SIGV2 = re.compile(rf"\bAWS (?P<key>{LABEL}|[A-Za-z0-9._-]{{3,128}}):(?P<signature>[A-Za-z0-9+/=]{{8,}}+)")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]*+(?:(?:\.|%2E|%252E){1,2}+[A-Za-z0-9_-]++){0,4}+", re.IGNORECASE)
_NAMED = re.compile(rf"(?P<name>{_NAME})(?P<separator>{_SEPARATOR}){_VALUE}", re.IGNORECASE)
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(
            r"-----BEGIN[^-\r\n]{0,40}PRIVATE(?: |%20|\+)KEY[^-\r\n]{0,20}-----(?:[^-]|-(?!----))*+"
            r"(?:-----END[^-\r\n]{0,60}-----)?"
        ),
        lambda match: labels.plain("private key", match[0]),
    ),
    (_JWT, _jwt),
    (_SIGV2, _sigv2),
    (re.compile(r"A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"), lambda match: labels.key(match[0])),
    (re.compile(rf"""(?<=://)(?:(?:{LABEL}|[^\s/?#"'<>\\@])*+@)++"""), _userinfo),
    (
        re.compile(
            rf"(?:\A|(?<=[?&#;])|(?<=%3F)|(?<=%26)|(?<=%23))(?P<name>[A-Za-z0-9_.-]{{0,40}}?{_NAME})"
            rf"""(?:=(?P<value>(?:{LABEL}|[^\s&#"'<>\\])++)|%(?:25)?3D(?P<encoded>{_ENCODED_VALUE}))""",
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
            rf"cookie(?:{_SEPARATOR}{_QUOTE}|{_QUOTE}?\s{{0,2}}:\s{{0,4}})"
            rf"""(?P<value>(?:{LABEL}|[^"'\r\n\\]|(?<==)"[^"\r\n]*+"?)++)""",
            re.IGNORECASE,
        ),
        _cookie_line,
    ),
    (re.compile(r"""\b(?:bearer|basic)\s{1,4}(?P<value>[A-Za-z0-9._~+/=%-]{8,}+)(?!["'])""", re.IGNORECASE), _bearer),
)


class Redactor:
    """What one run may show; it learns the run's own secrets as they are read or minted."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}  # every form of every known secret, longest first -> its label

    def remember(self, secret: str) -> None:
        """Take `secret` out of everything from now on, however it is written. Public development names stay."""
        if len(secret.strip()) < _SHORTEST or secret.lower() in DEV_CREDENTIALS:
            return
        label = labels.token(secret) if secret.startswith("eyJ") and "." in secret else labels.plain("secret", secret)
        forms = {form: label for form in labels.forms(secret) if len(form) >= _SHORTEST}
        self._known = dict(sorted((self._known | forms).items(), key=lambda item: -len(item[0])))

    def text(self, value: str) -> str:
        """Any text; secrets may stand anywhere in it."""
        value = _cut(self._without_known(value))
        for pattern, replace in _RULES:
            value = pattern.sub(replace, value)
        return value

    def url(self, value: str) -> str:
        """A URL, whole or a path with a query; the same rules as for text, in which most URLs are met anyway."""
        return self.text(value)

    def headers(self, mapping: Mapping[str, str]) -> dict[str, str]:
        return {self.text(name): self._named(name, value) for name, value in mapping.items()}

    def body(self, value: bytes | str, content_type: str, limit: int = 2000) -> str:
        """At most `limit` characters of a body, then how many were left out; of bytes that are no text, a summary."""
        decoded = value if isinstance(value, str) else _decoded(value, content_type)
        if decoded is None:
            digest = hashlib.sha256(value).hexdigest()[:8]
            media = self.text(content_type.partition(";")[0].strip()[:80]) or "no stated type"
            return f"<{len(value)} bytes of {media}, sha256 {digest}>"
        shown = self.document(decoded)
        if len(shown) <= limit:
            return shown
        kept = _head(shown, limit)
        return f"{kept}… <{len(shown) - len(kept)} more characters>"

    def document(self, value: str) -> str:
        """A text that may be JSON; JSON stays JSON."""
        if len(value) > _SCANNED:
            return self.text(value)
        try:
            return json.dumps(self._tree(json.loads(value), ""), ensure_ascii=False)
        except (ValueError, RecursionError):
            return self.text(value)

    def _tree(self, value: Any, name: str) -> Any:
        """Parsed JSON that stands under `name`."""
        if isinstance(value, dict):
            # HAR, storage states and header lists: {"name": "Cookie", "value": ...}
            owner = "cookie" if name == "cookies" else value.get("name")
            called = {"value": owner} if isinstance(owner, str) else {}
            return {self.text(key): self._tree(inner, called.get(key, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._tree(inner, name) for inner in value]
        if isinstance(value, str):
            return self._named(name, value)
        if isinstance(value, bool) or value is None or not _NAME_AT_END.search(name):
            return value
        return value if _DOUBTFUL_AT_END.search(name) else labels.plain(_kind(name), str(value))

    def _named(self, name: str, value: str) -> str:
        """`value`, which a header or a key of JSON calls `name`."""
        if _COOKIE_NAME.search(name):
            attributes = _COOKIE_ATTRIBUTES if name.lower() == "set-cookie" else frozenset()
            return _cookies(self._tokens(value), attributes)
        doubtful = _DOUBTFUL_AT_END.search(name) and not _LOOKS_SECRET.match(value)
        if doubtful or not _NAME_AT_END.search(name):
            return self.text(value)
        return _hide(name, self._tokens(value))

    def _tokens(self, value: str) -> str:
        """`value`, which is secret as a whole, with those of its parts labelled that can tell more than that."""
        return _JWT.sub(_jwt, self._without_known(value))

    def _without_known(self, value: str) -> str:
        for form, label in self._known.items():
            if form in value:
                parts = labels.split(value)
                value = "".join(part if at % 2 else part.replace(form, label) for at, part in enumerate(parts))
        return value


def _decoded(value: bytes, content_type: str) -> str | None:
    if _TEXT_TYPE.search(content_type):
        return value.decode("utf-8", "replace")
    try:
        return value.decode("utf-8") if _OPEN_TYPE.match(content_type) and b"\0" not in value else None
    except UnicodeDecodeError:
        return None


def _cut(value: str) -> str:
    """Drop what lies beyond the scanned part, from where a word begins, so that no half secret stays."""
    if len(value) <= _SCANNED:
        return value
    return value[: max(value.rfind(end, 0, _SCANNED) for end in " \n\"'") + 1]


def _head(value: str, limit: int) -> str:
    """The first `limit` characters of a redacted text, less a label that would be cut through."""
    at = 0
    for index, part in enumerate(labels.split(value)):
        if at + len(part) > limit:
            return value[: at if index % 2 else limit]
        at += len(part)
    return value
