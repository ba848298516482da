"""What may be shown of a secret: its kind, whose it is, when it ends, and a short hash to know it
again by.

Sources: RFC 7519 (JWT), AWS "IAM identifiers" (key prefixes), contract section 2.2 (claims of
weAlist's tokens).
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal
from urllib.parse import quote, quote_plus, unquote

# Each stands in a public manual or a compose example and is shown in clear: seeing it is the
# diagnosis.
DEV_CREDENTIALS = frozenset(
    {
        "minioadmin",
        "minio",
        "minio123",
        "minio-root-user",
        "minio-root-password",
        "miniouser",
        "miniopassword",
        "rustfsadmin",
        "admin",
        "administrator",
        "root",
        "user",
        "password",
        "changeme",
        "default",
        "test",
        "testing",
        "testuser",
        "dev",
        "devkey",
        "devsecret",
        "local",
        "localstack",
        "dummy",
        "fake",
        "mock",
        "foo",
        "bar",
        "example",
        "any",
        "accesskey",
        "access_key",
        "access-key",
        "secretkey",
        "secret_key",
        "some_access_key1",
        "some_secret_key1",
        "q3am3uq867spqqa43p2f",
        "akiaiosfodnn7example",
        "akiai44qh8dhbexample",
        "asiaiosfodnn7example",
        "wjalrxutnfemi/k7mdeng/bpxrficyexamplekey",
    }
)

CredentialKind = Literal["development", "temporary", "static", "unknown"]

_KINDS = (
    "access token|refresh token|unreadable "
    "token|token|secret|key|signature|policy|cookie|private key|userinfo"
)
_MORE = r"(?:…|\\u2026)"
# A label is left alone wherever it stands, which is what makes redacting twice the same as
# redacting once.
LABEL = (
    rf"<(?:{_KINDS})(?: sub=[A-Za-z0-9_-]{{1,8}}{_MORE}?)?"
    r"(?: exp=[0-9TZ:-]{1,24})? \#[0-9a-f]{6}>"
    rf"|(?:AKIA|ASIA){_MORE}\#[0-9a-f]{{6}}"
)
_LABELS = re.compile(f"({LABEL})")
_PROVIDER_KEY = re.compile(r"A[KS]IA[A-Z0-9]+")
_DOT = re.compile(r"%(?:25)?2E", re.IGNORECASE)
_JAVASCRIPT_KEEPS = "!'()*"  # encodeURIComponent (ECMA-262 19.2.6)
_SCHEMES = ("bearer", "basic", "digest", "negotiate", "apikey", "token", "aws", "aws4-hmac-sha256")


def short_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()[:6]


def credential_kind(access_key: str) -> CredentialKind:
    """What an access key's own name tells; a store of one's own may hand out keys that tell
    nothing.
    """
    if access_key.lower() in DEV_CREDENTIALS:
        return "development"
    if not _PROVIDER_KEY.fullmatch(access_key):
        return "unknown"
    return "temporary" if access_key.startswith("ASIA") else "static"


def plain(kind: str, secret: str) -> str:
    """The label of a secret of which nothing but its kind is known; percent-encoding does not
    change its hash.
    """
    return f"<{kind} #{short_hash(unquote(secret))}>"


def key(access_key: str) -> str:
    """An access key: clear if it is a development name, with its telling prefix if it has one."""
    if _LABELS.fullmatch(access_key) or credential_kind(access_key) == "development":
        return access_key
    if credential_kind(access_key) == "unknown":
        return plain("key", access_key)
    return f"{access_key[:4]}…#{short_hash(access_key)}"


def token(jwt: str) -> str:
    """A JWT, well formed or not, percent-encoded or not."""
    jwt = _DOT.sub(".", jwt)
    claims = _claims(jwt)
    if claims is None:
        return plain("unreadable token", jwt)
    kind = f"{claims['type']} token" if claims.get("type") in ("access", "refresh") else "token"
    return " ".join([f"<{kind}", *_describe_claims(claims), f"#{short_hash(jwt)}>"])


def _claims(jwt: str) -> dict[str, Any] | None:
    try:
        claims = json.loads(base64.urlsafe_b64decode(jwt.split(".")[1] + "=="))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _describe_claims(claims: dict[str, Any]) -> Iterator[str]:
    if subject := re.sub("[^A-Za-z0-9-]", "_", str(claims.get("sub", ""))):
        yield f"sub={subject[:8]}{'…' if len(subject) > 8 else ''}"
    try:
        yield f"exp={datetime.fromtimestamp(int(claims['exp']), UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return


def split(value: str) -> list[str]:
    """Texts and labels in turn, beginning with a text."""
    return _LABELS.split(value)


def whole(value: str) -> bool:
    """`value` is a label and nothing else."""
    return _LABELS.fullmatch(value) is not None


def mask(kind: str, value: str) -> str:
    """`value` with all that is neither label nor authentication scheme made a label."""
    return "".join(
        part if at % 2 else _mask_part(kind, part) for at, part in enumerate(split(value))
    )


def _mask_part(kind: str, part: str) -> str:
    bare = part.strip()
    scheme, _, rest = bare.partition(" ")
    if scheme.lower() in _SCHEMES:
        bare = rest.strip()
    # Replaced from its last place, since a scheme may hold the same letters.
    head, _, tail = part.rpartition(bare) if bare else (part, "", "")
    return f"{head}{plain(kind, bare)}{tail}" if bare else part


def forms(secret: str) -> set[str]:
    """The ways in which a known secret may be written inside a text."""
    raw = secret.encode("utf-8", "backslashreplace")
    spelled = {
        secret,
        secret.strip(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    spelled |= {secret.replace("/", r"\/"), escape(secret), escape(secret, quote=False)}
    spelled |= {form for offset in range(3) for form in _base64(raw, offset)}
    spelled |= {raw.hex(), raw.hex().upper()}
    encoded = {
        quote(form.encode("utf-8", "backslashreplace"), safe)
        for form in spelled
        for safe in ("", "/")
    }
    encoded |= {quote(form, "") for form in encoded}
    encoded |= {quote_plus(secret.encode("utf-8", "backslashreplace"))}
    encoded |= {"".join(f"%{byte:02X}" for byte in raw), quote(raw, _JAVASCRIPT_KEEPS)}
    encoded |= {quote_plus(raw, "*"), *_quoted(secret)}
    return spelled | encoded | {re.sub("%..", lambda m: m[0].lower(), form) for form in encoded}


def _quoted(secret: str) -> Iterator[str]:
    """As others quote it: Go's JSON and templates, Spring's HTML, JSON inside of JSON, and Python's
    word for bytes that are no header.
    """
    in_json = json.dumps(secret, ensure_ascii=False)[1:-1]
    yield in_json.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
    yield json.dumps(in_json, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1]
    in_html = escape(secret).replace("&#x27;", "&#39;")
    yield in_html
    yield in_html.replace("&quot;", "&#34;")
    yield in_html.replace("&quot;", "&#34;").replace("+", "&#43;")
    yield repr(secret.encode("utf-8", "backslashreplace"))[2:-1]


def _base64(raw: bytes, offset: int) -> Iterator[str]:
    """What of base64 depends on `raw` alone when `offset` (modulo 3) bytes stand before it, as in
    `user:secret`.
    """
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole_form = encode(b"\0" * offset + raw).decode()
        last = -1 if (offset + len(raw)) % 3 else None
        yield whole_form.rstrip("=")[(0, 2, 3)[offset] : last]
        if not offset:
            yield whole_form
