"""Only what the admitted get proves that somebody was let in."""

import json
from typing import Any

import pytest

from probes.transport import caching
from probes.transport.admission import holds_data, is_like
from probes.transport.http import Answer

NOTHING: list[Any] = [
    None,
    {},
    [],
    {"success": False},
    {"success": True},
    {"data": None, "requestId": "r-1"},
    {"data": [], "requestId": "r-1"},
    {"error": {"code": "X"}},
    {"code": "AUTH004", "message": "m"},
]
DATA: list[Any] = [{"userId": "u-1"}, [1], {"count": 0}, {"exists": False}, {"data": [{"id": 1}]}]


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET", "https://x/api/x", status, named, json.dumps(body).encode())


@pytest.mark.parametrize("body", NOTHING)
def test_nothing_is_no_proof(body: Any) -> None:
    """Another envelope, an empty one, a refusal under 200."""
    assert not holds_data(answer(body))


@pytest.mark.parametrize("body", DATA)
def test_data_is_a_proof_where_the_service_gives_it_now(body: Any) -> None:
    """Not with an error's status, from a cache, or as a page."""
    assert holds_data(answer(body))
    assert not holds_data(answer(body, 400))
    assert not holds_data(answer(body, age="9"))
    assert not holds_data(Answer("GET", "https://x/", 200, {}, b"<html>"))


def test_who_was_let_in_is_known_by_what_they_would_get() -> None:
    """The same keys in the same envelope, and more of them, or a list as well."""
    mine = answer({"success": True, "data": {"files": [], "total": 0}})
    assert is_like(answer({"success": True, "data": {"files": [1], "total": 1, "x": 2}}), mine)
    assert not is_like(answer({"success": True, "data": {"status": "ok"}}), mine)
    assert not is_like(answer({"success": True, "data": [1]}), mine)
    assert is_like(answer([{"id": 1}]), answer([{"id": 2}]))
    assert not is_like(answer({"status": "ok"}), answer({"userId": "u-1"}))
    assert not is_like(answer({"id": 1}), answer([{"id": 2}]))


@pytest.mark.parametrize(
    ("headers", "marks"),
    [
        ({"age": "41", "x-cache": "Hit from cloudfront"}, "age: 41, x-cache: Hit from cloudfront"),
        ({"x-cache": "RefreshHit from cloudfront"}, "x-cache: RefreshHit from cloudfront"),
        ({"cache-status": "edge; hit; ttl=3"}, "cache-status: edge; hit; ttl=3"),
        ({"cf-cache-status": "STALE"}, "cf-cache-status: STALE"),
        ({"age": "0", "x-cache": "Miss from cloudfront"}, ""),
        ({"x-cache": "Error from cloudfront", "age": "none"}, ""),
        ({"x-cache": "White"}, ""),
        ({}, ""),
    ],
)
def test_a_stored_answer_says_so(headers: dict[str, str], marks: str) -> None:
    """A miss, and an answer that is no second old, are the service's own."""
    assert caching.stored_marks(headers) == marks
