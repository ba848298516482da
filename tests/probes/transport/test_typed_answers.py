"""JSON read as a type: what does not fit is named by its path, and by what stood there."""

from typing import Any, NotRequired, TypedDict

import pytest

from probes.transport.typed_answers import (
    Identity,
    Jwt,
    WebUrl,
    join_url,
    json_problem,
    quote_value,
    shape_problem,
    split_url,
    url_problem,
)


class Row(TypedDict):
    id: Identity
    name: NotRequired[str]
    uploadUrl: NotRequired[WebUrl]
    token: NotRequired[Jwt]


class Page(TypedDict):
    rows: NotRequired[list[Row]]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"rows": []},
        {"rows": [{"id": "0b7e", "more": None}], "page": 1},
        {"rows": [{"id": "a", "name": "", "uploadUrl": "https://h/x?y=z", "token": "a.b-c._d"}]},
    ],
)
def test_what_fits_has_no_problem(value: Any) -> None:
    """What is more than promised is no break: services add fields."""
    assert shape_problem(value, Page) == ""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "data: expected an object, got null"),
        ("[]", "data: expected an object, got '[]'"),
        ({"rows": None}, "data.rows: expected a list, got null"),
        ({"rows": {"0": {}}}, "data.rows: expected a list, got an object of '0'"),
        ({"rows": [{"id": "a"}, None]}, "data.rows[1]: expected an object, got null"),
        ({"rows": [{"name": "a"}]}, "data.rows[0]: there is no id in an object of 'name'"),
        ({"rows": [{"id": 7}]}, "data.rows[0].id: expected an id, got 7"),
        ({"rows": [{"id": ""}]}, "data.rows[0].id: expected an id, got ''"),
        ({"rows": [{"id": "../me"}]}, "data.rows[0].id: expected an id, got '../me'"),
        (
            {"rows": [{"id": "a", "name": []}]},
            "data.rows[0].name: expected a string, got a list of 0",
        ),
        (
            {"rows": [{"id": "a", "token": "undefined"}]},
            "data.rows[0].token: expected a token (JWT), got 'undefined'",
        ),
        (
            {"rows": [{"id": "a", "uploadUrl": "http://[::1/secret"}]},
            "data.rows[0].uploadUrl: expected a URL, got a string of 18 characters",
        ),
    ],
)
def test_what_does_not_fit_is_named_by_its_path(value: Any, told: str) -> None:
    """With what stood there; of what may be a secret only its length is told."""
    assert shape_problem(value, Page, "data") == told


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        (b'{"a": 1}', "application/json; charset=UTF-8", ""),
        (b'{"a": NaN}', "", "NaN is no JSON"),
        (b"[-Infinity]", "", "-Infinity is no JSON"),
        (b"\xef\xbb\xbf{}", "", "it begins with a byte order mark"),
        ('{"a": "한"}'.encode("euc-kr"), "", "byte 7 is not UTF-8"),
        (b'{"a": 1}', "application/json; charset=iso-8859-1", "its charset is iso-8859-1"),
        (b'"\\ud800"', "", "out of range"),
        (b"[1e999]", "", "out of range"),
        (b"[" * 100_000, "", "recursion"),
        (b"{} {}", "", "Extra data at character 3"),
        (b" ", "", "it is empty"),
    ],
)
def test_what_is_no_json_between_systems_is_told(body: bytes, content_type: str, told: str) -> None:
    """RFC 8259 is stricter than Python's reader."""
    problem = json_problem(body, content_type)
    assert told in problem
    assert bool(problem) is bool(told)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/files/x",
        "http://[::1",
        "http://h:99999/",
        "ftp://h/",
        "https://",
        "h/x",
        "http://h:0/",
    ],
)
def test_what_cannot_be_asked_is_no_url(url: str) -> None:
    """However it fails: no host, another scheme, a port that is none."""
    assert url_problem(url)


def test_a_url_that_cannot_be_parsed_leads_nowhere() -> None:
    """It raises nothing."""
    assert split_url("http://[").hostname is None
    assert join_url("https://h/a", "http://[") == "http://["
    assert join_url("https://h/a", "b") == "https://h/b"


def test_a_value_is_quoted_short() -> None:
    """A body in a finding is no body."""
    assert len(quote_value("x" * 1000)) < 70
    assert len(quote_value({str(n): n for n in range(1000)})) < 70
