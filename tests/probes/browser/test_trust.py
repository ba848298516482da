"""The browser trusts what the other clients of a run trust, and checks names as they do."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from probes.browser import nss_database, trust
from probes.browser.browser import Browser
from probes.config import environment
from probes.config.environment import Hosts, Target, Tls
from probes.finding import Broken, CannotAsk, Code
from probes.recording.recorder import Recorder
from probes.transport.connections import LoopbackNames
from tests.support.site import secured


@pytest.fixture(autouse=True)
def _authorities_are_read_again() -> Iterator[None]:
    """A run reads them once; a test changes the variables that name them."""
    environment._trusting.cache_clear()
    yield
    environment._trusting.cache_clear()


async def shown(target: Target, origin: str) -> str:
    """What a page at `origin` says, to the browser and to the run's other clients alike; the
    finding's words where they are refused. Raises AssertionError where they do not agree.
    """
    there = replace(target, hosts=Hosts(origin, origin))
    browser = Browser(there)
    try:
        async with browser.visit("/") as visit:
            seen = await visit.page.text_content("p") or ""
    except Broken as refused:
        seen = f"{refused.finding.code}: {refused.finding.observed}"
    finally:
        await browser.close()
    async with httpx.AsyncClient(transport=LoopbackNames(there.trust), trust_env=False) as client:
        try:
            assert (await client.get(origin)).text in f"<p>{seen}"
        except httpx.ConnectError:
            assert seen != "hello"
    return seen


@pytest.mark.parametrize("by", ["ca", "SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_a_bundle_with_another_authority_first_is_trusted(
    by: str, target: Target, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named in the environment file, or by OpenSSL's own variables; the server does not send its
    root.
    """
    folder = tmp_path / "authorities"
    folder.mkdir()
    ca = folder / "company.crt"
    async with secured("apex.localhost", ca, body=b"<p>hello") as port:
        other = trustme.CA().cert_pem.bytes()
        ca.write_bytes(other + ca.read_bytes())
        if by == "ca":
            target = replace(target, tls=Tls(str(ca)))
        else:
            place = ca if by == "SSL_CERT_FILE" else folder
            monkeypatch.setenv(by, str(place))
        assert [
            authority
            for authority in trust.own_authorities(target)
            if ssl.DER_cert_to_PEM_cert(authority).encode().strip() == other.strip()
        ]
        assert await shown(target, f"https://apex.localhost:{port}") == "hello"


async def test_a_name_is_checked_though_the_authority_is_trusted(
    target: Target, recorder: Recorder, tmp_path: Path
) -> None:
    """An authority that is trusted vouches for the names in its certificates, and no others."""
    ca = tmp_path / "ca.pem"
    async with secured("other.localhost", ca, body=b"<p>hello") as port:
        trusting = replace(target, tls=Tls(str(ca)))
        seen = await shown(trusting, f"https://apex.localhost:{port}")
    assert seen.startswith(Code.TLS_INVALID)


def test_a_home_is_left_alone_where_there_is_nothing_to_add(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public authorities, which Chromium knows, are nothing to add."""
    monkeypatch.setattr(trust, "_ADDED", ())
    environ = {"HOME": "/home/somebody", "SSL_CERT_FILE": DEFAULT_CA_BUNDLE_PATH}
    assert trust.home(target, tmp_path, environ) == environ
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_nss_is_told_what_to_install(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no fault of the target's that a browser here cannot be told whom to trust."""
    ca = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(ca)
    monkeypatch.setattr(trust, "_MODULE", "tests.support.no_nss")
    with pytest.raises(CannotAsk, match=r"authorities: .*install libnss3"):
        trust.home(replace(target, tls=Tls(str(ca))), tmp_path / "home")
    assert nss_database.LIBRARY == "libnss3.so"


async def test_a_proxy_of_the_machine_is_not_asked(
    target: Target, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page comes from the target, as everything else of a run."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "elsewhere.invalid")
    ca = tmp_path / "ca.pem"
    async with secured("127.0.0.1", ca, body=b"<p>hello") as port:
        trusting = replace(target, tls=Tls(str(ca)))
        assert await shown(trusting, f"https://127.0.0.1:{port}") == "hello"
