"""A browser trace without secrets: a real one, and those that cannot be scrubbed."""

import json
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Browser

from probes.recording import playwright_trace, secret_labels
from probes.recording.redactor import Redactor
from tests.support import planted
from tests.support.artifacts import leaks
from tests.support.site import Said, Site, js

MINTED, KNOWN = planted.token(), "wJalr/Xu+tnFEMI=known"
# As a service hands them out; "cookie" is set by the page's own answer.
OPAQUE = {
    "accessToken": "0paque-in/query+1",
    "apiKey": "0paque-in-header-2",
    "password": "0paque in request 3",
    "refreshToken": "0paque-in-fragment-4",
    "secret": "0paque-typed-5",
    "cookie": "0paque-in-cookie-6",
}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)
PAGE = """<!doctype html><title>asking</title><img src="/pixel.png"><input type="password"><script>
async function ask(known) {
  const given = await (await fetch('/given')).json()
  localStorage.setItem('accessToken', given.token)
  const query = 'token=' + encodeURIComponent(given.accessToken) + '&s=' + encodeURIComponent(known)
  const reply = await fetch('/api?' + query, {
    method: 'POST',
    headers: {Authorization: 'Bearer ' + given.token, 'x-internal-api-key': given.apiKey},
    body: JSON.stringify({password: given.password, note: btoa('user:' + known)})})
  console.log('invalid token: ' + given.token + ', error', {token: given.accessToken},
    btoa(known), await reply.text())
  history.replaceState({}, '', '#refresh_token=' + given.refreshToken)
  document.querySelector('input').value = given.secret
  document.title = 'asked'
}
</script>"""


async def record(browser: Browser, site: Site, archive: Path, *, sources: bool) -> None:
    """A trace of a page that gets, sends, logs, stores and shows secrets."""
    cookie = {"set-cookie": f"sid={OPAQUE['cookie']}; Path=/"}
    site.says |= {
        "GET apex/": Said(body=PAGE.encode(), kind="text/html", headers=cookie),
        "GET apex/pixel.png": Said(body=PIXEL, kind="image/png"),
        "GET apex/given": js({"token": MINTED, **OPAQUE}),
        "POST apex/api": js({"message": f"invalid token: {MINTED}"}, 401),
    }
    context = await browser.new_context()
    await context.tracing.start(screenshots=True, snapshots=True, sources=sources)
    page = await context.new_page()
    await page.goto(f"{site.origin('apex')}/")
    await page.evaluate("known => ask(known)", KNOWN)
    await page.title()  # a last snapshot, of the field that was filled
    await context.tracing.stop(path=archive)
    await context.close()


async def test_a_real_trace_keeps_its_form_and_loses_its_secrets(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    """Headers, cookies, queries, bodies, console, storage, fields: searched raw, percent-encoded
    and in base64.
    """
    archive, redactor, secrets = (
        tmp_path / "trace.zip",
        Redactor(),
        (MINTED, KNOWN, *OPAQUE.values()),
    )
    for secret in secrets:
        redactor.remember(secret)
    await record(browser, site, archive, sources=True)
    assert {*secrets} <= {spelling for _, spelling in leaks(archive, *secrets)}, (
        "the trace shows them all"
    )
    with zipfile.ZipFile(archive) as opened:
        before = {name: opened.read(name) for name in opened.namelist()}

    playwright_trace.redact_trace(archive, redactor)

    assert leaks(archive, *secrets) == []
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == list(before)
        after = {name: opened.read(name) for name in opened.namelist()}
    for name in ("trace.trace", "trace.network"):
        assert [kinds(line) for line in after[name].split(b"\n")] == [
            kinds(line) for line in before[name].split(b"\n")
        ]
    pictures = [name for name in before if name.endswith((".png", ".jpeg"))]
    assert PIXEL in [after[name] for name in pictures]
    assert [name for name in pictures if after[name] != before[name]] == []
    assert secret_labels.token(MINTED).encode() in after["trace.network"] + after["trace.trace"]


def kinds(line: bytes) -> object:
    """What a line of JSON says it is, and which keys it has."""
    said = json.loads(line) if line else {}
    return said.get("type"), list(said), list(said.get("snapshot", {}))


async def test_what_nobody_remembered_goes_by_its_name(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    """A token that a service minted for the page is known to nobody but the rules."""
    archive = tmp_path / "trace.zip"
    await record(browser, site, archive, sources=False)
    playwright_trace.redact_trace(archive, Redactor())
    assert leaks(archive, MINTED, *OPAQUE.values()) == []


def archive_of(path: Path, users: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        for name, data in users.items():
            opened.writestr(name, data)
    return path


def scrubbed(
    path: Path, users: dict[str, bytes], redactor: Redactor | None = None
) -> dict[str, bytes]:
    playwright_trace.redact_trace(archive_of(path, users), redactor or Redactor())
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_members_that_are_no_json_are_scrubbed_as_text(tmp_path: Path) -> None:
    """Torn lines, pages, and bytes that are not UTF-8 keep everything else."""
    shown = scrubbed(
        tmp_path / "t.zip",
        {
            "trace.trace": b'{"a":1}\n{"token":"hunT3r"\n\xff token=hunT3r \xfe\n',
            "resources/a.html": b"<p>token=hunT3r</p>",
            "resources/b.dat": b"\0\xfftoken=hunT3r \xfe",
            "resources/c.json": b'{"lone":"\\ud800","token":"hunT3r"}',
        },
    )
    assert b"hunT3r" not in b"".join(shown.values())
    assert shown["trace.trace"].startswith(b'{"a": 1}\n{"token":"<token #')
    assert shown["trace.trace"].endswith(b" \xfe\n")
    assert shown["resources/b.dat"].startswith(b"\0\xfftoken=<token #")
    assert shown["resources/b.dat"].endswith(b" \xfe")
    assert json.loads(shown["resources/c.json"])["lone"] == "\ud800"


def test_a_picture_is_kept_and_a_text_that_says_it_is_one_is_not(tmp_path: Path) -> None:
    """A service that answers an error as image/png is read all the same."""
    shown = scrubbed(tmp_path / "t.zip", {"a.png": PIXEL, "b.png": b'{"token":"hunT3r"}'})
    assert shown["a.png"] == PIXEL
    assert b"hunT3r" not in shown["b.png"]


def test_a_name_that_holds_a_secret_is_changed(tmp_path: Path) -> None:
    """A resource may be called by the end of its address."""
    redactor = Redactor()
    redactor.remember(KNOWN)
    shown = scrubbed(
        tmp_path / "t.zip", {f"resources/{KNOWN}.txt": b"", "resources/a@b 1.txt": b""}, redactor
    )
    changed, kept = shown
    assert KNOWN not in changed
    assert changed.startswith("resources/-secret-")
    assert changed.endswith("-.txt")
    assert kept == "resources/a@b 1.txt"


@pytest.mark.parametrize("spoil", ["no zip", "empty", "altered", "half"])
def test_an_archive_that_cannot_be_scrubbed_is_deleted(tmp_path: Path, spoil: str) -> None:
    """A lost trace is better than a leaked secret; the error says so in one sentence."""
    archive = archive_of(tmp_path / "trace.zip", {"a.txt": b"token=hunT3r" * 99})
    whole = archive.read_bytes()
    spoiled = {
        "no zip": b"no zip",
        "empty": b"",
        "altered": whole.replace(b"hunT3r", b"HUNt3R"),
        "half": whole[:300],
    }
    archive.write_bytes(spoiled[spoil])
    with pytest.raises(
        ValueError, match=r"^the browser trace could not be scrubbed and was deleted: .+$"
    ):
        playwright_trace.redact_trace(archive, Redactor())
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_was_never_written_is_said_to_be_lost(tmp_path: Path) -> None:
    """The browser died before it could write one."""
    with pytest.raises(ValueError, match=r"could not be scrubbed"):
        playwright_trace.redact_trace(tmp_path / "trace.zip", Redactor())
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_scrub_leaves_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGINT in the middle: what is half done was not scrubbed."""

    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(Redactor, "document", interrupt)
    with pytest.raises(KeyboardInterrupt):
        playwright_trace.redact_trace(
            archive_of(tmp_path / "trace.zip", {"a.txt": b"x"}), Redactor()
        )
    assert list(tmp_path.iterdir()) == []
