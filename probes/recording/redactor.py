"""Takes secrets out of evidence at the door, so that no journal, span, report or trace can leak
what a run saw.

Own code, since the maintained libraries leave presigned URLs alone: opentelemetry-util-http 0.66b2,
on which Python's auto-instrumentation relies, knows AWSAccessKeyId, Signature, sig and
X-Goog-Signature, and passes X-Amz-Credential, X-Amz-Signature and X-Amz-Security-Token on, though
OpenTelemetry asks for their removal since 1.42. Sources: OpenTelemetry semantic conventions
(url.full), contract sections 2.2 and 4.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from probes.recording import secret_cookies, secret_labels, secret_patterns
from probes.recording.secret_labels import DEV_CREDENTIALS, credential_kind
from probes.recording.secret_names import PRIVATE_KEY_MEMBERS, is_secret
from probes.recording.secret_replacements import hide

__all__ = ["DEV_CREDENTIALS", "Redactor", "credential_kind"]

_SHORTEST = 6  # a shorter "secret" would shred every text it is looked for in
_KEPT_CHARS = 400  # of a text that is met again, such as a header
_QUICK_CHARS = 4_000  # in which a look at each is quicker than a search for each form
_SCANNED_CHARS = 4_000_000  # characters of one text
_PARSED_CHARS = 100_000  # characters of a body, of which 2000 are shown
_TEXT_TYPE = re.compile(
    r"text/|json|xml|javascript|ecmascript|x-www-form-urlencoded|mpegurl", re.IGNORECASE
)
_PRIVATE_KEY = "private key"
_OPEN_TYPE = re.compile(r"\s*(?:\Z|multipart/)", re.IGNORECASE)  # may be text, may be bytes


class Redactor:
    """What one run may show; it learns the run's own secrets as they are read or signed."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known: dict[str, str] = {}  # every form of every known secret -> its label
        self._by_head: dict[str, list[str]] = {}  # those forms, by how they begin
        self._clean: set[str] = set()  # short texts that hold none of them
        for secret in known:
            self.remember(secret)

    def remember(self, secret: str) -> None:
        """Take `secret` out of everything from now on, however it is written. Public development
        names stay.
        """
        if (
            len(secret.strip()) < _SHORTEST
            or secret.lower() in DEV_CREDENTIALS
            or secret in self._known
        ):
            return
        label = (
            secret_labels.token(secret)
            if secret.startswith("eyJ") and "." in secret
            else secret_labels.plain("secret", secret)
        )
        for form in secret_labels.forms(secret):
            if len(form) >= _SHORTEST and form not in self._known:
                self._known[form] = label
                self._by_head.setdefault(form[:_SHORTEST], []).append(form)
        self._clean.clear()

    def learn_cookies(self, headers: Mapping[str, str]) -> None:
        """Remember the cookies of a request or an answer: quoted elsewhere, nothing tells that they
        are secret.
        """
        for name, value in headers.items():
            for cookie in secret_cookies.values(name, value):
                self.remember(cookie)

    def learn_userinfo(self, url: str) -> None:
        """Remember the user's name and password in `url`, which others may quote without it."""
        authority = url.partition("://")[2].partition("/")[0]
        userinfo = authority.rpartition("@")[0]
        for secret in (userinfo, userinfo.partition(":")[2]):
            self.remember(unquote(secret))

    def text(self, value: str, scanned: int = _SCANNED_CHARS) -> str:
        """Any text; secrets may stand anywhere in it. What lies beyond `scanned` characters is
        dropped, not kept.
        """
        return secret_patterns.text(_whole_words(self._without_known(value), scanned))

    def url(self, value: str) -> str:
        """A URL, whole or a path with a query; the same rules as for text, in which most URLs are
        met anyway.
        """
        return self.text(value)

    def headers(self, mapping: Mapping[str, str]) -> dict[str, str]:
        return {
            self.text(name): secret_patterns.redact_named(name, self._without_known(value))
            for name, value in mapping.items()
        }

    def body(self, value: bytes | str, content_type: str, limit_chars: int = 2000) -> str:
        """At most `limit_chars` characters of a body, then how many were left out; of bytes that
        are no text, a summary.
        """
        if isinstance(value, bytes):
            decoded = _decode(value, content_type)
            if decoded is None:
                media = self.text(content_type.partition(";")[0].strip()[:80]) or "no stated type"
                return (
                    f"<{len(value)} bytes of {media}, sha256 "
                    f"{hashlib.sha256(value).hexdigest()[:8]}>"
                )
            value = decoded
        shown = (
            self.document(value) if len(value) <= _PARSED_CHARS else self.text(value, _PARSED_CHARS)
        )
        kept = _head(shown, limit_chars)
        left_out = len(shown) - len(kept) + max(0, len(value) - _PARSED_CHARS)
        return f"{kept}… <{left_out} more characters>" if left_out else kept

    def document(self, value: str) -> str:
        """A text that may be JSON; JSON stays JSON."""
        if len(value) > _SCANNED_CHARS or value.lstrip()[:1] not in ("{", "["):
            return self.text(value)
        try:
            return json.dumps(self._tree(json.loads(value), ""), ensure_ascii=False)
        except (ValueError, RecursionError):
            return self.text(value)

    def _tree(self, value: Any, name: str) -> Any:
        """Parsed JSON that stands under `name`."""
        if isinstance(value, dict):
            return {
                self.text(key): self._tree(inner, _label_of(key, value, name))
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self._tree(inner, name) for inner in value]
        if isinstance(value, str):
            return secret_patterns.redact_named(name, self._without_known(value))
        hidden = type(value) in (int, float) and is_secret(name, str(value))
        return hide(name, str(value)) if hidden else value

    def _candidates(self, value: str) -> list[str]:
        """The known forms that may stand in `value`, longest first; there are thousands."""
        forms: Iterable[str] = self._known
        if len(value) <= _QUICK_CHARS:
            forms = self._forms_that_begin_in(value)
        return sorted(forms, key=lambda form: (-len(form), form))

    def _forms_that_begin_in(self, value: str) -> list[str]:
        if value in self._clean:
            return []
        last = len(value) - _SHORTEST
        found = self._by_head.keys() & {value[at : at + _SHORTEST] for at in range(last + 1)}
        if not found and len(value) <= _KEPT_CHARS:
            self._clean.add(value)
        return [form for head in found for form in self._by_head[head]]

    def _without_known(self, value: str) -> str:
        for form in self._candidates(value):
            if form in value:
                label, parts = self._known[form], secret_labels.split(value)
                value = "".join(
                    part if at % 2 else part.replace(form, label) for at, part in enumerate(parts)
                )
        return value


def _decode(value: bytes, content_type: str) -> str | None:
    if _TEXT_TYPE.search(content_type):
        return value.decode("utf-8", "replace")
    try:
        return (
            value.decode("utf-8") if _OPEN_TYPE.match(content_type) and b"\0" not in value else None
        )
    except UnicodeDecodeError:
        return None


def _whole_words(value: str, scanned: int) -> str:
    """The first `scanned` characters, up to where a word ends, so that no half secret stays."""
    if len(value) <= scanned:
        return value
    return value[: max(value.rfind(end, 0, scanned) for end in " \n\"'<>{}(),;&") + 1]


def _head(value: str, limit_chars: int) -> str:
    """The first `limit_chars` characters of a redacted text, less a label that would be cut
    through.
    """
    at = 0
    for index, part in enumerate(secret_labels.split(value)):
        if at + len(part) > limit_chars:
            return value[: at if index % 2 else limit_chars]
        at += len(part)
    return value


def _label_of(key: str, value: dict[str, Any], name: str) -> str:
    """What `key` of `value`, which stands under `name`, is about.

    HAR, storage states and lists of headers say {"name": "Cookie", "value": ...}, others
    {"cookies": {"session": ...}}. A trace's snapshot has ["INPUT", {"type": "password",
    "__playwright_value_": ...}]. A JSON Web Key says by "kty" what its short names mean.
    """
    if name == "cookies" and (key == "value" or "value" not in value):
        return "cookie"
    if value.get("type") == "password" and key.strip("_").endswith("value"):
        return "password"
    if name == _PRIVATE_KEY or ("kty" in value and key in PRIVATE_KEY_MEMBERS):
        return _PRIVATE_KEY
    owner = value.get("name", name) if key == "value" else key
    return owner if isinstance(owner, str) else key
