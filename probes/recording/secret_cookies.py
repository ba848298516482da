"""Cookies in the headers of requests and answers: what they bring, and what of them may be shown;
pure (RFC 6265).
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from probes.recording import secret_labels
from probes.recording.secret_names import PLAIN_WORD

ATTRIBUTES = frozenset(
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
_PAIR = r"\s{0,9}[!#$%&'*+.^_`|~\w-]{1,64}="
# Several Set-Cookie headers may have been joined: by httpx with commas, by a browser with line
# ends. A comma inside of an expiry date has no name and equals sign after it.
SEVERAL = re.compile(rf"[\r\n]+|,(?={_PAIR})")
_PART = re.compile(rf"(?:[^;,\r\n]|,(?!{_PAIR}))++")
_NAMES = ("cookie", "set-cookie")


def values(header: str, value: str) -> Iterator[str]:
    """The values of the cookies that the header named `header` brings, as they stand there and
    percent-decoded. A plain word ("accepted") gives nobody access and stands in other texts.
    """
    header = header.lower()
    if header not in _NAMES:
        return
    for line in SEVERAL.split(value):
        parts = line.split(";")
        for part in parts[:1] if header == "set-cookie" else parts:
            name, equals, content = part.partition("=")
            bare = (content if equals else name).strip().strip('"')
            if not PLAIN_WORD.fullmatch(bare):
                yield bare
                yield unquote(bare)


def redact(value: str, shown: frozenset[str] = ATTRIBUTES) -> str:
    """`value` of a header without the values of its cookies; those whose names are in `shown`
    stay.
    """
    return _PART.sub(lambda part: _redact_part(part[0], shown), value)


def _redact_part(part: str, shown: frozenset[str]) -> str:
    # The first "=" before any label: labels have that sign too.
    name, equals, _ = secret_labels.split(part)[0].partition("=")
    if name.strip(" ,").lower() in shown:
        return part
    value_at = len(name) + 1 if equals else 0
    return part[:value_at] + secret_labels.mask("cookie", part[value_at:])
