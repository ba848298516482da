"""Read JSON as a type, and say which field is not as promised, and what stood there; pure.

msgspec does the comparison: it names the path of what does not fit, is one small wheel without
dependencies, and takes a TypedDict, so that what is read stays the plain dict that came.
Sources: RFC 8259 (JSON: UTF-8, no byte order mark, no NaN), RFC 7519 (JWT).
"""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx
import msgspec

from probes.finding import Code, Finding

LONGEST_CHARS = 60  # characters of a value that a finding quotes
_BOM = b"\xef\xbb\xbf"
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")
_IDENTITY = re.compile(r"[\w.:~-]{1,128}", re.ASCII)
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_PATH = re.compile(r" - at `\$?([^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_SECRET = re.compile(r"token|secret|password|url|credential|signature", re.IGNORECASE)
_WORDS = {
    "array": "a list",
    "object": "an object",
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
}


class Identity(str):
    """An id that can stand in a path: weAlist's are UUIDs, others are let pass."""

    __slots__ = ()


class WebUrl(str):
    """An absolute http or https URL that can be asked."""

    __slots__ = ()


class Jwt(str):
    """A token in the form of a signed JWT; nobody has verified it."""

    __slots__ = ()


def json_problem(body: bytes, content_type: str = "") -> str:
    """Why `body` is no JSON as RFC 8259 has it between systems; "" where it is."""
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in _UTF_8:
        return f"its charset is {charset[1]}, JSON is UTF-8"
    try:
        msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return _reason(body)
    return ""


def _reason(body: bytes) -> str:
    if not body.strip():
        return "it is empty"
    if body.startswith(_BOM):
        return "it begins with a byte order mark"
    try:
        json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        return f"byte {error.start} is not UTF-8"
    except json.JSONDecodeError as error:
        return f"{error.msg} at character {error.pos}"
    except (ValueError, RecursionError) as error:
        return " ".join(str(error).split())[:LONGEST_CHARS]
    return "a number or a character in it is out of range"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def shape_problem(value: Any, shape: Any, path: str = "") -> str:
    """Where `value` differs from `shape`, and what is there; "" where it fits. `path` is that of
    `value` in its answer.
    """
    try:
        msgspec.convert(value, shape, dec_hook=_read_text)
    except msgspec.ValidationError as error:
        return _difference(value, str(error), path)
    except (ValueError, RecursionError) as error:
        return f"{path or 'the answer'}: {error}"
    return ""


def _difference(value: Any, message: str, path: str) -> str:
    found = _PATH.search(message)
    place = found[1] if found else ""
    there = _value_at(value, place)
    where = f"{path}{place}".lstrip(".") or "the answer"
    if missing := _MISSING.match(message):
        return f"{where}: there is no {missing[1]} in {quote_value(there)}"
    expected = _PATH.sub("", message).partition(", got ")[0].removeprefix("Expected ")
    for name, word in _WORDS.items():
        expected = expected.replace(f"`{name}`", word)
    is_secret = bool(_SECRET.search(place.rpartition(".")[2]))
    there_is = quote_value(there, is_secret=is_secret)
    return f"{where}: expected {expected.replace('`', '')}, got {there_is}"


def _value_at(value: Any, place: str) -> Any:
    for name, number in _STEP.findall(place):
        try:
            value = value[name] if name else value[int(number)]
        except (KeyError, IndexError, TypeError):
            break
    return value


def quote_value(value: Any, *, is_secret: bool = False) -> str:
    """What `value` is, short enough for a finding; of a secret its length alone."""
    if isinstance(value, dict):
        names = ", ".join(sorted(map(str, value))[:6])
        return f"an object of {names!a}" if names else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str) and is_secret and len(value) > len("undefined"):
        return f"a string of {len(value)} characters"
    return (
        ascii(value[:LONGEST_CHARS])
        if isinstance(value, str)
        else json.dumps(value)[:LONGEST_CHARS]
    )


def _read_text(kind: type, value: Any) -> Any:
    """What msgspec calls for a type of ours. Raises ValueError, which it puts the path to."""
    name, problem = _TEXTS[kind]
    if not isinstance(value, str) or problem(value):
        raise ValueError(f"Expected {name}")
    return kind(value)


def url_problem(url: str) -> str:
    """Why `url` cannot be asked; "" where it can."""
    try:
        parts, parsed = urlsplit(url), httpx.URL(url)
        has_host = bool(parts.hostname and parsed.host) and parts.port != 0
    except (ValueError, httpx.InvalidURL) as error:
        return " ".join(str(error).split())[:LONGEST_CHARS] or "it cannot be parsed"
    if parts.scheme not in ("http", "https"):
        return "it is neither http nor https"
    return "" if has_host else "it names no host"


def explain_url(url: str, problem: str) -> Finding:
    """Name an address that an answer gave and nobody can ask."""
    observed = f"an answer leads to {url[:80]!a}, which cannot be asked: {problem}"
    return Finding(Code.CONTRACT_BROKEN, observed, "who gave out this address")


def split_url(url: str) -> SplitResult:
    """The parts of a URL that an answer gave; empty ones where it cannot be parsed."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def join_url(base: str, reference: str) -> str:
    """Where `reference` leads to from `base`; itself where it cannot be parsed."""
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


_TEXTS: dict[type, tuple[str, Callable[[str], object]]] = {
    Identity: ("an id", lambda text: not _IDENTITY.fullmatch(text)),
    Jwt: ("a token (JWT)", lambda text: not _JWT.fullmatch(text)),
    WebUrl: ("a URL", url_problem),
}
