"""The app's static pages load whole, deep links open the app, and http leads to https."""

from dataclasses import replace

import pytest

from probes.config.environment import Target
from probes.finding import Broken, Code
from probes.services import static_site
from probes.transport.http import Web
from tests.support.site import NOWHERE, Said, Site, page

INDEX = b"""<!doctype html><html><head>
<script type="module" crossorigin src="/assets/index-abc.js"></script>
<link rel="stylesheet" crossorigin href='/assets/index-abc.css'>
<link rel="icon" href="/favicon.ico"><script src="/config.js"></script>
</head><body><div id="root"></div></body></html>"""
SCRIPT = Said(200, b"1", "application/javascript")


@pytest.fixture
def app(site: Site) -> Site:
    """An app that loads whole."""
    site.says = {
        "GET apex/": Said(200, INDEX, "text/html; charset=utf-8"),
        "GET apex/assets/index-abc.js": Said(200, b"1", "text/javascript; charset=utf-8"),
        "GET apex/assets/index-abc.css": Said(200, b"a{}", "text/css"),
        "GET apex/config.js": SCRIPT,
    }
    return site


async def test_the_shell_and_all_that_it_names_are_fetched(
    app: Site, web: Web, target: Target
) -> None:
    """Each once, as a browser does: without a header of ours."""
    await static_site.expect_assets(web, target)
    paths = [asked.path for asked in app.asked]
    assert paths[0] == "/"
    assert sorted(paths[1:]) == ["/assets/index-abc.css", "/assets/index-abc.js", "/config.js"]
    assert not any("traceparent" in asked.headers for asked in app.asked)


async def test_config_js_is_asked_for_even_if_nothing_names_it(
    app: Site, web: Web, target: Target
) -> None:
    """Without it the app asks the wrong hosts (contract 1.3)."""
    app.says["GET apex/"] = Said(
        200, INDEX.replace(b'<script src="/config.js"></script>', b""), "text/html"
    )
    app.says["GET apex/config.js"] = page()
    with pytest.raises(
        Broken, match=r"/config\.js answered 200 text/html where text/javascript was promised"
    ):
        await static_site.expect_assets(web, target)


async def test_what_a_comment_names_is_no_setting(app: Site, web: Web) -> None:
    """The app's own config.js explains in comments what a developer would set."""
    explained = b'// local: API_BASE_URL = "http://localhost"\nwindow.__ENV__ = {\n'
    explained += b'  // or http://localhost:8080\n  API_BASE_URL: "" /* http://127.0.0.1 */\n};\n'
    app.says["GET apex/config.js"] = replace(SCRIPT, body=explained)
    await static_site.expect_assets(web, web.target)


@pytest.mark.parametrize(
    ("path", "said", "words"),
    [
        (
            "/",
            Said(503),
            "GET apex.localhost/ answered 503 no type where the app's page was promised",
        ),
        ("/", page(404), "answered 404 text/html where the app's page was promised"),
        (
            "/",
            Said(200, b'<div id="root">', "text/plain"),
            "answered 200 text/plain where the app's page was promised",
        ),
        (
            "/",
            Said(200, b"<html>hello", "text/html"),
            "answered 200 text/html where the app's page was promised",
        ),
        (
            "/",
            Said(200, b'<div id="root">', "text/html"),
            "answered 200 text/html, and it names no script",
        ),
        (
            "/assets/index-abc.js",
            page(),
            "index-abc.js answered 200 text/html where text/javascript was promised",
        ),
        (
            "/assets/index-abc.js",
            replace(SCRIPT, status=404),
            "answered 404 application/javascript where text/javasc",
        ),
        (
            "/assets/index-abc.css",
            SCRIPT,
            "answered 200 application/javascript where text/css was promised",
        ),
        ("/assets/index-abc.js", replace(SCRIPT, body=b" \n"), "and it is empty"),
        ("/assets/index-abc.css", Said(200, b"", "text/css"), "and it is empty"),
        ("/assets/index-abc.js", replace(SCRIPT, body=INDEX), "and it is a page of HTML"),
        (
            "/config.js",
            replace(SCRIPT, body=b'{API_BASE_URL: "http://localhost:8080"}'),
            "and it names http://localhost:8080",
        ),
        (
            "/config.js",
            replace(SCRIPT, body=b'{API_DOMAIN: "http://board-service.wealist.svc/api"}'),
            "and it names http://board-service.wealist.svc/api",
        ),
        ("/config.js", replace(SCRIPT, body=b'{A: "${API_URL}"}'), "and it names ${API_URL}"),
        (
            "/config.js",
            NOWHERE,
            "config.js answered 404 text/plain where text/javascript was promised",
        ),
    ],
)
async def test_whatever_does_not_load_is_named(
    app: Site, web: Web, path: str, said: Said, words: str
) -> None:
    """A page for a script is what the fallback makes of a missing file."""
    app.says[f"GET apex{path}"] = said
    with pytest.raises(Broken) as failure:
        await static_site.expect_assets(web, web.target)
    assert failure.value.finding.code is Code.ASSET_BROKEN
    assert words in failure.value.finding.observed


async def test_a_deep_link_opens_the_app(site: Site, web: Web, target: Target) -> None:
    """The page answers for every path of the app."""
    site.says["GET apex/workspace/w-1/storage"] = page()
    await static_site.expect_deep_link(web, target, "/workspace/w-1/storage")
    with pytest.raises(Broken) as failure:
        await static_site.expect_deep_link(web, target, "/elsewhere")
    assert failure.value.finding.code is Code.ASSET_BROKEN


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_http_leads_to_https(site: Site, web: Web, target: Target, status: int) -> None:
    """By any redirect."""
    site.says["GET plain/"] = Said(status, headers={"location": target.hosts.apex + "/"})
    await static_site.expect_https_redirect(web, target)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (page(), "answered 200 text/html with 74 bytes instead of leading to "),
        (
            Said(301, headers={"location": "http://apex.localhost/"}),
            "no type to http://apex.localhost/ instead of ",
        ),
        (Said(304), "answered 304 no type with 0 bytes instead of leading to "),
    ],
)
async def test_http_that_leads_elsewhere_has_a_name(
    site: Site, web: Web, target: Target, said: Said, words: str
) -> None:
    """A page over http is the app without encryption."""
    site.says["GET plain/"] = said
    with pytest.raises(Broken) as failure:
        await static_site.expect_https_redirect(web, target)
    assert failure.value.finding.code is Code.HTTP_NOT_REDIRECTED
    assert words in failure.value.finding.observed
    assert failure.value.finding.observed.endswith(target.hosts.apex)


async def test_a_page_that_names_a_location_leads_nowhere(
    site: Site, web: Web, target: Target
) -> None:
    """A browser follows redirects only."""
    site.says["GET plain/"] = Said(200, headers={"location": target.hosts.apex + "/"})
    with pytest.raises(Broken, match="http-not-redirected"):
        await static_site.expect_https_redirect(web, target)


async def test_a_host_that_only_begins_like_the_apex_is_another(
    site: Site, web: Web, target: Target
) -> None:
    """Anybody can own wealist.co.kr.evil."""
    elsewhere = replace(target, hosts=replace(target.hosts, apex="https://wealist.co.kr"))
    site.says["GET plain/"] = Said(301, headers={"location": "https://wealist.co.kr.evil/"})
    with pytest.raises(Broken, match="http-not-redirected"):
        await static_site.expect_https_redirect(web, elsewhere)
    site.says["GET plain/"] = Said(301, headers={"location": "https://wealist.co.kr"})
    await static_site.expect_https_redirect(web, elsewhere)
