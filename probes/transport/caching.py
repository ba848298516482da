"""Whether an answer is a stored one, which says nothing of the service as it is now; pure.

Sources: RFC 9111 5.1 (Age), RFC 9211 (Cache-Status), CloudFront developer guide (X-Cache), and the
headers of Varnish, nginx, Cloudflare and Fastly.
"""

import re
from collections.abc import Mapping

CAUSE = (
    "a cache in front of {who}: what it stored is not the service's answer now "
    "(CloudFront's cache policy for /api/*, or a proxy's)"
)
_HIT = re.compile(r"\b(?:refresh)?hit\b|\bstale\b", re.IGNORECASE)
_MARKS = ("x-cache", "cache-status", "x-cache-status", "x-proxy-cache", "cf-cache-status")


def stored_marks(headers: Mapping[str, str]) -> str:
    """The headers (names in lower case) by which an answer says that it comes from a cache, as
    "age: 41, x-cache: Hit from cloudfront"; "" where none does.
    """
    age = headers.get("age", "").strip()
    found = [f"age: {age}"] if age.isdecimal() and int(age) > 0 else []
    found += [f"{name}: {headers[name]}" for name in _MARKS if _HIT.search(headers.get(name, ""))]
    return ", ".join(found)
