"""Healthy answers made odd in one place: a value, a key, a byte, a header or the status."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.support.site import Said

Path = tuple[str | int, ...]
NAN = float("nan")
DEEP: Any = None
for _ in range(60):
    DEEP = [DEEP]
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, 1e308, NAN, float("inf"), "", " ", "null", "undefined", "NaN",
    "http://[::1", "http://h:99999/", "//", "\\\\evil.example", "javascript:alert(1)", "a b", "한",
    "\x00", "\ud800", "a/../../b", "%", "x" * 500, "a.b", "..", "eyJ.eyJ.x", [], {}, [None],
    [{}], {"": None}, {"id": {}}, DEEP,
)  # fmt: skip
TYPES = (
    "", "text/html", "text/html; charset=utf-8", "text/plain", "application/json",
    "application/json; charset=euc-kr", "application/json; charset=", "application/xml", ";;", "한",
)  # fmt: skip
STATUSES = (200, 201, 202, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405, 409, 413, 418, 429)
GATEWAYS = (500, 502, 503, 504, 599)
BODIES = (
    b"", b"null", b"[]", b"{}", b"0", b'"text"', b"\xff\xfe", b"\x00", b"{", b"[" * 5_000,
    b"<!doctype html><div id=root></div><script></script>", b"<html><h1>403 Forbidden</h1>",
    b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", b"no healthy upstream",
    b"upstream connect error", b'{"error": {"code": 1, "message": null}}',
    b'{"message": ["\\ud800"]}',
)  # fmt: skip
LOCATIONS = (
    "", "/", "http://[", "//[", "\\\\evil.example", "http://h:99999/", "?accessToken=undefined",
    "https://apex.localhost/oauth/callback?accessToken=a&refreshToken=", "한", "https:/x", "a b",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to make an answer odd. `choice` selects the place, whatever the answer's size."""

    kind: str
    choice: int
    value: Any

    def apply(self, said: Said) -> Said:
        """`said`, odd."""
        match self.kind:
            case "value" | "gone":
                return replace(said, body=self._in_body(said.body))
            case "body":
                return replace(said, body=self.value)
            case "bytes":
                return replace(said, body=self._in_bytes(said.body))
            case "type":
                return replace(said, kind=self.value)
            case "status":
                return replace(said, status=self.value)
        return replace(said, headers={**said.headers, "location": self.value})

    def _in_body(self, body: bytes) -> bytes:
        try:
            tree = json.loads(body)
        except ValueError:
            return body
        paths = list(_paths(tree, ()))
        path = paths[self.choice % len(paths)]
        gone = self.kind == "gone"
        return json.dumps(_changed(tree, path, self.value, gone=gone)).encode()

    def _in_bytes(self, body: bytes) -> bytes:
        at = self.choice % (len(body) + 1)
        ways = (
            body[:at],
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
            body[:at] + b"\xff" + body[at:],
            body[:at] + b"\x00" + body[at + 1 :],
            body + body,
        )
        return ways[self.value % len(ways)]


def _paths(tree: Any, path: Path) -> Iterator[Path]:
    yield path
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _paths(value, (*path, name))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from _paths(value, (*path, number))


def _changed(tree: Any, path: Path, value: Any, *, gone: bool) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    copy = tree.copy()
    if gone and not rest:
        del copy[head]
    else:
        copy[head] = _changed(tree[head], rest, value, gone=gone)
    return copy


def mutations() -> st.SearchStrategy[Mutation]:
    """Mostly of values and keys, since these are the most ways."""
    places = st.integers(0, 10_000)
    values = st.one_of(st.sampled_from(ODD), st.text(max_size=20), st.integers(), st.floats())
    by_kind = {
        "value": values,
        "gone": st.none(),
        "bytes": st.integers(0, 5),
        "body": st.sampled_from(BODIES),
        "type": st.sampled_from(TYPES),
        "status": st.sampled_from(STATUSES + GATEWAYS),
        "location": st.sampled_from(LOCATIONS),
    }
    kinds = ("value", "value", "value", *by_kind)
    return st.sampled_from(kinds).flatmap(
        lambda kind: st.builds(Mutation, st.just(kind), places, by_kind[kind])
    )
