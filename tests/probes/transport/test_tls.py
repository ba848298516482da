"""A certificate is trusted, names its host, and has days left; or the finding says which it is
not.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from probes.config.environment import Target, Tls
from probes.finding import Broken, Code, NotApplicable
from probes.recording import journal
from probes.recording.recorder import Recorder, current
from probes.transport import tls
from tests.support.site import secured


async def test_the_days_that_are_left_are_counted(
    target: Target, recorder: Recorder, tmp_path: Path
) -> None:
    """And what was seen is on record."""
    ends = datetime.now(UTC) + timedelta(days=10, hours=1)
    async with secured("apex.localhost", tmp_path / "ca.pem", not_after=ends) as port:
        trusting = replace(target, tls=Tls(ca=str(tmp_path / "ca.pem")))
        assert 10 < await tls.days_left(trusting, f"https://apex.localhost:{port}") < 10.1
    exchange, note = journal.read(recorder.evidence.folder)
    assert (exchange["kind"], exchange["url"], exchange["error"]) == (
        "tls",
        f"https://apex.localhost:{port}/",
        None,
    )
    assert note["text"] == f"the certificate of apex.localhost ends {ends:%Y-%m-%d %H:%M} UTC"


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize(
    ("named", "days", "words"),
    [
        ("", 10, "certificate verification failed for apex.localhost: unable to get local"),
        (
            "api.localhost",
            10,
            "certificate verification failed for apex.localhost: Hostname mismatch",
        ),
        (
            "apex.localhost",
            -1,
            "certificate verification failed for apex.localhost: certificate has expired",
        ),
    ],
)
async def test_a_certificate_that_does_not_hold_has_a_name(
    target: Target, tmp_path: Path, named: str, days: int, words: str
) -> None:
    """Authority (unknown in the first case), host name and date are each told; the journal keeps
    the library's word.
    """
    ends = datetime.now(UTC) + timedelta(days=days)
    begins = datetime.now(UTC) - timedelta(days=30)
    ca = tmp_path / "ca.pem"
    trusted = str(ca) if named else ""
    async with secured(named or "apex.localhost", ca, not_before=begins, not_after=ends) as port:
        asking = replace(target, tls=Tls(trusted))
        with pytest.raises(Broken) as failure:
            await tls.days_left(asking, f"https://apex.localhost:{port}")
    assert failure.value.finding.code is Code.TLS_INVALID
    assert failure.value.finding.observed.startswith(words)
    assert next(journal.read(current().evidence.folder))["error"].startswith(
        "SSLCertVerificationError: "
    )


@pytest.mark.parametrize(
    ("origin", "words"),
    [("http://apex.localhost", "http://apex.localhost does"), ("", "this host does")],
)
async def test_plain_http_promises_no_certificate(target: Target, origin: str, words: str) -> None:
    """An environment may have none."""
    with pytest.raises(NotApplicable, match=f"^{words} not speak TLS in this environment$"):
        await tls.days_left(target, origin)


def test_a_certificate_is_renewed_in_time_or_degrades_the_promise() -> None:
    """The day itself is still in time."""
    assert tls.explain_expiry("cdn", 14, 14) is None
    finding = tls.explain_expiry("cdn", 13.4, 14)
    assert finding
    assert finding.code is Code.TLS_EXPIRING
    assert finding.observed == "the certificate of cdn ends in 13 days, 14 are wanted"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.example", "b.example"], "for a.example, b.example"),
        (["a.example", "b.example", "c.example", "d.example"], "c.example and 1 more"),
        ([], "for no name"),
    ],
)
def test_a_certificate_tells_whose_it_is(names: list[str], words: str) -> None:
    """That of an ingress which has none of ours bears its maker's name and its own."""
    maker = trustme.CA(organization_name="Ingress Controller", organization_unit_name="Fake")
    common = None if names else "nameless"
    leaf = maker.issue_cert(*names, common_name=common)
    shown = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    said = tls.explain_issue(shown)
    assert said.startswith("issued by OU=Fake,O=Ingress Controller for ")
    assert said.endswith(words)


async def test_a_host_that_shows_none_is_nothing_to_tell(target: Target) -> None:
    """One that refuses, or speaks no TLS."""
    async with await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await tls.describe_certificate(target, "apex.localhost", port, 3) == ""
    assert await tls.describe_certificate(target, "apex.localhost", port, 3) == ""
