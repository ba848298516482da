"""What is open is told from what only looks so."""

import pytest

from probes.finding import Broken, CannotAsk, Code
from probes.services import exposure
from probes.services.exposure import (
    FOREIGN,
    Endpoint,
    explain_headers,
    explain_origin,
    explain_served,
    explain_trace,
)
from probes.transport.http import Answer, Web
from tests.support.site import SHELL, Said, Site, js, page

URL = "https://api.x/api/svc/user/api/internal/users/u-1/exists"
SAFE = {
    "strict-transport-security": "max-age=1",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Answer:
    return Answer(
        "GET", URL, status, {name.replace("_", "-"): value for name, value in headers.items()}, body
    )


@pytest.mark.parametrize("status", [200, 201, 400, 409, 415, 422])
def test_what_answers_is_open(status: int) -> None:
    """A complaint of what was sent has let the sender in, too."""
    finding = explain_served(answer(status))
    assert finding
    assert (finding.code, "user-service" in finding.cause) == (Code.ENDPOINT_EXPOSED, True)


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405, 500, 503])
def test_what_refuses_is_closed(status: int) -> None:
    """By whatever status, auth-service's 500 AUTH999 included."""
    assert explain_served(answer(status)) is None


def test_the_app_in_its_place_is_closed() -> None:
    """The edge answers its page for whatever it does not know."""
    assert explain_served(answer(200, SHELL)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"Traceback (most recent call last):\n",
        b"goroutine 7 [running]:\n",
        b'{"trace":"java.lang.NullPointerException"}',
        b"oops\n\tat kr.wealist.Auth.login(Auth.java:41)\n",
        b"/src/internal/handler/user.go:88",
    ],
)
def test_a_stack_trace_is_seen(body: bytes) -> None:
    """Python's, Go's and Java's; an error without one is none."""
    finding = explain_trace(answer(500, body))
    assert finding
    assert finding.code is Code.ENDPOINT_EXPOSED
    assert explain_trace(answer(500, b'{"code":"AUTH999","message":"Unexpected error"}')) is None


def test_credentials_for_any_origin_are_told() -> None:
    """Only both together; a star forbids credentials by itself."""
    assert (
        explain_origin(
            answer(access_control_allow_origin="*", access_control_allow_credentials="true")
        )
        is None
    )
    assert explain_origin(answer(access_control_allow_origin=FOREIGN)) is None
    finding = explain_origin(
        answer(access_control_allow_origin=FOREIGN, access_control_allow_credentials="true")
    )
    assert finding
    assert "CORS" in finding.cause


def test_missing_headers_are_named() -> None:
    """One way or the other to forbid frames is enough."""
    assert explain_headers(Answer("GET", URL, 200, SAFE, b"")) is None
    framed = {**SAFE, "content-security-policy": "default-src 'self'; frame-ancestors 'none'"}
    del framed["x-frame-options"]
    assert explain_headers(Answer("GET", URL, 200, framed, b"")) is None
    finding = explain_headers(Answer("GET", URL, 200, {"x-content-type-options": "nosniff"}, b""))
    assert finding
    assert (
        "without strict-transport-security, x-frame-options or frame-ancestors" in finding.observed
    )


async def test_sources_are_looked_for_by_the_pages_own_scripts(site: Site, web: Web) -> None:
    """A map that is one is open; the app's page in its place is not."""
    here = Endpoint("source-maps-app", "/", "sources", host="apex")
    site.says |= {"GET apex/": page(), "GET apex/assets/app.js.map": page()}
    await exposure.expect_closed(web, here, "u-1")
    site.says["GET apex/assets/app.js.map"] = js({"version": 3, "mappings": "AAAA"})
    with pytest.raises(Broken, match="the page's sources"):
        await exposure.expect_closed(web, here, "u-1")


async def test_nobody_asks_with_a_token(site: Site, web: Web) -> None:
    """The user's id stands in path and body; no Authorization goes along."""
    there = Endpoint("x", "/api/x/{user}", method="POST", body='{"userId": "{user}"}')
    site.says["POST api/api/x/u-1"] = Said(401)
    await exposure.expect_closed(web, there, "u-1")
    asked = site.asked[0]
    assert (asked.path, asked.body) == ("/api/x/u-1", b'{"userId": "u-1"}')
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    ("sign", "body"), [("trace", '{"'), ("origin", ""), ("headers", ""), ("sources", "")]
)
@pytest.mark.parametrize("said", [Said(200), Said(404), Said(204)])
async def test_what_shows_nothing_was_not_asked(
    site: Site, web: Web, sign: exposure.Sign, body: str, said: Said
) -> None:
    """No page, no service, no error: then nothing is known of what it would have shown."""
    site.says["GET api/api/x"] = said
    with pytest.raises(CannotAsk):
        await exposure.expect_closed(web, Endpoint("x", "/api/x", sign, body=body), "u-1")


WAF = Said(403, b"<h1>403 Forbidden</h1>Request blocked.", "text/html", {"server": "CloudFront"})
UPSTREAM = Said(503, b"no healthy upstream", "text/plain")


@pytest.mark.parametrize("said", [UPSTREAM, Said(429), Said(504, b"", ""), WAF])
@pytest.mark.parametrize(("sign", "body"), [("served", ""), ("trace", '{"')])
async def test_who_is_not_there_has_closed_nothing(
    site: Site, web: Web, *, sign: exposure.Sign, body: str, said: Said
) -> None:
    """A service that is down, a limit or a firewall held all that is private as closed."""
    site.says["GET api/api/x"] = said
    with pytest.raises(CannotAsk, match="no service answered"):
        await exposure.expect_closed(web, Endpoint("x", "/api/x", sign, body=body), "u-1")


async def test_a_service_that_fails_in_its_own_words_has_let_nobody_in(
    site: Site, web: Web
) -> None:
    """Auth-service's 500 AUTH999 is its answer to a path that it does not have."""
    site.says["GET api/api/x"] = js({"code": "AUTH999", "message": "m"}, 500)
    await exposure.expect_closed(web, Endpoint("x", "/api/x"), "u-1")


SIGN_IN = b"<!doctype html><form action='/login'><input type='password'></form>"


@pytest.mark.parametrize(
    "said",
    [
        Said(200),
        Said(204),
        js({"success": False}),
        js({}),
        Said(200, SIGN_IN, "text/html"),
        Said(200, b"ok", "text/plain"),
        Said(400, b"Bad Request", "text/plain"),
        Said(200, b'{"exists": true}', "application/json", {"age": "9"}),
    ],
)
@pytest.mark.parametrize("proof", ["", "^# HELP "])
async def test_nobody_is_accused_without_what_only_the_admitted_get(
    site: Site, web: Web, said: Said, proof: str
) -> None:
    """A status, another's page or a stored answer shows neither that it is open nor closed."""
    site.says["GET api/api/x"] = said
    with pytest.raises(CannotAsk, match="neither refuses nor shows anything"):
        await exposure.expect_closed(web, Endpoint("x", "/api/x", proof=proof), "u-1")


@pytest.mark.parametrize(
    ("said", "proof"),
    [
        (js({"exists": False}), ""),
        (js({"error": {"code": "VALIDATION_ERROR", "message": "m"}}, 400), ""),
        (Said(200, b"# HELP go_info x\n", "text/plain"), "^# HELP "),
    ],
)
async def test_what_shows_its_inside_is_open(site: Site, web: Web, said: Said, proof: str) -> None:
    """Data, a complaint in the service's own envelope, metrics."""
    site.says["GET api/api/x"] = said
    with pytest.raises(Broken, match="endpoint-exposed"):
        await exposure.expect_closed(web, Endpoint("x", "/api/x", proof=proof), "u-1")


async def test_a_map_that_nobody_serves_just_now_was_not_asked_for(site: Site, web: Web) -> None:
    """The page came, the script's map met a limit."""
    here = Endpoint("source-maps-app", "/", "sources", host="apex")
    site.says |= {"GET apex/": page(), "GET apex/assets/app.js.map": Said(429)}
    with pytest.raises(CannotAsk, match="source map"):
        await exposure.expect_closed(web, here, "u-1")


async def test_an_error_without_a_trace_is_closed(site: Site, web: Web) -> None:
    """It was provoked, and kept its inside to itself."""
    site.says["POST api/api/x"] = js({"error": {"code": "BAD_REQUEST", "message": "m"}}, 400)
    await exposure.expect_closed(web, Endpoint("x", "/api/x", "trace", "POST", body='{"'), "u-1")
